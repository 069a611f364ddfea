"""What is reported, raised and told when a step is refused."""

from __future__ import annotations

import pytest

from functions.quarantine_object.report import Outcome
from tests.unit.quarantine_object.fakes import REF, FakeCopies, Scene, scan_result, stored
from tidegate.errors import (
    AccessDeniedError,
    CopyMismatchError,
    CustomerKeyError,
    MisconfiguredError,
    ObjectArchivedError,
    ObjectReplacedError,
    PermanentError,
    TransientError,
)


def test_all_steps_allowed_moves_and_tells() -> None:
    """The pinned version is removed, one alert and one event go out, the ledger has it all."""
    scene = Scene()
    report = scene.run()
    assert report.outcome is Outcome.QUARANTINED
    assert scene.originals.removed == [REF]
    assert [event for event, _ in scene.bus.events] == ["Object Quarantined"]
    entry = scene.ledger.entries["quarantine"]
    assert entry["outcome"] == "QUARANTINED"
    assert entry.keys() >= {"alertedAt", "publishedAt", "copy"}


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("look", AccessDeniedError("403")),
        ("look", CustomerKeyError("SSE-C")),
        ("ensure", ObjectArchivedError("GLACIER")),
        ("ensure", AccessDeniedError("KMS")),
        ("ensure", PermanentError("InvalidRequest")),
    ],
)
def test_object_that_cannot_be_copied_is_left_blocked_and_told(step: str, error: Exception) -> None:
    """Nothing is removed, the message is done with, and an alert gives the reason."""
    scene = Scene(copies=FakeCopies(refusals={step: error}))
    report = scene.run()
    assert (report.outcome, report.reason) == (Outcome.LEFT_BLOCKED, str(error))
    assert scene.originals.removed == []
    assert len(scene.alerts.reports) == 1
    assert scene.bus.events[0][0] == "Object Not Quarantined"


def test_locked_original_is_left_blocked_with_its_copy() -> None:
    """Object Lock refuses the deletion: the copy stays, and so does the original."""
    scene = Scene(removal_refusal=AccessDeniedError("protected by object lock"))
    report = scene.run()
    assert report.outcome is Outcome.LEFT_BLOCKED
    assert report.copy is not None
    assert scene.copies.original is not None


def test_left_blocked_again_is_not_told_again() -> None:
    """A duplicate message about a locked object alerts nobody a second time."""
    scene = Scene(removal_refusal=AccessDeniedError("protected by object lock"))
    scene.run()
    scene.run()
    assert len(scene.alerts.reports) == 1


def test_original_replaced_between_copy_and_deletion_counts_as_quarantined() -> None:
    """The infected content exists in quarantine alone, and the newcomer is left."""
    scene = Scene(removal_refusal=ObjectReplacedError("412"))
    report = scene.run()
    assert (report.outcome, report.reason) == (Outcome.QUARANTINED, "412")


def test_original_gone_and_no_copy_is_gone() -> None:
    """Somebody else deleted it first: told, not retried."""
    scene = Scene(copies=FakeCopies(original=None))
    assert scene.run().outcome is Outcome.GONE
    assert len(scene.alerts.reports) == 1


@pytest.mark.parametrize("error", [TransientError("503"), MisconfiguredError("no bucket")])
@pytest.mark.parametrize("step", ["look", "ensure"])
def test_trouble_of_the_system_is_raised_for_a_retry(step: str, error: Exception) -> None:
    """Nothing is told or removed until a later try knows more."""
    scene = Scene(copies=FakeCopies(refusals={step: error}))
    with pytest.raises(type(error)):
        scene.run()
    assert scene.originals.removed == []
    assert scene.alerts.reports == []


def test_copy_that_differs_keeps_the_original() -> None:
    """An unproven copy never costs the original."""
    scene = Scene(copies=FakeCopies(refusals={"ensure": CopyMismatchError("SHA256 differs")}))
    with pytest.raises(CopyMismatchError):
        scene.run()
    assert scene.originals.removed == []


def test_gone_original_whose_copy_differs_from_the_verdict_is_not_called_quarantined() -> None:
    """A copy that is not what was scanned is no proof that the object is safe."""
    scene = Scene(copies=FakeCopies(original=None, copy=stored(size_bytes=1)))
    with pytest.raises(CopyMismatchError):
        scene.run()


@pytest.mark.parametrize("who", ["alerts", "bus"])
def test_refused_telling_is_made_up_for_by_the_retry(who: str) -> None:
    """The object is moved already; the retry only tells, and only what is untold."""
    scene = Scene()
    getattr(scene, who).refusal = TransientError("throttled")
    with pytest.raises(TransientError):
        scene.run()
    assert scene.run().outcome is Outcome.QUARANTINED
    assert len(scene.originals.removed) == 1
    assert len(scene.alerts.reports) == 1
    assert len(scene.bus.events) == 1


def test_entry_of_other_content_does_not_silence_the_alert() -> None:
    """What the ledger tells of an earlier content under the name says nothing of this one."""
    scene = Scene(copies=FakeCopies(original=None))
    scene.ledger.entries["quarantine"] = {
        "outcome": "GONE",
        "etag": "another",
        "alertedAt": "x",
        "publishedAt": "x",
    }
    scene.run()
    assert len(scene.alerts.reports) == 1


def test_record_is_kept_in_a_class_without_minimum_size() -> None:
    """The record is small: the archive classes would bill it as 128 KB."""
    scene = Scene()
    scene.run()
    assert [place.storage_class for place in scene.records.places] == ["STANDARD"]


def test_giving_up_tells_people_only() -> None:
    """After the last try the alert says that the object is still where it was."""
    scene = Scene()
    report = scene.quarantine.give_up(scan_result(), TransientError("503 for an hour"))
    assert report.outcome is Outcome.UNFINISHED
    assert scene.alerts.reports == [report]
    assert scene.bus.events == []
