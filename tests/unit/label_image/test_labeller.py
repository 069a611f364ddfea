"""What is asked, written and told of one object, and what is done when a step is refused."""

from __future__ import annotations

import pytest

from functions.label_image.errors import (
    ImageRefusedError,
    NotAcceptedError,
    VerdictPendingError,
)
from functions.label_image.finding import Outcome, Sent
from functions.label_image.formats import HEAD_BYTES, Format
from functions.label_image.reasons import Reason
from functions.label_image.report import Tagging
from local import pictures
from tests.unit.label_image.fakes import (
    REF,
    SMALL,
    FakeDecoder,
    FakeObjects,
    FakeRekognition,
    Scene,
)
from tidegate.errors import (
    AccessDeniedError,
    CustomerKeyError,
    MisconfiguredError,
    ObjectArchivedError,
    ObjectError,
    ObjectMissingError,
    ObjectReplacedError,
    PermanentError,
    TransientError,
)
from tidegate.objectref import ObjectRef


def test_photograph_is_labelled_by_reference() -> None:
    """Nothing is read but its ends; tag, sidecar and event are written."""
    scene = Scene()
    report = scene.run()

    assert report.finding.outcome is Outcome.LABELLED
    assert scene.rekognition.references == [REF]
    assert scene.objects.calls == ["head", "open_range"]
    assert scene.tagger.texts == ["Boat:Sea"]
    assert [name for name, _ in scene.bus.events] == ["Image Labelled"]
    (document,) = scene.sidecars.documents.values()
    assert document["answer"]["detectLabels"]["LabelModelVersion"] == "3.0"


def test_reference_tells_the_size_as_it_is_seen() -> None:
    """Boxes are shares of the upright image."""
    scene = Scene(FakeObjects(pictures.photograph(orientation=6)))
    image = scene.run().finding.image

    assert image is not None
    assert (image.width, image.height, image.sent) == (400, 640, Sent.REFERENCE)


@pytest.mark.parametrize(
    ("content", "image_format"),
    [
        (pictures.encoded(pictures.drawing(), "WEBP"), Format.WEBP),
        (pictures.encoded(pictures.drawing(mode="CMYK"), "JPEG"), Format.JPEG),
        (pictures.encoded(pictures.drawing(10_001, 80), "PNG"), Format.PNG),
        (pictures.photograph()[:-40], Format.JPEG),
    ],
    ids=["WebP", "CMYK", "too wide", "cut"],
)
def test_what_rekognition_would_not_take_is_decoded(content: bytes, image_format: Format) -> None:
    """A copy is sent in its place, and told to be one."""
    scene = Scene(FakeObjects(content))
    report = scene.run()

    assert scene.decoder.formats == [image_format]
    assert scene.rekognition.references == []
    assert scene.rekognition.contents == [SMALL.content]
    assert report.finding.image is not None
    assert report.finding.image.sent is Sent.BYTES


def test_object_without_version_is_read_here_by_its_etag() -> None:
    """A reference by name might show Rekognition another object."""
    scene = Scene(FakeObjects(version_id=None))
    scene.run(ObjectRef("uploads", "in/boat.jpg", None, "etag-1"))

    assert scene.rekognition.references == []
    assert scene.objects.calls == ["head", "open_range", "open"]


def test_version_that_can_be_overwritten_is_read_here() -> None:
    """Where versioning is suspended, "null" names whatever lies there."""
    scene = Scene(FakeObjects(version_id="null"))
    scene.run()

    assert scene.rekognition.references == []


def test_large_jpeg_is_decoded_after_a_look_at_its_end() -> None:
    """Over 15 MB nothing is sent by reference."""
    content = pictures.photograph()
    padded = content[:-2] + bytes(15_000_001 - len(content)) + content[-2:]
    scene = Scene(FakeObjects(padded), max_source_bytes=20_000_000)
    scene.run()

    assert len(padded) > HEAD_BYTES
    assert scene.objects.calls == ["head", "open_range", "open_range", "open"]
    assert scene.decoder.formats == [Format.JPEG]


def test_reference_that_is_refused_is_decoded_instead() -> None:
    """Looks can deceive: what Rekognition does not take as it is gets a second chance."""
    scene = Scene(rekognition=FakeRekognition(refuses_reference=NotAcceptedError("format")))
    report = scene.run()

    assert report.finding.outcome is Outcome.LABELLED
    assert scene.rekognition.contents == [SMALL.content]


@pytest.mark.parametrize(
    ("scene", "reason"),
    [
        (
            Scene(
                FakeObjects(pictures.animation()),
                decoder=FakeDecoder(ImageRefusedError(Reason.BROKEN, "cut")),
            ),
            Reason.BROKEN,
        ),
        (Scene(FakeObjects(pictures.animation()), max_source_bytes=10), Reason.TOO_MANY_BYTES),
        (
            Scene(FakeObjects(pictures.encoded(pictures.drawing(1, 1), "PNG"))),
            Reason.TOO_SMALL,
        ),
        (
            Scene(FakeObjects(pictures.encoded(pictures.drawing(), "AVIF"))),
            Reason.UNSUPPORTED_FORMAT,
        ),
        (
            Scene(
                FakeObjects(pictures.animation()),
                FakeRekognition(refuses_bytes=NotAcceptedError("format")),
            ),
            Reason.REFUSED_BY_REKOGNITION,
        ),
    ],
    ids=lambda value: value.value if isinstance(value, Reason) else "",
)
def test_image_that_cannot_be_labelled_gets_a_recorded_reason(scene: Scene, reason: Reason) -> None:
    """The message is done with; sidecar and event say why; no tag is written."""
    report = scene.run()

    assert (report.finding.outcome, report.finding.reason) == (Outcome.REFUSED, reason)
    assert scene.tagger.texts == [""]
    ((name, detail),) = scene.bus.events
    assert (name, detail["labelling"]["reason"]) == ("Image Not Labelled", reason.value)
    (document,) = scene.sidecars.documents.values()
    assert document["finding"]["reason"] == reason.value


def test_too_many_bytes_are_not_read() -> None:
    """The size is known before."""
    scene = Scene(FakeObjects(pictures.animation()), max_source_bytes=10)
    scene.run()

    assert "open" not in scene.objects.calls


@pytest.mark.parametrize("content", [b"", b"hello", b"%PDF-1.4"])
def test_what_is_no_image_is_passed_over_quietly(content: bytes) -> None:
    """No tag, no sidecar, no event, and nobody is asked."""
    scene = Scene(FakeObjects(content))
    report = scene.run()

    assert report.finding.outcome is Outcome.NOT_AN_IMAGE
    assert (scene.tagger.texts, scene.bus.events, scene.sidecars.documents) == ([], [], {})
    assert scene.rekognition.references == []


@pytest.mark.parametrize("error", [ObjectMissingError("404"), ObjectReplacedError("412")])
@pytest.mark.parametrize("call", ["head", "open_range", "open", "tag"])
def test_object_that_is_gone_is_done_with(call: str, error: ObjectError) -> None:
    """Deleted or overwritten at any step: nobody is told anything of it."""
    scene = Scene(FakeObjects(pictures.animation()))
    if call == "tag":
        scene.tagger.refusal = error
    else:
        scene.objects.refusals[call] = error

    assert scene.run().finding.outcome is Outcome.GONE
    assert scene.bus.events == []
    assert len(scene.tagger.settled) == isinstance(error, ObjectReplacedError)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (AccessDeniedError("403"), Reason.ACCESS_DENIED),
        (ObjectArchivedError("GLACIER"), Reason.ARCHIVED),
        (CustomerKeyError("SSE-C"), Reason.CUSTOMER_KEY),
    ],
)
def test_object_that_cannot_be_read_gets_a_recorded_reason(
    error: ObjectError, reason: Reason
) -> None:
    """And when it can be read, the next message labels it."""
    scene = Scene(FakeObjects(refusals={"head": error}))
    assert scene.run().finding.reason is reason
    assert len(scene.sidecars.documents) == 1

    scene.objects.refusals.clear()
    assert scene.run().finding.outcome is Outcome.LABELLED


def test_labels_outlast_a_time_in_which_the_object_cannot_be_read() -> None:
    """They were paid for, and hold as long as the content does."""
    scene = Scene()
    scene.run()
    scene.once.results.clear()
    scene.objects.refusals["head"] = AccessDeniedError("403")
    assert scene.run().finding.reason is Reason.ACCESS_DENIED
    (document,) = scene.sidecars.documents.values()
    assert document["finding"]["outcome"] == "LABELLED"

    scene.objects.refusals.clear()
    assert scene.run().finding.outcome is Outcome.LABELLED
    assert len(scene.rekognition.references) == 1


@pytest.mark.parametrize("error", [TransientError("throttled"), MisconfiguredError("no right")])
def test_trouble_of_the_service_goes_back_to_the_queue(error: Exception) -> None:
    """Nothing is written or told until a later try knows more."""
    scene = Scene(rekognition=FakeRekognition(refuses_reference=error))

    with pytest.raises(type(error)):
        scene.run()
    assert (scene.tagger.texts, scene.bus.events, scene.sidecars.documents) == ([], [], {})


def test_other_permanent_error_is_raised() -> None:
    """A request that no other form of the image would cure goes to the dead letters."""
    scene = Scene(rekognition=FakeRekognition(refuses_reference=PermanentError("not ready")))

    with pytest.raises(PermanentError):
        scene.run()


def test_stream_that_ends_early_is_retried() -> None:
    """Half an object is never decoded as if it were whole."""
    scene = Scene(FakeObjects(pictures.animation(), cut_short=1))

    with pytest.raises(TransientError, match="broke off"):
        scene.run()


def test_second_message_asks_nobody_and_tells_nobody() -> None:
    """The first one's answer is returned; only the tag is looked after."""
    scene = Scene()
    first = scene.run()
    second = scene.run()

    assert (first.repeated, second.repeated) == (False, True)
    assert second.finding == first.finding
    assert len(scene.rekognition.references) == len(scene.bus.events) == 1
    assert scene.tagger.texts == ["Boat:Sea", "Boat:Sea"]


def test_forgotten_image_is_known_by_its_sidecar() -> None:
    """After days, or a crash, nobody is paid again for the same version."""
    scene = Scene()
    scene.run()
    scene.once.results.clear()

    assert scene.run().finding.outcome is Outcome.LABELLED
    assert len(scene.rekognition.references) == 1
    assert len(scene.bus.events) == 2


@pytest.mark.parametrize("who", ["tagger", "bus"])
def test_refused_step_is_made_up_for_by_the_retry(who: str) -> None:
    """What was seen is not asked again; what was not written is."""
    scene = Scene()
    getattr(scene, who).refusal = TransientError("throttled")
    with pytest.raises(TransientError):
        scene.run()

    assert scene.run().tagging is Tagging.WRITTEN
    assert len(scene.rekognition.references) == len(scene.bus.events) == 1


def test_tags_that_may_not_be_written_are_told() -> None:
    """The labels are in event and sidecar; the event says that they are not on the object."""
    scene = Scene()
    scene.tagger.refusal = AccessDeniedError("policy")

    assert scene.run().tagging is Tagging.NOT_WRITTEN
    assert scene.bus.events[0][1]["labelling"]["tagging"] == "NOT_WRITTEN"


def test_verdict_that_is_not_settled_is_waited_for_until_the_last_try() -> None:
    """Then the labels are told without the tag, instead of being a dead letter."""
    scene = Scene()
    scene.tagger.refusal = VerdictPendingError("pending")
    with pytest.raises(VerdictPendingError):
        scene.run()
    scene.tagger.refusal = VerdictPendingError("pending")

    report = scene.run(is_last_try=True)

    assert (report.finding.outcome, report.tagging) == (Outcome.LABELLED, Tagging.NOT_WRITTEN)
