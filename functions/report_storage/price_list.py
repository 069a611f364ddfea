"""Makes a price table of what the AWS Price List Query API answers, and refuses an absurd one.

Each product is a JSON text: https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-the-aws-price-list-bulk-api-fetching-price-list.html.
A product's usage type begins with an abbreviation of its region, but for us-east-1:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/aws-usage-report-understand.html.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from functions.report_storage.price_table import (
    CURRENCY,
    Band,
    ClassPrices,
    PricesError,
    PriceTable,
    checked_bands,
)
from functions.report_storage.storage_classes import INT_FREQUENT, INTELLIGENT_TIERING, STANDARD

# A price list that moves a price by more than this is more likely to be misread than right.
MOST_CHANGE = Decimal(3)
# Where nothing is shipped to compare with: what a GB-month of Standard may cost.
_PLAUSIBLE_STANDARD = (Decimal("0.01"), Decimal("0.1"))
_REGION_PREFIX = re.compile(r"^[A-Z]{2,3}[A-Z0-9]?\d?-")

_STORAGE = {
    "TimedStorage-ByteHrs": STANDARD,
    "TimedStorage-SIA-ByteHrs": "STANDARD_IA",
    "TimedStorage-ZIA-ByteHrs": "ONEZONE_IA",
    "TimedStorage-GIR-ByteHrs": "GLACIER_IR",
    "TimedStorage-GlacierByteHrs": "GLACIER",
    "TimedStorage-GDA-ByteHrs": "DEEP_ARCHIVE",
    "TimedStorage-RRS-ByteHrs": "REDUCED_REDUNDANCY",
    "TimedStorage-INT-FA-ByteHrs": "INTELLIGENT_TIERING_FA",
    "TimedStorage-INT-IA-ByteHrs": "INTELLIGENT_TIERING_IA",
    "TimedStorage-INT-AIA-ByteHrs": "INTELLIGENT_TIERING_AIA",
    "TimedStorage-INT-AA-ByteHrs": "INTELLIGENT_TIERING_AA",
    "TimedStorage-INT-DAA-ByteHrs": "INTELLIGENT_TIERING_DAA",
}
# Usage types that other products share: the volume type of the one that is meant.
_VOLUME_TYPES = {
    STANDARD: "Standard",
    "GLACIER": "Amazon Glacier",
    "DEEP_ARCHIVE": "Glacier Deep Archive",
}
_REQUESTS = {
    "Requests-Tier1": (STANDARD, "write"),
    "Requests-Tier2": (STANDARD, "read"),
    "Requests-SIA-Tier1": ("STANDARD_IA", "write"),
    "Requests-SIA-Tier2": ("STANDARD_IA", "read"),
    "Requests-ZIA-Tier1": ("ONEZONE_IA", "write"),
    "Requests-ZIA-Tier2": ("ONEZONE_IA", "read"),
    "Requests-GIR-Tier1": ("GLACIER_IR", "write"),
    "Requests-GIR-Tier2": ("GLACIER_IR", "read"),
    "Requests-INT-Tier1": ("INTELLIGENT_TIERING_FA", "write"),
    "Requests-INT-Tier2": ("INTELLIGENT_TIERING_FA", "read"),
    "Retrieval-SIA": ("STANDARD_IA", "retrieval"),
    "Retrieval-ZIA": ("ONEZONE_IA", "retrieval"),
    "Retrieval-GIR": ("GLACIER_IR", "retrieval"),
}
_TRANSITIONS = {
    "S3-SIATransition": "STANDARD_IA",
    "S3-ZIATransition": "ONEZONE_IA",
    "S3-GIRTransition": "GLACIER_IR",
    "S3-INTTransition": "INTELLIGENT_TIERING",
}
_MONITORING = "Monitoring-Automation-INT"


@dataclass(frozen=True, slots=True)
class _Product:
    usage_type: str
    volume_type: str
    operation: str
    bands: tuple[Band, ...]
    published: str


def table_of(
    region: str, products: Iterable[str], shipped: PriceTable | None, source: str
) -> PriceTable:
    """Return the region's price table by the price list. Raises PricesError.

    Prices that the list does not show are taken from the shipped table, where there is one.
    """
    parsed = [product for text in products if (product := _product(text)) is not None]
    classes = {name: ClassPrices(bands) for name, bands in _storage(parsed).items()}
    if STANDARD not in classes:
        raise PricesError("the price list shows no price for Standard")
    if INT_FREQUENT in classes:
        # Where each object starts, and the class that the fee of moving there is entered at.
        classes[INTELLIGENT_TIERING] = classes[INT_FREQUENT]
    single = _single_prices(parsed)
    old = shipped.classes if shipped else {}
    for name in set(classes) | set(old):
        classes[name] = _completed(classes.get(name), old.get(name), single.get(name, {}))
    monitoring = single.get(_MONITORING, {}).get("monitoring")
    table = PriceTable(
        region=region,
        as_of=max(date.fromisoformat(product.published[:10]) for product in parsed),
        source=source,
        origin="read from the AWS price list",
        classes=classes,
        monitoring=monitoring or (shipped.monitoring if shipped else None),
    )
    _refuse_absurd(table, shipped)
    return table


def _product(text: str) -> _Product | None:
    """Return a product of the list; None for one without a price in dollars by the piece."""
    try:
        document = json.loads(text)
        attributes = document["product"]["attributes"]
        dimensions = [
            dimension
            for term in document["terms"].get("OnDemand", {}).values()
            for dimension in term["priceDimensions"].values()
        ]
        bands = sorted(
            (Decimal(each["beginRange"]), _band(each))
            for each in dimensions
            if CURRENCY in each["pricePerUnit"]
        )
        if not bands:
            return None
        return _Product(
            usage_type=_REGION_PREFIX.sub("", attributes.get("usagetype", ""), count=1),
            volume_type=attributes.get("volumeType", ""),
            operation=attributes.get("operation", ""),
            bands=tuple(band for _, band in bands),
            published=document["publicationDate"],
        )
    except (KeyError, TypeError, AttributeError, ValueError, InvalidOperation) as error:
        raise PricesError(f"a product of the price list cannot be read: {error!r}") from error


def _band(dimension: Mapping[str, Any]) -> Band:
    end = dimension["endRange"]
    limit = None if end == "Inf" else Decimal(end)
    return Band(limit, Decimal(dimension["pricePerUnit"][CURRENCY]))


def _storage(products: Iterable[_Product]) -> dict[str, tuple[Band, ...]]:
    found: dict[str, tuple[Band, ...]] = {}
    for product in products:
        name = _STORAGE.get(product.usage_type)
        if name is None or product.volume_type != _VOLUME_TYPES.get(name, product.volume_type):
            continue
        if found.setdefault(name, product.bands) != product.bands:
            raise PricesError(f"the price list shows two prices for {name}")
        checked_bands(name, product.bands)
    return found


def _single_prices(products: Iterable[_Product]) -> dict[str, dict[str, Decimal]]:
    """Return prices by the piece, by class: write, read, retrieval, transition, monitoring."""
    found: dict[str, dict[str, Decimal]] = {}
    for product in products:
        if product.operation in _TRANSITIONS:
            name, what = _TRANSITIONS[product.operation], "transition"
        elif product.usage_type in _REQUESTS:
            name, what = _REQUESTS[product.usage_type]
        elif product.usage_type.startswith(_MONITORING):
            name, what = _MONITORING, "monitoring"
        else:
            continue
        price = product.bands[-1].price
        # Some operations of a usage type are free.
        if price > 0:
            found.setdefault(name, {}).setdefault(what, price)
    return found


def _completed(
    new: ClassPrices | None, old: ClassPrices | None, single: Mapping[str, Decimal]
) -> ClassPrices:
    base = old if new is None else new
    if base is None:
        raise PricesError("a class has neither a new price nor an old one")
    if new is not None and old is not None:
        base = replace(old, storage=new.storage)
    return replace(
        base,
        write=single.get("write", base.write),
        read=single.get("read", base.read),
        transition=single.get("transition", base.transition),
        retrieval=single.get("retrieval", base.retrieval),
    )


def _refuse_absurd(table: PriceTable, shipped: PriceTable | None) -> None:
    """Refuse a table that cannot be right: beyond all change, or not in the order of classes."""
    first = {name: prices.storage[0].price for name, prices in table.classes.items()}
    low, high = _PLAUSIBLE_STANDARD
    if not low <= first[STANDARD] <= high:
        raise PricesError(f"a GB-month of Standard for ${first[STANDARD]} cannot be")
    for name in ("STANDARD_IA", "GLACIER_IR"):
        if name in first and first[name] > first[STANDARD]:
            raise PricesError(f"{name} dearer than Standard cannot be")
    for name, old in (shipped.classes if shipped else {}).items():
        new = table.classes[name]
        pairs = [(old.storage[0].price, new.storage[0].price)]
        pairs += [
            (getattr(old, what), getattr(new, what))
            for what in ("write", "read", "transition", "retrieval")
        ]
        for before, now in pairs:
            if before and now and not before / MOST_CHANGE <= now <= before * MOST_CHANGE:
                raise PricesError(f"a price of {name} went from ${before} to ${now}")
