"""Waiting for the verdict on one exact version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.unit.cli.fakes import refusal
from tidegate.errors import MisconfiguredError
from tidegate.objectref import ObjectRef
from tidegate_cli.errors import AccessDeniedError, NoVerdictError
from tidegate_cli.waiting import Clock, Desk, Verdict

REF = ObjectRef("uploads", "in/file", "v1", "etag-1")


@dataclass
class FakeTime:
    """A clock that only moves when somebody sleeps."""

    seconds: float = 0.0

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.seconds += seconds


@dataclass
class FakeS3:
    """Answers the tags one after the other; the last stays."""

    tags: list[Any]
    head: Any = None
    asked: list[dict[str, Any]] = field(default_factory=list)

    def get_object_tagging(self, **arguments: Any) -> Any:
        self.asked.append(arguments)
        answer = self.tags.pop(0) if len(self.tags) > 1 else self.tags[0]
        if isinstance(answer, BaseException):
            raise answer
        return {"TagSet": [{"Key": key, "Value": value} for key, value in answer.items()]}

    def head_object(self, **arguments: Any) -> Any:
        assert arguments["IfMatch"] == "etag-1"
        if self.head:
            raise self.head
        return {}


@dataclass
class FakeLedger:
    """One row, or a refusal."""

    answer: Any

    def row(self, ref: ObjectRef) -> Any:
        assert ref.version_id == "v1"
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


CLEAN = {"scan-status": "NO_THREATS_FOUND", "scan-definitions": "r1"}
INFECTED = {"scan-status": "THREATS_FOUND", "scan-detail": "Eicar"}
GONE = refusal("NoSuchVersion", "GetObjectTagging", 404)
ROW = {
    "etag": "etag-1",
    "status": "THREATS_FOUND",
    "threats": ["Eicar", "Other"],
    "definitionsRelease": "r1",
    "quarantine": {"outcome": "QUARANTINED"},
}


def wait(s3: FakeS3, ledger: Any = None, ref: ObjectRef = REF, timeout: float = 60) -> Verdict:
    """Wait without time passing."""
    time = FakeTime()
    clock = Clock(lambda: time.seconds, time.sleep)
    return Desk(s3, "scan-status", FakeLedger(ledger) if ledger else None, clock).wait(  # type: ignore[arg-type]
        ref, timeout
    )


def test_clean_tag_on_the_exact_version_is_clean() -> None:
    """The version that was uploaded is asked for, and asked for again until it has the tag."""
    s3 = FakeS3([{}, {"team": "a"}, CLEAN])
    verdict = wait(s3)
    assert verdict == Verdict("NO_THREATS_FOUND", None, "r1", "bucket")
    assert verdict.clean
    assert [asked["VersionId"] for asked in s3.asked] == ["v1"] * 3


@pytest.mark.parametrize(
    "status", ["THREATS_FOUND", "UNSUPPORTED", "ACCESS_DENIED", "FAILED", "no_threats_found", ""]
)
def test_any_other_word_is_not_clean(status: str) -> None:
    """Known or not, only one word vouches for the content."""
    verdict = wait(FakeS3([{"scan-status": status, "scan-detail": "why"}]))
    assert (verdict.status, verdict.detail, verdict.clean) == (status, "why", False)


@pytest.mark.parametrize("code", ["NoSuchVersion", "NoSuchKey", "MethodNotAllowed"])
def test_version_that_is_gone_is_not_clean(code: str) -> None:
    """Without a ledger nobody knows why; it is never called clean."""
    verdict = wait(FakeS3([refusal(code, status=404)]))
    assert verdict == Verdict(None, None, None, "gone")
    assert not verdict.clean


def test_ledger_tells_why_the_version_is_gone() -> None:
    """Signatures and place come from its row."""
    verdict = wait(FakeS3([{}, GONE]), ROW)
    assert verdict == Verdict("THREATS_FOUND", "Eicar, Other", "r1", "quarantine")


@pytest.mark.parametrize(
    "answer",
    [
        MisconfiguredError("denied"),
        {**ROW, "etag": "another"},
        {"status": "NO_THREATS_FOUND"},
    ],
    ids=["not-readable", "other-content", "no-etag"],
)
def test_ledger_that_does_not_speak_of_this_content_tells_nothing(answer: Any) -> None:
    """Not readable for the caller, or a row on another upload: the version is just gone."""
    assert wait(FakeS3([GONE]), answer) == Verdict(None, None, None, "gone")


def test_clean_object_that_was_deleted_is_not_clean() -> None:
    """The ledger may call it clean; it is not there to be used."""
    clean = {"etag": "etag-1", "status": "NO_THREATS_FOUND"}
    verdict = wait(FakeS3([GONE]), clean)
    assert (verdict.status, verdict.place, verdict.clean) == ("NO_THREATS_FOUND", "gone", False)


ARCHIVED = {
    "etag": "etag-1",
    "status": "NO_THREATS_FOUND",
    "archive": {"etag": "etag-1", "outcome": "ARCHIVED"},
}


def test_clean_log_that_was_archived_meanwhile_is_clean() -> None:
    """compress_log may be quicker than the next look: its copy was proven by then."""
    verdict = wait(FakeS3([{}, GONE]), ARCHIVED)
    assert (verdict.status, verdict.place, verdict.clean) == ("NO_THREATS_FOUND", "archive", True)


@pytest.mark.parametrize(
    "row",
    [
        {**ARCHIVED, "archive": {"etag": "another", "outcome": "ARCHIVED"}},
        {**ARCHIVED, "archive": {"etag": "etag-1", "outcome": "GONE"}},
        {**ARCHIVED, "status": "THREATS_FOUND"},
        {**ARCHIVED, "etag": "another"},
        {**ARCHIVED, "quarantine": {"outcome": "QUARANTINED"}},
    ],
)
def test_archive_lends_nothing_to_other_content_or_verdicts(row: Any) -> None:
    """Another content's copy, no copy, a later verdict, another row: not clean."""
    assert not wait(FakeS3([GONE]), row).clean


@pytest.mark.parametrize("error", [AccessDeniedError("denied"), KeyboardInterrupt()])
def test_whatever_ends_the_waiting_tells_what_was_uploaded(error: BaseException) -> None:
    """Nobody needs to upload it again to learn its version."""
    with pytest.raises(type(error)) as raised:
        wait(FakeS3([error]))
    told = str(getattr(raised.value, "details", None) or raised.value.__notes__)
    assert "v1" in told


def test_no_verdict_in_time_is_an_error_of_its_own() -> None:
    """It says what was uploaded, and calls nothing clean."""
    with pytest.raises(NoVerdictError, match="60 seconds") as raised:
        wait(FakeS3([{}]))
    assert raised.value.details["object"]["versionId"] == "v1"


def test_timeout_of_zero_looks_once() -> None:
    """A verdict that is there already is taken."""
    assert wait(FakeS3([CLEAN]), timeout=0).clean
    s3 = FakeS3([{}])
    with pytest.raises(NoVerdictError):
        wait(s3, timeout=0)
    assert len(s3.asked) == 1


def test_service_that_fails_meanwhile_is_asked_again() -> None:
    """A throttled call is no verdict and no end; the last trouble is told in the end."""
    slow = refusal("SlowDown", status=503)
    assert wait(FakeS3([slow, slow, CLEAN])).clean
    with pytest.raises(NoVerdictError, match="SlowDown"):
        wait(FakeS3([slow]))


def test_refused_access_is_not_waited_out() -> None:
    """Who may not read tags will not see a verdict."""
    s3 = FakeS3([refusal("AccessDenied", status=403)])
    with pytest.raises(AccessDeniedError):
        wait(s3)
    assert len(s3.asked) == 1


@pytest.mark.parametrize("version", [None, "null"])
def test_without_versions_the_content_proves_whose_tag_it_is(version: str | None) -> None:
    """A tag on an overwritten object is another upload's."""
    unversioned = ObjectRef("uploads", "in/file", version, "etag-1")
    assert wait(FakeS3([CLEAN]), ref=unversioned).clean
    replaced = FakeS3([CLEAN], head=refusal("412", "HeadObject", 412))
    verdict = wait(replaced, ref=unversioned)
    assert (verdict.clean, verdict.place) == (False, "gone")
    with pytest.raises(AccessDeniedError):
        wait(FakeS3([CLEAN], head=refusal("403", "HeadObject", 403)), ref=unversioned)


def test_pauses_grow_to_a_bound() -> None:
    """An hour's waiting asks some hundred times, not some thousand."""
    s3 = FakeS3([{}])
    with pytest.raises(NoVerdictError):
        wait(s3, timeout=3600)
    assert 700 < len(s3.asked) < 750
