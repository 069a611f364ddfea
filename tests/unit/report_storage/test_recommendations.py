"""What is recommended, with all that it costs, and what is left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.report_storage import break_evens, deletions, tiering
from functions.report_storage.recommendations import Kind, Recommendation
from functions.report_storage.report import recommended
from functions.report_storage.usage import (
    BucketUsage,
    LifecycleRule,
    Requests,
    Stock,
    Storage,
    Uploads,
)
from tests.unit.report_storage.world import (
    GB,
    NO_REQUESTS,
    NO_UPLOADS,
    TODAY,
    bucket,
    listing,
    rates,
    unknown,
    usd,
)

RULE = LifecycleRule("r", enabled=True, whole=True, actions=())


def move(usage: BucketUsage, kind: Kind) -> Recommendation:
    """Return the move to a class, whether it pays or not."""
    (found,) = (each for each in tiering.candidates(usage, rates(usage)) if each.kind is kind)
    return found


def requests(**changes: Any) -> Requests:
    """Return requests of 30 days."""
    return replace(NO_REQUESTS, **changes)


def kinds(usage: BucketUsage) -> list[Kind]:
    """Return what is recommended for a bucket alone in its account and pays."""
    return [each.kind for each in recommended(usage, rates(usage)) if each.pays]


def test_move_to_standard_ia_carries_its_whole_arithmetic() -> None:
    """1,000 GB: $23 - $12.50 - 50 × $0.01 - 10,000 × $0.0000006 - 100 × $0.00001 = $9.993."""
    counted = requests(gets=10_000, puts=100, bytes_downloaded=50 * GB)

    found = move(bucket(requests=counted), Kind.STANDARD_IA)

    assert [step.amount for step in found.monthly] == [
        usd("23"),
        usd("-12.5"),
        usd("-0.506"),
        usd("-0.001"),
        usd("0"),
    ]
    assert found.monthly_saving == usd("9.993")
    assert found.one_time_cost == usd("0.01")
    assert found.break_even_days == 1


def test_minimum_stay_is_paid_for_what_left() -> None:
    """300 GB came and left within 30 days: in Glacier IR each stays 90 days on the bill."""
    usage = bucket(
        requests=requests(bytes_uploaded=300 * GB),
        history={"StandardStorage": {TODAY - timedelta(days=31): 1000 * GB, TODAY: 1000 * GB}},
    )

    step = move(usage, Kind.GLACIER_IR).monthly[-1]

    assert step.what == "minimum stay of 90 days, for all that left in 30 days"
    assert step.calculation == "300 GB × $0.004 × 3 months"
    assert step.amount == usd("-3.6")


def test_intelligent_tiering_counts_reads_monitoring_and_its_first_month() -> None:
    """1,000 GB, 400 read: $23 - 600 × $0.0125 - 400 × $0.023 - 1,000 × $0.0000025."""
    found = move(bucket(requests=requests(bytes_downloaded=400 * GB)), Kind.INTELLIGENT_TIERING)

    assert found.monthly_saving == usd("23") - usd("7.5") - usd("9.2") - usd("0.0025")
    assert found.break_even_days == 31


def test_only_the_best_of_several_moves_is_recommended() -> None:
    """They concern the same bytes: never read, all belongs into Glacier Instant Retrieval."""
    assert kinds(bucket()) == [Kind.GLACIER_IR]


def test_much_read_bucket_stays_where_it_is() -> None:
    """Where each byte is read each month, no other class costs less, and none is recommended."""
    assert kinds(bucket(requests=requests(gets=10**7, bytes_downloaded=2000 * GB))) == []


def test_move_that_pays_back_too_late_is_left_out() -> None:
    """A million objects of 130 KB save cents a month, and cost $20 to move."""
    many = Stock(1_000_000, 130 * 1024 * 1_000_000)
    usage = bucket(
        storage=Storage({"StandardStorage": many.total_bytes}, TODAY, "CloudWatch"),
        requests=requests(bytes_downloaded=60 * GB),
        listing=listing(settled={"STANDARD": many}),
    )
    late = [each for each in tiering.candidates(usage, rates(usage)) if not each.pays]

    assert late
    assert all(each.kind not in kinds(usage) for each in late)


def test_small_objects_are_not_counted_where_the_bucket_was_not_listed() -> None:
    """A bucket full of small objects has nothing that a rule would surely move."""
    small = bucket(
        storage=Storage({"StandardStorage": 100 * GB}, TODAY, "CloudWatch"),
        objects=1_000_000,
        listing=listing(complete=False),
    )

    assert list(tiering.candidates(small, rates(small))) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"requests": unknown()},
        {"storage": unknown()},
        {"region": "ap-south-2"},
        {"lifecycle": (replace(RULE, moves_to=("GLACIER",)),)},
        {"listing": unknown(), "objects": unknown()},
        {"listing": unknown(), "versioning": "Enabled"},
        {"listing": unknown(), "uploads": unknown()},
        {"listing": unknown(), "uploads": replace(NO_UPLOADS, complete=False)},
        {"listing": listing()},
    ],
)
def test_no_move_is_recommended_on_what_is_not_known(changes: dict[str, Any]) -> None:
    """Without reads, sizes, prices or a bound on what would move there is no claim."""
    assert kinds(bucket(**changes)) == []


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (59, Kind.INTELLIGENT_TIERING),
        (60, Kind.STANDARD_IA),
        (119, Kind.STANDARD_IA),
        (120, Kind.GLACIER_IR),
    ],
)
def test_class_with_a_minimum_stay_needs_objects_that_stay(days: int, expected: Kind) -> None:
    """Where a rule deletes objects earlier, the minimum would be paid for nothing."""
    assert kinds(bucket(lifecycle=(replace(RULE, expires_after_days=days),))) == [expected]


@given(
    st.integers(0, 5000),
    st.integers(1, 10**7),
    st.integers(0, 10**7),
    st.integers(0, 10**6),
    st.integers(0, 8000),
)
def test_no_recommendation_costs_more_than_it_saves(
    size_gb: int, objects: int, reads: int, puts: int, read_gb: int
) -> None:
    """Whatever the usage: what is recommended saves, within a year, and never more than all."""
    counted = requests(gets=reads, puts=puts, bytes_downloaded=read_gb * GB)
    usage = bucket(
        storage=Storage({"StandardStorage": size_gb * GB}, TODAY, "CloudWatch"),
        objects=objects,
        requests=counted,
        listing=unknown(),
    )
    for each in recommended(usage, rates(usage)):
        assert each.monthly_saving > 0
        assert each.monthly_saving <= size_gb * usd("0.023")
        assert each.break_even_days is not None
        assert each.one_time_cost <= each.monthly_saving * 365 / 30 + Decimal("0.01")


def test_uploads_given_up_are_aborted() -> None:
    """Their parts are billed by their class, those on the way to an archive as Standard."""
    uploads = Uploads(
        3, {"STANDARD": 9 * GB}, 2, {"STANDARD": 4 * GB, "GLACIER": 6 * GB}, complete=False
    )
    usage = bucket(uploads=uploads)

    found = deletions.abort_uploads(usage, rates(usage))

    assert found is not None
    assert found.monthly_saving == usd("0.23")
    assert found.one_time_cost == usd("0")
    assert (found.break_even_days, found.bound) == (0, "at least")


@pytest.mark.parametrize(
    "changes",
    [
        {"uploads": unknown()},
        {"uploads": Uploads(1, {"STANDARD": GB}, 0, {}, complete=True)},
        {"lifecycle": (replace(RULE, aborts_uploads=True),)},
    ],
)
def test_uploads_are_left_alone_where_none_is_given_up_or_a_rule_is_there(
    changes: dict[str, Any],
) -> None:
    """A rule in force needs no second one."""
    old = Uploads(1, {"STANDARD": GB}, 1, {"STANDARD": GB}, complete=True)
    usage = bucket(**{"uploads": old, **changes})

    assert deletions.abort_uploads(usage, rates(usage)) is None


@pytest.mark.parametrize("change", [{"enabled": False}, {"whole": False}])
def test_rule_that_is_off_or_for_a_part_alone_does_not_count(change: dict[str, Any]) -> None:
    """Only what is in force for the whole bucket is taken for done."""
    uploads = Uploads(1, {"STANDARD": GB}, 1, {"STANDARD": GB}, complete=True)
    rule = replace(RULE, aborts_uploads=True, **change)
    usage = bucket(uploads=uploads, lifecycle=(rule,))

    assert deletions.abort_uploads(usage, rates(usage)) is not None


def test_old_versions_expire_with_what_leaving_early_costs() -> None:
    """100 GB of Deep Archive save $0.099 a month, and cost at most 6 months of it once."""
    usage = bucket(
        storage=Storage({"DeepArchiveStorage": 100 * GB}, TODAY, "CloudWatch"),
        listing=listing(expired={"DEEP_ARCHIVE": Stock(10, 100 * GB)}, complete=False),
        versioning="Enabled",
    )

    found = deletions.expire_noncurrent(usage, rates(usage))

    assert found is not None
    assert found.monthly_saving == usd("0.099")
    assert found.one_time_cost == usd("0.594")
    assert found.break_even_days == 180
    assert "at least 10 versions" in found.title


def test_break_even_needs_no_claim_about_reads() -> None:
    """Where reads are not counted the condition is told, with its arithmetic, and no saving."""
    usage = bucket(requests=unknown())

    found = list(break_evens.break_evens(usage, rates(usage)))

    assert kinds(usage) == []
    assert [each.kind for each in found] == [Kind.STANDARD_IA, Kind.INTELLIGENT_TIERING]
    assert found[0].calculation == "($0.023 - $0.0125) / $0.01 per GB read; requests not counted"
    assert "105 %" in found[0].condition


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"requests": unknown(), "region": "ap-south-2"},
        {
            "requests": unknown(),
            "storage": Storage({"StandardStorage": 10 * GB}, TODAY, "CloudWatch"),
            "listing": listing(settled={"STANDARD": Stock(10, 10 * GB)}),
        },
    ],
)
def test_break_even_is_told_only_where_it_is_worth_reading(changes: dict[str, Any]) -> None:
    """Not where reads are known, no prices are, or less than a dollar a month is at stake."""
    usage = bucket(**changes)

    assert list(break_evens.break_evens(usage, rates(usage))) == []
