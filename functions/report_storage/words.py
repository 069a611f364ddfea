"""Figures as people read them: bytes, gigabytes, dollars."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from functions.report_storage.price_table import cents, gigabytes

_UNITS = ("B", "KB", "MB", "GB", "TB", "PB", "EB")
_STEP = 1024
_TEN, _HUNDRED = 10, 100
_MOST_DIGITS = 6


def size(size_bytes: int) -> str:
    """Return a number of bytes with three digits that count."""
    value, unit = float(size_bytes), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value, unit = value / _STEP, unit + 1
    digits = 0 if unit == 0 or value >= _HUNDRED else 1 if value >= _TEN else 2
    told = f"{value:,.{digits}f}"
    return f"{told.rstrip('0').rstrip('.') if digits else told} {_UNITS[unit]}"


def amount_gb(size_bytes: int) -> str:
    """Return bytes as gigabytes for a sum."""
    return f"{_plain(gigabytes(size_bytes).quantize(Decimal('0.001')))} GB"


def money(amount: Decimal) -> str:
    """Return dollars and cents."""
    rounded = cents(amount)
    sign = "-" if rounded < 0 else ""
    return f"{sign}${abs(rounded):,.2f}"


def counted(number: int, what: str) -> str:
    """Return a number of things: 1 day, 2 days."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def some_of(names: Sequence[str], most: int = 12) -> str:
    """Return the names, the first ones alone where there are many."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest:,} more" if rest > 0 else "")


def dollars(price: Decimal) -> str:
    """Return a price, with as many digits as it has but no more than six that count."""
    if not price:
        return "$0"
    digits = max(0, _MOST_DIGITS - 1 - price.adjusted())
    return f"${_plain(round(price, digits))}"


def _plain(value: Decimal) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
