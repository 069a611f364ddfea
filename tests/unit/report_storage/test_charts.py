"""The charts are right, escaped, and drawn without anything from elsewhere."""

from __future__ import annotations

import re
from datetime import date
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.report_storage.charts import Bar, Layer, bars, scale, stack

DAYS = [date(2026, 11, 1), date(2026, 11, 8), date(2026, 11, 15)]


def widths(html: str) -> list[str]:
    """Return the lengths of the bars."""
    return re.findall(r'<rect width="([\d.]+)%"', html)


def test_bars_are_as_long_as_their_values() -> None:
    """The longest has the whole width, the others their share; words alone have no bar."""
    html = bars([Bar("a", 10, "$10"), Bar("b", 2.5, "$2.50"), Bar("rest", None, "$99")], 0)

    assert widths(html) == ["100.0", "25.0"]
    assert html.count("<svg") == 2
    assert "$99" in html


@pytest.mark.parametrize("rows", [[], [Bar("a", 0, "$0")], [Bar("a", None, "$0")]])
def test_bars_of_nothing_divide_by_nothing(rows: list[Bar]) -> None:
    """No rows, and rows of zero, are drawn as such."""
    assert set(widths(bars(rows, 0))) <= {"0"}


def test_labels_are_escaped() -> None:
    """Whatever a name holds is shown, not obeyed."""
    name = "<script>alert('x')</script>&\""
    for html in (
        bars([Bar(name, 1, name, name)], 0),
        stack([Layer(name, [1, 2, 3])], DAYS, name),
    ):
        assert "<script" not in html
        assert "&lt;script&gt;" in html


@given(st.lists(st.lists(st.integers(0, 10**15), min_size=3, max_size=3), min_size=1, max_size=8))
def test_layers_lie_upon_each_other_within_the_plot(rows: list[list[int]]) -> None:
    """Each polygon begins where the last one ended, and none leaves the plot."""
    html = stack([Layer(f"l{n}", row) for n, row in enumerate(rows)], DAYS, "t")
    polygons = [
        [tuple(map(float, pair.split(","))) for pair in points.split()]
        for points in re.findall(r'points="([^"]+)"', html)
    ]

    ET.fromstring(html)
    assert len(polygons) == len(rows)
    floor = [100.0] * 3
    for points in polygons:
        roof, back = points[:3], points[3:][::-1]
        assert [y for _, y in back] == pytest.approx(floor, abs=0.02)
        assert all(-0.01 <= y <= 100.01 and 0 <= x <= 100 for x, y in points)
        floor = [y for _, y in roof]


def test_single_day_is_drawn_flat() -> None:
    """One figure is a line from edge to edge, and divides by no span of time."""
    html = stack([Layer("a", [7])], DAYS[:1], "t")

    assert "0.00,0.00 100.00,0.00" in html or 'points="0.00' in html
    assert "01 Nov 2026" in html


@given(st.integers(0, 10**18))
def test_scale_is_round_and_holds_the_most(most: int) -> None:
    """No figure is above the scale, and the scale is not far above the figure."""
    top = scale(most)

    assert top >= most
    assert most < 2 or top <= most * 2.6
