"""What a bucket costs, line by line."""

from __future__ import annotations

from dataclasses import replace

from functions.report_storage import costs
from functions.report_storage.price_files import shipped
from functions.report_storage.storage_classes import BILLED_AS, LABELS, LISTED_AS
from functions.report_storage.usage import Stock, Storage
from tests.unit.report_storage.world import (
    GB,
    NO_REQUESTS,
    TODAY,
    bucket,
    listing,
    rates,
    report,
    unknown,
    usd,
)


def stored(**sizes: int) -> Storage:
    """Return bytes by storage type."""
    return Storage(sizes, TODAY, "CloudWatch")


def test_empty_account_is_reported_as_such() -> None:
    """Without a bucket there is a report, of zeros, and nothing is divided by them."""
    empty = report()

    assert empty.monthly_cost == empty.monthly_saving == usd("0")
    assert empty.total_bytes == 0
    assert (empty.costs, empty.unknown, empty.history.days) == ((), (), ())


def test_empty_bucket_costs_nothing() -> None:
    """No bytes at all are known to be none: no division, no unknown."""
    usage = bucket(storage=stored(), objects=0)
    found = costs.of_bucket(usage, rates(usage))

    assert (found.known, found.lines) == (True, ())
    assert found.monthly == usd("0")


def test_bucket_of_unknown_size_is_no_zero() -> None:
    """What was refused is told with the reason, and its cost is not known."""
    usage = bucket(storage=unknown("AccessDenied"))
    found = costs.of_bucket(usage, rates(usage))

    assert (found.known, found.reason) == (False, "AccessDenied")
    assert report(usage).unknown == ("bucket",)


def test_every_storage_type_has_its_price() -> None:
    """Each type that CloudWatch documents is billed as a class, and each class has a name."""
    assert set(BILLED_AS.values()) <= set(LABELS)
    assert set(LISTED_AS.values()) <= set(BILLED_AS)
    assert set(shipped()["us-east-1"].classes) <= {*LABELS, "INTELLIGENT_TIERING"}


def test_storage_type_of_the_future_is_told_without_a_price() -> None:
    """A type that nobody knew when this was written is in the bytes, and said to lack its price."""
    usage = bucket(storage=stored(StandardStorage=GB, HolographicStorage=GB))
    found = costs.of_bucket(usage, rates(usage))

    assert found.monthly == usd("0.023")
    assert found.reason == "without the price of HolographicStorage"
    assert [line.name for line in found.lines] == ["HolographicStorage", "StandardStorage"]


def test_bands_are_shared_by_all_buckets_of_a_region() -> None:
    """Two buckets with 51,200 GB each: the second band is half of both, not all of one."""
    one = bucket("one", storage=stored(StandardStorage=51_200 * GB))
    other = bucket("other", storage=stored(StandardStorage=51_200 * GB))

    found = costs.of_bucket(one, rates(one, other))

    assert found.monthly == usd("1152.00")


def test_retrieval_and_requests_are_priced_by_the_only_class() -> None:
    """All in Standard-IA: 1,000 reads × $0.000001, 10 GB × $0.01, 100 writes × $0.00001."""
    usage = bucket(
        storage=stored(StandardIAStorage=100 * GB),
        requests=replace(NO_REQUESTS, gets=1000, puts=100, bytes_downloaded=10 * GB),
    )
    found = costs.of_bucket(usage, rates(usage))

    assert found.of_kind("storage") == usd("1.25")
    assert found.of_kind("requests") == usd("0.002")
    assert found.of_kind("retrieval") == usd("0.1")
    assert {line.bound for line in found.lines} == {"exact"}


def test_requests_of_a_mixed_bucket_cost_at_least_as_in_standard() -> None:
    """CloudWatch does not tell which class a request met."""
    usage = bucket(
        storage=stored(StandardIAStorage=GB, StandardStorage=GB),
        requests=replace(NO_REQUESTS, gets=10_000, bytes_downloaded=GB),
    )
    (line,) = (
        each for each in costs.of_bucket(usage, rates(usage)).lines if each.kind == "requests"
    )

    assert (line.amount, line.bound) == (usd("0.004"), "at least")


def test_monitoring_is_counted_one_by_one_where_the_bucket_was_listed() -> None:
    """Objects below 128 KB are not monitored, and cost nothing."""
    usage = bucket(
        storage=stored(IntelligentTieringFAStorage=GB, StandardStorage=GB),
        listing=listing(large={"INTELLIGENT_TIERING": Stock(400_000, GB)}),
    )

    assert costs.of_bucket(usage, rates(usage)).of_kind("monitoring") == usd("1")


def test_monitoring_that_nobody_can_count_is_said_to_be_missing() -> None:
    """A few tiered objects among millions of others: no figure is made up."""
    usage = bucket(
        storage=stored(IntelligentTieringFAStorage=GB, StandardStorage=GB),
        listing=listing(complete=False),
    )
    found = costs.of_bucket(usage, rates(usage))

    assert found.of_kind("monitoring") == 0
    assert found.reason == "without the price of monitoring by Intelligent-Tiering"
