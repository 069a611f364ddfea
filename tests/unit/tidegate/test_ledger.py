"""The ledger never betters a verdict on the same content, nor goes back in time (moto)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tidegate.errors import MisconfiguredError, TransientError
from tidegate.ledger import Kept, Ledger, Recorded, Superseded
from tidegate.objectref import ObjectRef
from tidegate.verdicts import Action, ScanResult, ScanStatus

REF = ObjectRef("uploads", "in/box.bin", None, "etag-1")
LIMITS = {"maxObjectBytes": 1024}
INFECTED = ScanResult(
    ref=REF,
    status=ScanStatus.THREATS_FOUND,
    action=Action.QUARANTINE,
    scanned_at=datetime(2026, 11, 22, tzinfo=UTC),
    threats=("Win.Test.EICAR_HDB-1",),
    sha256="ab" * 32,
    size_bytes=68,
    definitions_release="r1",
    sequencer="0A",
)


def as_clean(result: ScanResult, **more: Any) -> ScanResult:
    """The same scan, had it found nothing."""
    return replace(
        result, status=ScanStatus.NO_THREATS_FOUND, action=Action.NONE, threats=(), **more
    )


@pytest.fixture
def ledger(table: Any) -> Ledger:
    return Ledger(table)


def test_first_verdict_is_recorded_with_all_its_facts(ledger: Ledger) -> None:
    """The row can be read back, and what is not known is left out."""
    assert ledger.record(INFECTED, LIMITS) == Recorded()
    row = ledger.row(REF)
    assert row is not None
    assert (row["object"], row["version"]) == ("uploads/in/box.bin", "null")
    assert (row["status"], row["threats"], row["bytes"]) == (
        "THREATS_FOUND",
        ["Win.Test.EICAR_HDB-1"],
        68,
    )
    assert row["limits"] == LIMITS
    assert "reason" not in row


def test_recording_again_changes_nothing(ledger: Ledger) -> None:
    """A duplicate is as good as the first."""
    ledger.record(INFECTED, LIMITS)
    before = ledger.row(REF)
    assert ledger.record(INFECTED, LIMITS) == Recorded()
    assert ledger.row(REF) == before


@pytest.mark.parametrize("sequencer", ["0A", "0B", None])
@pytest.mark.parametrize("status", sorted(set(ScanStatus) - {ScanStatus.THREATS_FOUND}))
def test_infected_content_stays_infected(
    ledger: Ledger, status: ScanStatus, sequencer: str | None
) -> None:
    """No later scan of the same content makes it better, by whatever name."""
    ledger.record(INFECTED, LIMITS)
    later = as_clean(INFECTED, sequencer=sequencer)
    answer = ledger.record(replace(later, status=status), LIMITS)
    assert answer == Kept(("Win.Test.EICAR_HDB-1",), "r1")
    row = ledger.row(REF)
    assert row is not None
    assert row["status"] == "THREATS_FOUND"


def test_new_content_under_the_name_gets_its_own_verdict(ledger: Ledger) -> None:
    """Another ETag is another object."""
    ledger.record(INFECTED, LIMITS)
    newer = as_clean(INFECTED, ref=replace(REF, etag="etag-2"), sequencer="0B")
    assert ledger.record(newer, LIMITS) == Recorded()


@pytest.mark.parametrize("status", [ScanStatus.NO_THREATS_FOUND, ScanStatus.THREATS_FOUND])
def test_verdict_on_an_earlier_upload_does_not_replace_a_later_one(
    ledger: Ledger, status: ScanStatus
) -> None:
    """Events come out of order; the row speaks of the latest upload."""
    newer = as_clean(INFECTED, ref=replace(REF, etag="etag-2"), sequencer="0B")
    ledger.record(newer, LIMITS)
    assert ledger.record(replace(INFECTED, status=status), LIMITS) == Superseded()


def test_sequencers_of_unlike_length_compare_as_s3_says(ledger: Ledger) -> None:
    """The shorter one is padded with zeros on its right: 0A1 is later than 0A."""
    ledger.record(replace(INFECTED, sequencer="0A1"), LIMITS)
    earlier = replace(INFECTED, ref=replace(REF, etag="etag-0"), sequencer="0A")
    assert ledger.record(earlier, LIMITS) == Superseded()
    later = replace(INFECTED, ref=replace(REF, etag="etag-2"), sequencer="0B")
    assert ledger.record(later, LIMITS) == Recorded()


def test_verdict_without_a_sequencer_replaces(ledger: Ledger) -> None:
    """A rescan or a direct call knows no sequencer, and speaks of what is there now."""
    ledger.record(as_clean(INFECTED), LIMITS)
    assert ledger.record(replace(INFECTED, sequencer=None), LIMITS) == Recorded()


def test_worse_verdict_on_the_same_content_replaces_a_better_one(ledger: Ledger) -> None:
    """New definitions may know what the old ones did not."""
    ledger.record(as_clean(INFECTED), LIMITS)
    assert ledger.record(INFECTED, LIMITS) == Recorded()


def test_versions_have_rows_of_their_own(ledger: Ledger) -> None:
    """One version's verdict says nothing of another's."""
    first = replace(INFECTED, ref=replace(REF, version_id="v1"))
    second = as_clean(INFECTED, ref=replace(REF, version_id="v2"))
    assert ledger.record(first, LIMITS) == ledger.record(second, LIMITS) == Recorded()
    row = ledger.row(first.ref)
    assert row is not None
    assert row["status"] == "THREATS_FOUND"


def test_annotation_adds_to_the_row(ledger: Ledger) -> None:
    """What a later function did stands beside the verdict."""
    ledger.record(INFECTED, LIMITS)
    ledger.annotate(REF, "quarantine", {"outcome": "QUARANTINED"})
    row = ledger.row(REF)
    assert row is not None
    assert row["quarantine"] == {"outcome": "QUARANTINED"}
    assert row["status"] == "THREATS_FOUND"


def test_row_with_an_annotation_alone_takes_a_verdict(ledger: Ledger) -> None:
    """A function may have been called directly, before any scan."""
    ledger.annotate(REF, "quarantine", {"outcome": "GONE"})
    assert ledger.record(as_clean(INFECTED), LIMITS) == Recorded()


def test_unknown_object_has_no_row(ledger: Ledger) -> None:
    """Nothing is made up."""
    assert ledger.row(REF) is None


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ResourceNotFoundException", MisconfiguredError),
        ("AccessDeniedException", MisconfiguredError),
        ("ProvisionedThroughputExceededException", TransientError),
    ],
)
def test_refusal_of_the_table_is_named(code: str, expected: type[Exception]) -> None:
    """An operator's fault is told from a busy table."""

    class Refusing:
        def put_item(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "PutItem")

    table: Any = Refusing()
    with pytest.raises(expected):
        Ledger(table).record(INFECTED, LIMITS)
