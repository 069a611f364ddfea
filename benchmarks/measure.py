"""Turns repeated runs into a median, a spread and a ratio. Pure but for the callables it runs."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of several figures, and how far they lie apart (10th and 90th percentile)."""

    median: float
    p10: float
    p90: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return the spread of at least one figure."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        deciles = statistics.quantiles(values, n=10, method="inclusive")
        return cls(statistics.median(values), deciles[0], deciles[-1])


@dataclass(frozen=True, slots=True)
class Pairs:
    """Seconds of subject and baseline, the n-th of each taken next to one another."""

    subject: tuple[float, ...]
    baseline: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """How many times as long as the baseline the subject takes: median over median."""
        return statistics.median(self.subject) / statistics.median(self.baseline)

    @property
    def ratios(self) -> Spread:
        """The spread of the ratios of the single pairs."""
        pairs = zip(self.subject, self.baseline, strict=True)
        return Spread.of([subject / baseline for subject, baseline in pairs])


def interleaved(
    subject: Callable[[], float],
    baseline: Callable[[], float],
    *,
    warm_up: int,
    repetitions: int,
) -> Pairs:
    """Run both by turns, so that whatever else the machine does weighs on both alike.

    Each returns the seconds it took. Which of the two goes first changes from pair to pair.
    """
    measured: tuple[list[float], list[float]] = ([], [])
    for index in range(warm_up + repetitions):
        order = (0, 1) if index % 2 else (1, 0)
        for which in order:
            seconds = (subject, baseline)[which]()
            if index >= warm_up:
                measured[which].append(seconds)
    return Pairs(tuple(measured[0]), tuple(measured[1]))
