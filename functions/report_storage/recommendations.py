"""What would cost less, each with its arithmetic; what does not pay is not among it.

No saving is a guess. Where a figure is not known exactly, the one that makes the saving smallest
is taken: the fewest bytes, the most objects, all reads on what was moved. What remains is at least
so. Savings of one report may be added up: each is priced at the cheapest band of its class and
concerns bytes of its own, so that all together save no less than their sum.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from functions.report_storage.price_table import DAYS_PER_MONTH, ZERO, cents

# What takes longer to pay back is left out.
LONGEST_PAYBACK_DAYS = 365


class Kind(StrEnum):
    """What to do."""

    ABORT_UPLOADS = "abort-incomplete-uploads"
    EXPIRE_NONCURRENT = "expire-noncurrent-versions"
    STANDARD_IA = "move-to-standard-ia"
    GLACIER_IR = "move-to-glacier-instant-retrieval"
    INTELLIGENT_TIERING = "move-to-intelligent-tiering"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a sum: what is computed, how, and the dollars a month (or once) it comes to.

    What is saved is positive, what is paid negative.
    """

    what: str
    calculation: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Something that pays: the monthly steps, what is paid once, and what is taken for granted.

    `lead_days` pass before the saving begins.
    """

    bucket: str
    region: str
    kind: Kind
    title: str
    monthly: tuple[Step, ...]
    once: tuple[Step, ...]
    bound: str
    assumptions: tuple[str, ...]
    lead_days: int = 0

    @property
    def monthly_saving(self) -> Decimal:
        """Dollars that a month costs less."""
        return sum((step.amount for step in self.monthly), ZERO)

    @property
    def one_time_cost(self) -> Decimal:
        """Dollars that are paid once."""
        return -sum((step.amount for step in self.once), ZERO)

    @property
    def break_even_days(self) -> int | None:
        """Days after which more is saved than was paid; None where that day never comes."""
        saving = self.monthly_saving
        if saving <= 0:
            return None
        days = self.one_time_cost * DAYS_PER_MONTH / saving
        return self.lead_days + int(days.to_integral_value(ROUND_CEILING))

    @property
    def pays(self) -> bool:
        """Whether it saves a cent a month at all, and has paid for itself within a year."""
        days = self.break_even_days
        return cents(self.monthly_saving) > 0 and days is not None and days <= LONGEST_PAYBACK_DAYS


@dataclass(frozen=True, slots=True)
class BreakEven:
    """A move whose saving depends on reads that nobody counts: from where on it would pay.

    No saving is claimed, and none is in any sum. `monthly_cost` is what the bytes cost as it is.
    """

    bucket: str
    region: str
    kind: Kind
    title: str
    condition: str
    calculation: str
    one_time_cost: Decimal
    monthly_cost: Decimal


def best(candidates: Iterable[Recommendation]) -> Recommendation | None:
    """Return the candidate that saves most of those that pay; they concern the same bytes."""
    paying = [candidate for candidate in candidates if candidate.pays]
    return max(paying, key=lambda candidate: candidate.monthly_saving, default=None)


def ranked(recommendations: Iterable[Recommendation]) -> tuple[Recommendation, ...]:
    """Return those that pay, the largest saving first."""
    return tuple(
        sorted(
            (each for each in recommendations if each.pays),
            key=lambda each: (-each.monthly_saving, each.bucket, each.kind),
        )
    )
