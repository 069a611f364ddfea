"""Draws the page's charts as inline SVG: no script, no fonts, nothing to fetch.

Widths are percentages, so that a chart fits any screen while its words keep their size; colours
are the page's own (classes c0 to c7), which follow light and dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from functions.report_storage.words import size

COLOURS = 8
_PLOT_HEIGHT = 220
_LINES = 5
_STEPS = (1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10)
_UNIT = 1024


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label, its length, and its length in words; without a length words alone."""

    label: str
    value: float | None
    words: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a stack: its label and a value for each day."""

    label: str
    values: Sequence[int]


def bars(rows: Sequence[Bar], colour: int) -> str:
    """Return horizontal bars, one below the other, the longest over the whole width."""
    longest = max((row.value for row in rows if row.value is not None), default=0)
    return "".join(
        '<div class="bar"><div class="bar-words">'
        f"<span>{escape(row.label)}"
        f"{f'<small>{escape(row.detail)}</small>' if row.detail else ''}</span>"
        f"<b>{escape(row.words)}</b></div>"
        f"{'' if row.value is None else _bar(row.value, longest, colour)}</div>"
        for row in rows
    )


def _bar(value: float, longest: float, colour: int) -> str:
    return (
        f'<svg class="c{colour % COLOURS}" width="100%" height="8" aria-hidden="true">'
        '<rect class="track" width="100%" height="8" rx="4"/>'
        f'<rect width="{_percent(value, longest)}%" height="8" rx="4"/></svg>'
    )


def stack(layers: Sequence[Layer], days: Sequence[date], title: str) -> str:
    """Return the layers as areas, one upon the other, with a scale of bytes and dates.

    A single day is drawn as if it had lasted: a flat stack.
    """
    totals = [sum(values) for values in zip(*(layer.values for layer in layers), strict=True)]
    top = scale(max(totals, default=0))
    spread = [*days, *days] if len(days) == 1 else list(days)
    floor = [0.0] * len(spread)
    areas = []
    for number, layer in enumerate(layers):
        values = [*layer.values, *layer.values] if len(days) == 1 else list(layer.values)
        roof = [low + value for low, value in zip(floor, values, strict=True)]
        areas.append(
            f'<polygon class="c{number % COLOURS}" points="{_points(roof, floor, top)}">'
            f"<title>{escape(layer.label)}</title></polygon>"
        )
        floor = roof
    labels = "".join(
        f"<span>{size(top * number // _LINES)}</span>" for number in range(_LINES, -1, -1)
    )
    return (
        f'<div class="plot"><div class="scale">{labels}</div>'
        f'<svg width="100%" height="{_PLOT_HEIGHT}" role="img" '
        f'aria-label="{escape(title, quote=True)}">'
        f'<svg width="100%" height="{_PLOT_HEIGHT}" viewBox="0 0 100 100" '
        f'preserveAspectRatio="none">{"".join(areas)}</svg>{_grid()}</svg>'
        f'<div class="dates">{_dates(days)}</div></div>'
    )


def scale(most: int) -> int:
    """Return a round number of bytes that is no less than this one."""
    unit = 1
    while most > unit * 1000:
        unit *= _UNIT
    for power in (1, 10, 100, 1000):
        for step in _STEPS:
            if step * power * unit >= most:
                return int(step * power * unit)
    return most


def _points(roof: Sequence[float], floor: Sequence[float], top: int) -> str:
    def at(index: int, value: float) -> str:
        return f"{100 * index / (len(roof) - 1):.2f},{100 - (100 * value / top if top else 0):.2f}"

    there = [at(index, value) for index, value in enumerate(roof)]
    back = [at(index, value) for index, value in reversed(list(enumerate(floor)))]
    return " ".join([*there, *back])


def _grid() -> str:
    return "".join(
        f'<line class="grid" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>'
        for y in (
            min(_PLOT_HEIGHT - 0.5, max(0.5, _PLOT_HEIGHT * number / _LINES))
            for number in range(_LINES + 1)
        )
    )


def _dates(days: Sequence[date]) -> str:
    first = f"<span>{days[0]:%d %b %Y}</span>"
    return first if len(days) == 1 else f"{first}<span>{days[-1]:%d %b %Y}</span>"


def _percent(value: float, longest: float) -> str:
    return f"{max(0.5, 100 * value / longest):.1f}" if longest > 0 and value > 0 else "0"
