"""The steps of one log, what stops them, and what a repeat finds."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import Any

import pytest

from functions.compress_log.admission import Trigger
from functions.compress_log.log import Log
from functions.compress_log.report import Outcome
from functions.compress_log.upload import CopyPresentError
from tests.unit.compress_log.fakes import CONTENT, REF, SHA256, Scene
from tidegate.errors import (
    AccessDeniedError,
    CopyMismatchError,
    CustomerKeyError,
    MalformedEventError,
    MisconfiguredError,
    ObjectMissingError,
    ObjectReplacedError,
    TransientError,
)
from tidegate.objectref import ObjectRef


def assert_untouched(scene: Scene) -> None:
    """The original is there, the archive is empty."""
    assert scene.bucket.removed == []
    assert REF.key in scene.bucket.present
    assert scene.copies == []


def test_log_is_archived_and_its_original_deleted() -> None:
    """The copy unpacks to the log, says where it is from, and only then the version goes."""
    scene = Scene()
    report = scene.run(SHA256)

    assert report.outcome is Outcome.ARCHIVED
    assert scene.bucket.removed == [REF]
    (copy,) = scene.copies
    assert gzip.decompress(scene.objects.contents[copy.ref.key]) == CONTENT
    assert copy.metadata["tidegate-sha256"] == SHA256
    assert scene.objects.tagged[copy.ref.key] == {"scan-status": "NO_THREATS_FOUND", "team": "a"}
    assert report.copy is not None
    assert report.copy.partition == "year=2026/month=11/day=25"
    assert report.copy.ratio > 50


def test_what_was_done_is_told_and_entered() -> None:
    """One event with sizes, ratio and partition; the ledger knows the copy before the deletion."""
    scene = Scene()
    scene.run(SHA256)

    ((detail_type, detail),) = scene.bus.events
    assert detail_type == "Log Compressed"
    assert detail["archive"]["outcome"] == "ARCHIVED"
    assert detail["archive"]["copy"]["bytes"] == len(CONTENT)
    assert detail["archive"]["copy"]["ratio"] > 50
    assert detail["correlationId"] == "corr-1"
    before, after = scene.ledger.written
    assert (before["outcome"], after["outcome"]) == ("COPIED", "ARCHIVED")
    assert before["copy"] == after["copy"]
    assert "publishedAt" in after
    assert after["original"]["metadata"] == {"a": "b"}


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        (b"", Outcome.EMPTY),
        (b"x", Outcome.WOULD_GROW),
        (gzip.compress(CONTENT), Outcome.ALREADY_COMPRESSED),
    ],
)
def test_log_that_gains_nothing_is_left_and_told(content: bytes, outcome: Outcome) -> None:
    """Empty, tiny or compressed already: recorded, told once, and left as it is."""
    scene = Scene(content)

    assert scene.run().outcome is outcome
    assert scene.run().outcome is outcome
    assert_untouched(scene)
    assert [kind for kind, _ in scene.bus.events] == ["Log Not Compressed"]
    assert scene.ledger.entries["archive"]["outcome"] == outcome.value


def test_time_that_runs_out_leaves_the_log_without_a_retry() -> None:
    """The upload is aborted and the log reported; another try would only fail again."""
    scene = Scene()
    report = scene.run(out_of_time=True)

    assert report.outcome is Outcome.OUT_OF_TIME
    assert scene.bucket.aborted == 1
    assert_untouched(scene)


def test_content_that_is_not_what_was_scanned_is_not_archived() -> None:
    """A digest that differs is no reason to delete anything: it is tried again."""
    scene = Scene()

    with pytest.raises(CopyMismatchError, match="SHA-256"):
        scene.run("0" * 64)
    assert_untouched(scene)


def test_verdict_of_a_rescan_keeps_the_log_out() -> None:
    """Found infected since its event: not a byte is read."""
    scene = Scene()
    scene.ledger.entries["status"] = "THREATS_FOUND"

    assert scene.run(SHA256).outcome is Outcome.NOT_CLEAN
    assert scene.objects.reads == []
    assert_untouched(scene)


def test_verdict_of_a_rescan_while_it_streams_keeps_the_log_out() -> None:
    """The ledger is asked again before the copy appears."""
    scene = Scene()
    reads = scene.objects.open_range

    def rescanned(ref: ObjectRef, first: int, last: int) -> Any:
        scene.ledger.entries["status"] = "THREATS_FOUND"
        return reads(ref, first, last)

    scene.objects.open_range = rescanned  # type: ignore[method-assign]

    assert scene.run(SHA256).outcome is Outcome.NOT_CLEAN
    assert scene.bucket.aborted == 1
    assert_untouched(scene)


def test_copy_of_what_was_found_infected_later_is_told() -> None:
    """After a stop between copy and deletion, people learn where the copy lies."""
    scene = Scene()
    scene.bucket.refusals["remove"] = TransientError("stop")
    with pytest.raises(TransientError):
        scene.run(SHA256)
    scene.ledger.entries["status"] = "THREATS_FOUND"

    report = scene.run(SHA256)

    assert report.outcome is Outcome.NOT_CLEAN
    assert scene.copies[0].ref.key in (report.reason or "")
    assert scene.bucket.removed == []
    assert scene.ledger.entries["archive"]["copy"]["key"] == scene.copies[0].ref.key


def test_original_found_infected_while_its_copy_is_read_back_stays() -> None:
    """Reading a large copy back takes minutes: quarantine must find the original after them."""
    scene = Scene()
    scene.bucket.refusals["remove"] = TransientError("stop")
    with pytest.raises(TransientError):
        scene.run(SHA256)
    del scene.bucket.refusals["remove"]
    reads = scene.objects.open_range

    def rescanned(ref: ObjectRef, first: int, last: int) -> Any:
        scene.ledger.entries["status"] = "THREATS_FOUND"
        return reads(ref, first, last)

    scene.objects.open_range = rescanned  # type: ignore[method-assign]

    report = scene.run(SHA256)

    assert report.outcome is Outcome.NOT_CLEAN
    assert scene.copies[0].ref.key in (report.reason or "")
    assert scene.bucket.removed == []
    assert scene.ledger.entries["archive"]["copy"]["key"] == scene.copies[0].ref.key


def test_copy_that_there_is_no_time_to_read_back_is_told() -> None:
    """The log is in both places then, and people learn of both."""
    scene = Scene()
    scene.bucket.refusals["remove"] = TransientError("stop")
    with pytest.raises(TransientError):
        scene.run(SHA256)

    report = scene.run(SHA256, out_of_time=True)

    assert report.outcome is Outcome.OUT_OF_TIME
    assert scene.copies[0].ref.key in (report.reason or "")
    assert scene.bucket.removed == []


def test_log_that_was_not_clean_and_is_gone_is_not_told_as_archived() -> None:
    """Quarantine took the original meanwhile: that there is a copy does not make it a success."""
    scene = Scene()
    scene.bucket.refusals["remove"] = TransientError("stop")
    with pytest.raises(TransientError):
        scene.run(SHA256)
    scene.ledger.entries["status"] = "THREATS_FOUND"
    scene.run(SHA256)
    del scene.bucket.present[REF.key]

    assert scene.run(SHA256).outcome is Outcome.GONE
    assert "copy" in scene.ledger.entries["archive"]


def test_log_that_quarantine_took_before_the_next_receive_is_not_told_as_archived() -> None:
    """Stopped between copy and deletion, and found infected: people learn where the copy lies."""
    scene = Scene()
    scene.bucket.refusals["remove"] = TransientError("stop")
    with pytest.raises(TransientError):
        scene.run(SHA256)
    scene.ledger.entries["status"] = "THREATS_FOUND"
    del scene.bucket.present[REF.key]

    report = scene.run(SHA256)

    assert report.outcome is Outcome.NOT_CLEAN
    assert scene.copies[0].ref.key in (report.reason or "")
    assert [kind for kind, _ in scene.bus.events] == ["Log Not Compressed"]
    assert scene.ledger.entries["archive"]["copy"]["key"] == scene.copies[0].ref.key


def test_unscanned_log_is_archived_where_nothing_is_scanned() -> None:
    """ON_UPLOAD asks for no verdict; the digest is computed on the way."""
    scene = Scene(trigger=Trigger.ON_UPLOAD)
    scene.ledger.entries.clear()
    report = scene.run()

    assert report.outcome is Outcome.ARCHIVED
    assert report.copy is not None
    assert report.copy.sha256 == SHA256


def test_object_lock_leaves_both_and_is_no_reason_to_try_again() -> None:
    """The deletion is refused: the copy is told, the original kept, the message done."""
    scene = Scene()
    scene.bucket.refusals["remove"] = AccessDeniedError("Object Lock")
    report = scene.run(SHA256)

    assert report.outcome is Outcome.ORIGINAL_KEPT
    assert report.copy is not None
    assert len(scene.copies) == 1
    assert scene.bus.events[0][0] == "Log Compressed"


@pytest.mark.parametrize("error", [AccessDeniedError("403"), CustomerKeyError("SSE-C")])
def test_log_that_cannot_be_read_is_reported(error: Exception) -> None:
    """No retry could help, so nobody waits for one."""
    scene = Scene()
    scene.bucket.refusals["look"] = error

    assert scene.run().outcome is Outcome.UNREADABLE
    assert_untouched(scene)


@pytest.mark.parametrize("error", [ObjectMissingError("404"), ObjectReplacedError("412")])
def test_log_that_is_not_there_any_more_is_reported_as_gone(error: Exception) -> None:
    """Deleted or overwritten before there was a copy; the newcomer has an event of its own."""
    scene = Scene()
    scene.objects.refusals[REF.key] = error

    assert scene.run().outcome is Outcome.GONE
    assert scene.bucket.removed == []
    assert scene.copies == []


def test_overwritten_between_copy_and_deletion_is_archived_all_the_same() -> None:
    """What was copied is safe, and what is there now is not deleted."""
    scene = Scene()
    scene.bucket.refusals["remove"] = ObjectReplacedError("412")
    report = scene.run(SHA256)

    assert report.outcome is Outcome.ARCHIVED
    assert REF.key in scene.bucket.present


@pytest.mark.parametrize("step", ["look", "find", "begin", "finish", "remove"])
def test_stop_at_any_step_is_finished_by_a_repeat(step: str) -> None:
    """A fault keeps the original; the next receive does what was left."""
    scene = Scene()
    scene.bucket.refusals[step] = TransientError("stop")
    with pytest.raises(TransientError):
        scene.run(SHA256)
    assert REF.key in scene.bucket.present
    scene.bucket.refusals.clear()

    assert scene.run(SHA256).outcome is Outcome.ARCHIVED
    assert len(scene.copies) == 1
    assert len(scene.bus.events) == 1


def test_copy_of_an_earlier_run_is_read_back_before_the_deletion() -> None:
    """Nothing is packed again; what lies there is unpacked and compared, and its tags mended."""
    scene = Scene()
    scene.objects.refusals["tags"] = TransientError("stop")
    with pytest.raises(TransientError):
        scene.run(SHA256)
    scene.objects.refusals.clear()
    scene.objects.reads.clear()

    assert scene.run(SHA256).outcome is Outcome.ARCHIVED
    (copy,) = scene.copies
    assert {key for key, _, _ in scene.objects.reads} == {copy.ref.key}
    assert scene.objects.tagged[copy.ref.key]["team"] == "a"


@pytest.mark.parametrize(
    "damage", [b"", b"not gzip at all", gzip.compress(b"another log"), gzip.compress(CONTENT)[:-9]]
)
def test_copy_that_does_not_prove_true_keeps_the_original(damage: bytes) -> None:
    """Other content, or less of it: the original stays, whatever the copy's metadata say."""
    scene = Scene()
    scene.bucket.refusals["remove"] = TransientError("stop")
    with pytest.raises(TransientError):
        scene.run(SHA256)
    scene.bucket.refusals.clear()
    (copy,) = scene.copies
    scene.objects.contents[copy.ref.key] = damage.ljust(copy.size_bytes, b"\0")

    with pytest.raises(CopyMismatchError):
        scene.run(SHA256)
    assert scene.bucket.removed == []


def test_copy_that_another_run_made_meanwhile_is_proven() -> None:
    """A duplicate of the message was quicker: S3 refuses ours, and theirs is read back."""
    scene, winner = Scene(), Scene()
    winner.bucket.refusals["remove"] = TransientError("still at it")
    with pytest.raises(TransientError):
        winner.run(SHA256)

    def theirs_appears() -> None:
        scene.objects.contents.update(winner.objects.contents)
        scene.bucket.present.update({copy.ref.key: copy for copy in winner.copies})
        raise CopyPresentError("412")

    scene.bucket.before_finish = theirs_appears

    assert scene.run(SHA256).outcome is Outcome.ARCHIVED
    assert scene.bucket.aborted == 1
    assert scene.bucket.removed == [REF]


def test_stop_after_the_deletion_is_told_by_the_repeat() -> None:
    """The original is gone; the ledger knows the copy, so it is told as archived, not as gone."""
    scene = Scene()
    scene.bus.refusal = TransientError("stop")
    with pytest.raises(TransientError):
        scene.run(SHA256)
    report = scene.run(SHA256)

    assert report.outcome is Outcome.ARCHIVED
    assert report.copy is not None
    assert report.copy.sha256 == SHA256
    assert [kind for kind, _ in scene.bus.events] == ["Log Compressed"]


def test_duplicate_event_tells_nothing_twice() -> None:
    """The second receive of a finished log is done at once."""
    scene = Scene()
    first, second = scene.run(SHA256), scene.run(SHA256)

    assert first.outcome is second.outcome is Outcome.ARCHIVED
    assert second.copy == first.copy
    assert len(scene.bus.events) == 1


def test_entry_of_other_content_says_nothing() -> None:
    """Where versions are not kept, the row may tell of what was there before."""
    scene = Scene()
    scene.run(SHA256)
    scene.ledger.entries["archive"]["etag"] = "another"
    entered = dict(scene.ledger.entries["archive"])

    assert scene.run(SHA256).outcome is Outcome.GONE
    assert scene.ledger.entries["archive"] == entered
    scene.archive.give_up(Log(REF), TransientError("stop"))
    assert scene.ledger.entries["archive"] == entered


def test_version_asked_for_without_its_etag_is_known_by_the_ledger() -> None:
    """A version names its content for ever: what was archived is not told, or entered, as gone."""
    scene = Scene()
    first = scene.run(SHA256)
    entered = dict(scene.ledger.entries["archive"])

    report = scene.archive.run(Log(replace(REF, etag=None)), lambda: False)

    assert report.outcome is Outcome.ARCHIVED
    assert report.copy == first.copy
    assert report.log.ref == REF
    assert scene.ledger.entries["archive"] == entered


def test_name_asked_for_after_its_log_was_archived_leaves_the_entry() -> None:
    """By name alone nobody can tell what was meant; where the copy lies stays in the ledger."""
    scene = Scene()
    scene.run(SHA256)
    entered = dict(scene.ledger.entries["archive"])

    report = scene.archive.run(Log(ObjectRef(REF.bucket, REF.key)), lambda: False)

    assert report.outcome is Outcome.GONE
    assert scene.ledger.entries["archive"] == entered


def test_fault_of_the_copys_side_is_not_the_originals() -> None:
    """A copy that cannot be tagged or read is tried again, and not reported as unreadable log."""
    scene = Scene()
    scene.objects.refusals["tags"] = AccessDeniedError("no")

    with pytest.raises(TransientError, match="the copy in the archive"):
        scene.run(SHA256)
    assert scene.bucket.removed == []


def test_refused_archive_is_misconfigured() -> None:
    """Somebody has to act: the original waits."""
    scene = Scene()
    scene.bucket.refusals["find"] = MisconfiguredError("no access")

    with pytest.raises(MisconfiguredError):
        scene.run()
    assert_untouched(scene)


def test_giving_up_is_told_and_leaves_what_the_ledger_knows() -> None:
    """The entry that names a copy stays, so that a redrive after the deletion finds it."""
    scene = Scene()
    scene.bucket.refusals["remove"] = TransientError("stop")
    with pytest.raises(TransientError):
        scene.run(SHA256)

    report = scene.archive.give_up(Log(REF), TransientError("stop"))

    assert report.outcome is Outcome.UNFINISHED
    assert scene.bus.events[0][0] == "Log Not Compressed"
    assert scene.ledger.entries["archive"]["outcome"] == "COPIED"


def test_giving_up_before_there_was_a_copy_is_entered() -> None:
    """The ledger says that the log is where it was, and why."""
    scene = Scene()
    scene.archive.give_up(Log(REF), TransientError("S3 is away"))

    assert scene.ledger.entries["archive"]["outcome"] == "UNFINISHED"
    assert scene.ledger.entries["archive"]["reason"] == "S3 is away"


def test_object_of_the_archive_is_refused_before_anything_is_asked() -> None:
    """Not even a HEAD is sent for it."""
    scene = Scene()
    with pytest.raises(MalformedEventError):
        scene.archive.run(Log(ObjectRef("archive", "logs/a.log")), lambda: False)
    assert scene.bus.events == []
