"""The arithmetic on prices: published examples recomputed, and what must hold for all figures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.report_storage import price_files
from functions.report_storage.price_table import (
    Band,
    PricesError,
    banded,
    cents,
    from_json,
    gb_months,
    gigabytes,
    retrieval_cost,
)
from tests.unit.report_storage.world import VIRGINIA

TABLES = price_files.shipped()
PRICES = st.decimals("0.0001", "0.1", places=5)
SIZES = st.decimals(0, 2_000_000, places=3)


@st.composite
def bands(draw: st.DrawFn) -> tuple[Band, ...]:
    """Return bands as a price list has them: limits that grow, prices that fall."""
    limits = sorted(draw(st.sets(st.integers(1, 1_000_000), max_size=4)))
    prices = sorted(
        draw(st.lists(PRICES, min_size=len(limits) + 1, max_size=len(limits) + 1)), reverse=True
    )
    ends = [*(Decimal(limit) for limit in limits), None]
    return tuple(Band(end, price) for end, price in zip(ends, prices, strict=True))


def test_published_storage_example_is_recomputed() -> None:
    """AWS's own example of 100 GB for 15 and 100 TB for 16 days of March, at the prices of then.

    Quoted in http://filezoomer.com/2011/05/how-does-amazon-s3-calculate-storage-used/index.html
    from the S3 FAQ: 52,900 GB-months, $143.36 + $6,272.00 + $187.00 = $6,602.36.
    """
    byte_hours = (107_374_182_400 * 15 + 109_951_162_777_600 * 16) * 24
    then = (
        Band(Decimal(1024), Decimal("0.140")),
        Band(Decimal(51_200), Decimal("0.125")),
        Band(None, Decimal("0.110")),
    )

    assert byte_hours == 42_259_901_212_262_400
    assert gb_months(byte_hours, 744) == 52_900
    assert banded(then, gb_months(byte_hours, 744)) == Decimal("6602.36")


def test_published_storage_example_at_the_shipped_prices() -> None:
    """The same 52,900 GB-months by the table: 51,200 × $0.023 + 1,700 × $0.022."""
    assert VIRGINIA.storage("STANDARD", Decimal(52_900)) == Decimal("1215.00")


def test_published_retrieval_example_is_recomputed() -> None:
    """15,000,000 objects, 100 TB, by standard retrieval: $750 + $1,024 = $1,774.

    https://repost.aws/knowledge-center/s3-manage-data-retrieval
    """
    per_request, per_gb = Decimal("0.05") / 1000, Decimal("0.01")

    cost = retrieval_cost(15_000_000, 100 << 40, per_request, per_gb)

    assert cost == Decimal(1774)


@given(bands(), SIZES, SIZES)
def test_more_bytes_never_cost_less(each: tuple[Band, ...], one: Decimal, more: Decimal) -> None:
    """The price of storage grows with it, and never faster than by the first band."""
    low, high = banded(each, one), banded(each, one + more)

    assert low <= high <= low + more * each[0].price
    assert high >= low + more * each[-1].price


@given(bands(), SIZES)
def test_bands_join_without_a_step(each: tuple[Band, ...], size: Decimal) -> None:
    """Cut anywhere, the price is that of each piece at its place in the bands."""
    pieces = Decimal(0)
    edges = [band.up_to_gb for band in each if band.up_to_gb is not None]
    start = Decimal(0)
    for edge in [*(min(edge, size) for edge in edges), size]:
        price = next(band.price for band in each if band.up_to_gb is None or start < band.up_to_gb)
        pieces += max(Decimal(0), edge - start) * price
        start = max(start, edge)

    assert banded(each, size) == pieces


@given(st.integers(0, 10**15), st.integers(0, 10**15), st.integers(0, 10**15))
def test_savings_may_be_added_up(total: int, one: int, other: int) -> None:
    """Two savings of their own bytes, each alone, promise no more than both together save."""
    total += one + other

    def saved(size: int) -> Decimal:
        found = VIRGINIA.saved("STANDARD", gigabytes(total), gigabytes(size))
        assert found is not None
        return found

    assert saved(one) + saved(other) <= saved(one + other) + Decimal("1e-12")


@given(st.integers(0, 10**15))
def test_saving_everything_saves_the_whole_cost(total: int) -> None:
    """What is left costs nothing, and never less than nothing."""
    whole = VIRGINIA.storage("STANDARD", gigabytes(total))

    assert VIRGINIA.saved("STANDARD", gigabytes(total), gigabytes(total)) == whole
    assert VIRGINIA.saved("STANDARD", gigabytes(total), gigabytes(total * 2)) == whole


@given(st.decimals(-(10**9), 10**9, places=6))
def test_cents_are_the_nearest(amount: Decimal) -> None:
    """Rounding moves an amount by half a cent at most."""
    assert abs(cents(amount) - amount) <= Decimal("0.005")


@pytest.mark.parametrize("region", sorted(TABLES))
def test_shipped_table_is_dated_and_sourced(region: str) -> None:
    """Each table says of when it is and where from, and is not of the future."""
    table = TABLES[region]

    assert table.source.startswith("https://aws.amazon.com/")
    assert date(2025, 1, 1) <= table.as_of <= date(2026, 11, 25)
    assert table.remarks
    assert (price_files.FOLDER / f"{region}.json").is_file()


@pytest.mark.parametrize("region", sorted(TABLES))
def test_shipped_prices_are_in_the_order_of_the_classes(region: str) -> None:
    """Colder classes cost less to keep and no less to read: a slip of a digit would show."""
    classes = TABLES[region].classes
    kept = [
        classes[name].storage[0].price
        for name in ("STANDARD", "STANDARD_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
        if name in classes
    ]

    assert kept == sorted(kept, reverse=True)
    assert classes["STANDARD"].retrieval == 0
    assert TABLES[region].classes["GLACIER_IR"].retrieval == Decimal("0.03")


GOOD = {
    "region": "x",
    "currency": "USD",
    "asOf": "2026-01-01",
    "source": "s",
    "classes": {"STANDARD": {"storagePerGbMonth": [["10", "0.02"], [None, "0.01"]]}},
}


@pytest.mark.parametrize(
    "wrong",
    [
        {**GOOD, "currency": "EUR"},
        {**GOOD, "classes": {"STANDARD": {"storagePerGbMonth": []}}},
        {**GOOD, "classes": {"STANDARD": {"storagePerGbMonth": [["10", "0.02"]]}}},
        {**GOOD, "classes": {"STANDARD": {"storagePerGbMonth": [["10", "0.01"], [None, "0.02"]]}}},
        {**GOOD, "classes": {"STANDARD": {"storagePerGbMonth": [[None, "0"]]}}},
        {**GOOD, "classes": {"STANDARD": {"storagePerGbMonth": [[None, "cheap"]]}}},
        {
            **GOOD,
            "classes": {
                "STANDARD": {"storagePerGbMonth": [["20", "0.03"], ["10", "0.02"], [None, "0.01"]]}
            },
        },
        {key: value for key, value in GOOD.items() if key != "asOf"},
    ],
)
def test_table_that_is_none_is_refused(wrong: dict[str, object]) -> None:
    """A price table with a fault is no table: nothing is computed from half of it."""
    with pytest.raises(PricesError):
        from_json(wrong, "test")


def test_table_is_read_as_it_is_written() -> None:
    """Prices by the thousand become prices by the piece, exactly."""
    classes = {
        "STANDARD": {"storagePerGbMonth": [[None, "0.02"]], "writePer1000": "0.005"},
    }
    table = from_json({**GOOD, "classes": classes, "monitoringPer1000Objects": "0.0025"}, "test")

    assert table.classes["STANDARD"].write == Decimal("0.000005")
    assert table.classes["STANDARD"].read is None
    assert table.monitoring == Decimal("0.0000025")
    assert table.storage("GLACIER", Decimal(1)) is None
