"""What a case found, as rows of one table and as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.measure import Pairs, Spread

NOTE = (
    "Medians, and in brackets the 10th to the 90th percentile; subject and baseline run by turns. "
    "AWS is the embedded one on this machine: its own latency is in both sides, and where real "
    "AWS is slower, the ratios of (a) and (c) come out smaller and (b) fewer times faster. What "
    "is in each baseline: benchmarks/README.md."
)


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison. `met` is None where there is no goal: the row is for information."""

    case: str
    subject: str
    measured: str
    baseline: str
    result: str
    detail: str = ""
    goal: str = ""
    met: bool | None = None
    figures: Mapping[str, float] = field(default_factory=dict)


def at_most(case: str, subject: str, baseline: str, pairs: Pairs, limit: float | None) -> Row:
    """Return the row for "takes at most `limit` times as long"; without a limit no goal."""
    return Row(
        case,
        subject,
        _seconds(Spread.of(pairs.subject)),
        f"{_seconds(Spread.of(pairs.baseline))}\n{baseline}",
        f"{pairs.ratio:.2f} x",
        f"({pairs.ratios.p10:.2f}-{pairs.ratios.p90:.2f})",
        "" if limit is None else f"≤ {limit:g} x",
        None if limit is None else pairs.ratio <= limit,
        _figures(pairs),
    )


def times_faster(case: str, subject: str, baseline: str, pairs: Pairs, limit: float | None) -> Row:
    """Return the row for "at least `limit` times faster"; without a limit no goal."""
    faster, single = 1 / pairs.ratio, pairs.ratios
    return Row(
        case,
        subject,
        _seconds(Spread.of(pairs.subject)),
        f"{_seconds(Spread.of(pairs.baseline))}\n{baseline}",
        f"{_times(faster)} x faster",
        f"({_times(1 / single.p90)}-{_times(1 / single.p10)})",
        "" if limit is None else f"≥ {limit:g} x faster",
        None if limit is None else faster >= limit,
        _figures(pairs),
    )


def not_measured(case: str, subject: str, why: str) -> Row:
    """Return the row of a case that could not be measured: a goal that is not met."""
    return Row(case, subject, "-", "-", "not measured", escape(why), met=False)


def show(rows: Sequence[Row], console: Console) -> None:
    """Print the table and, loudly, whether all goals are met."""
    table = Table(
        title="Tidegate benchmarks", caption=NOTE, caption_justify="left", show_lines=True
    )
    for heading in ("", "Measured", "Baseline", "Result", "Goal"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        outcome = {
            True: "[bold green]met[/]",
            False: "[bold white on red] MISSED [/]",
            None: "[dim]for information[/]",
        }[row.met]
        table.add_row(
            row.case,
            f"{row.measured}\n[dim]{row.subject}[/]",
            row.baseline.replace("\n", "\n[dim]", 1),
            f"[bold]{row.result}[/]\n[dim]{row.detail}[/]",
            f"{row.goal}\n{outcome}".strip(),
        )
    console.print(table)
    missed = [row for row in rows if row.met is False]
    if missed:
        names = ", ".join(sorted({row.case for row in missed}))
        console.print(f"[bold white on red] {len(missed)} goal(s) MISSED: {names} [/]")
    else:
        reached = sum(1 for row in rows if row.met)
        console.print(f"[bold green]All {reached} goals met.[/]")


def write_json(rows: Sequence[Row], path: Path) -> None:
    """Write all figures, in seconds and bytes, for machines."""
    path.write_text(json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False) + "\n")


def _times(factor: float) -> str:
    return f"{factor:.1f}" if factor < 10 else f"{factor:.0f}"


def _figures(pairs: Pairs) -> dict[str, float]:
    subject, baseline, ratios = Spread.of(pairs.subject), Spread.of(pairs.baseline), pairs.ratios
    return {
        "pairs": len(pairs.subject),
        "ratio": pairs.ratio,
        **{f"subject_{name}": value for name, value in asdict(subject).items()},
        **{f"baseline_{name}": value for name, value in asdict(baseline).items()},
        **{f"ratio_of_pairs_{name}": value for name, value in asdict(ratios).items()},
    }


def _seconds(spread: Spread) -> str:
    unit, factor = ("ms", 1000) if spread.median < 1 else ("s", 1)
    digits = 1 if unit == "ms" else 2
    low, high = f"{spread.p10 * factor:.{digits}f}", f"{spread.p90 * factor:.{digits}f}"
    return f"{spread.median * factor:.{digits}f} {unit} ({low}-{high})"
