"""The price table of one region, and the arithmetic on it: exact decimals, rounded at the end.

A gigabyte of S3's price list has 2^30 bytes, and a month of it is taken as 30 days here. Storage is
priced in bands: the first so many gigabytes of a class in an account and region cost this, the
next ones less. A price that is not known is None, and nothing is computed from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

BYTES_PER_GB = 1 << 30
DAYS_PER_MONTH = 30
CURRENCY = "USD"
ZERO = Decimal(0)
_CENT = Decimal("0.01")
_THOUSAND = Decimal(1000)


class PricesError(ValueError):
    """A price table is not one: the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Band:
    """A price for the gigabytes up to a limit; the last band has none."""

    up_to_gb: Decimal | None
    price: Decimal


@dataclass(frozen=True, slots=True)
class ClassPrices:
    """Prices of one storage class, each for one: GB-month, request, object or GB read.

    `write` is the price of PUT, COPY, POST and LIST, `read` that of GET and all others,
    `transition` that of one object moved into the class by a lifecycle rule.
    """

    storage: tuple[Band, ...]
    write: Decimal | None = None
    read: Decimal | None = None
    transition: Decimal | None = None
    retrieval: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PriceTable:
    """The prices of one region. `origin` says how they came here, `as_of` of when they are."""

    region: str
    as_of: date
    source: str
    origin: str
    classes: Mapping[str, ClassPrices]
    monitoring: Decimal | None = None
    remarks: str = ""

    def of(self, storage_class: str) -> ClassPrices | None:
        """Return the prices of a class, or None where they are not known."""
        return self.classes.get(storage_class)

    def storage(self, storage_class: str, gigabytes: Decimal) -> Decimal | None:
        """Return what so many GB of a class cost in a month, all of them in this region."""
        prices = self.of(storage_class)
        return banded(prices.storage, gigabytes) if prices else None

    def saved(self, storage_class: str, total_gb: Decimal, removed_gb: Decimal) -> Decimal | None:
        """Return what a month costs less when GB of a class go: the cheapest band goes first."""
        with_all = self.storage(storage_class, total_gb)
        without = self.storage(storage_class, max(ZERO, total_gb - removed_gb))
        return None if with_all is None or without is None else with_all - without


def gigabytes(size_bytes: int) -> Decimal:
    """Return bytes as the gigabytes of the price list."""
    return Decimal(size_bytes) / BYTES_PER_GB


def gb_months(byte_hours: int, hours_in_month: int) -> Decimal:
    """Return byte-hours as GB-months, as S3's bill does."""
    return Decimal(byte_hours) / BYTES_PER_GB / hours_in_month


def banded(bands: tuple[Band, ...], gigabytes: Decimal) -> Decimal:
    """Return the price of so many GB: each band takes what lies between its limits."""
    total, start = ZERO, ZERO
    for band in bands:
        end = gigabytes if band.up_to_gb is None else min(gigabytes, band.up_to_gb)
        if end <= start:
            break
        total += (end - start) * band.price
        start = end
    return total


def retrieval_cost(
    requests: int, size_bytes: int, per_request: Decimal, per_gb: Decimal
) -> Decimal:
    """Return what reading costs where both requests and gigabytes are charged."""
    return requests * per_request + gigabytes(size_bytes) * per_gb


def cents(amount: Decimal) -> Decimal:
    """Return the amount rounded to the cent, halves up."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def from_json(document: Mapping[str, Any], origin: str) -> PriceTable:
    """Return the price table that a document of prices/ holds. Raises PricesError.

    {"region": …, "asOf": "2025-10-28", "source": URL, "remarks": …, "currency": "USD",
     "monitoringPer1000Objects": "0.0025", "classes": {"STANDARD": {
       "storagePerGbMonth": [["51200", "0.023"], …, [null, "0.021"]],
       "writePer1000": "0.005", "readPer1000": "0.0004", "transitionPer1000": null,
       "retrievalPerGb": "0"}}}
    """
    try:
        if document["currency"] != CURRENCY:
            raise PricesError(f"the prices are in {document['currency']}, not in {CURRENCY}")
        return PriceTable(
            region=document["region"],
            as_of=date.fromisoformat(document["asOf"]),
            source=document["source"],
            origin=origin,
            classes={
                name: _class_prices(name, given) for name, given in document["classes"].items()
            },
            monitoring=_per_thousand(document.get("monitoringPer1000Objects")),
            remarks=document.get("remarks", ""),
        )
    except (KeyError, TypeError, AttributeError, InvalidOperation) as error:
        raise PricesError(f"not a price table: {error!r}") from error


def checked_bands(name: str, bands: tuple[Band, ...]) -> tuple[Band, ...]:
    """Return the bands if they are in order, without end, and dearer first. Raises PricesError."""
    if not bands or bands[-1].up_to_gb is not None:
        raise PricesError(f"the last band of {name} has an end")
    limits = [band.up_to_gb for band in bands[:-1] if band.up_to_gb is not None]
    if len(limits) != len(bands) - 1 or limits != sorted({limit for limit in limits if limit > 0}):
        raise PricesError(f"the bands of {name} are out of order")
    prices = [band.price for band in bands]
    if min(prices) <= 0 or prices != sorted(prices, reverse=True):
        raise PricesError(f"the bands of {name} get dearer, or cost nothing")
    return bands


def _class_prices(name: str, given: Mapping[str, Any]) -> ClassPrices:
    bands = tuple(
        Band(None if limit is None else Decimal(limit), Decimal(price))
        for limit, price in given["storagePerGbMonth"]
    )
    retrieval = given.get("retrievalPerGb")
    return ClassPrices(
        storage=checked_bands(name, bands),
        write=_per_thousand(given.get("writePer1000")),
        read=_per_thousand(given.get("readPer1000")),
        transition=_per_thousand(given.get("transitionPer1000")),
        retrieval=None if retrieval is None else Decimal(retrieval),
    )


def _per_thousand(price: str | None) -> Decimal | None:
    return None if price is None else Decimal(price) / _THOUSAND
