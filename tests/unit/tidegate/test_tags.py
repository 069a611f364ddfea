"""Our tags fit in beside the user's, or stay away."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.tags import MAX_TAGS, legal_value, merge

OURS = ("scan-status", "scan-detail", "scan-definitions")
# S3's own rule, as its error message gives it.
LEGAL = re.compile(r"[\w\s+\-=.:/@]*")

user_tags = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
        lambda key: key not in OURS
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    max_size=10,
)
values = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)


@given(user_tags, values, values, values)
def test_merged_tags_keep_every_user_tag_and_stay_legal(
    present: dict[str, str], status: str, detail: str, definitions: str
) -> None:
    """Never more than ten, never one of the user's less, never a value that S3 refuses."""
    essential = {"scan-status": status}
    useful = {"scan-detail": detail, "scan-definitions": definitions}
    merged = merge(present, essential, useful)
    if merged is None:
        assert len(present) + 1 > MAX_TAGS
        return
    assert len(merged) <= MAX_TAGS
    assert {key: merged.get(key) for key in present} == present
    assert all(key in {*present, *OURS} for key in merged)
    for key in merged.keys() - present.keys():
        assert len(merged[key]) <= 256
        assert LEGAL.fullmatch(merged[key])


@given(user_tags, values.filter(bool), values.filter(bool))
def test_merging_twice_changes_nothing(present: dict[str, str], status: str, detail: str) -> None:
    """A repeated verdict finds its own tags and writes the same."""
    essential, useful = {"scan-status": status}, {"scan-detail": detail}
    once = merge(present, essential, useful)
    if once is not None:
        assert merge(once, essential, useful) == once


@pytest.mark.parametrize(
    ("count", "expected"), [(7, 10), (8, 9), (9, 10), (10, None)], ids=["7", "8", "9", "10"]
)
def test_room_decides_how_much_is_written(count: int, expected: int | None) -> None:
    """All three, else the status alone, else nothing; the useful ones come together."""
    present = {f"user-{number}": "x" for number in range(count)}
    merged = merge(
        present, {"scan-status": "FAILED"}, {"scan-detail": "d", "scan-definitions": "r"}
    )
    assert (len(merged) if merged else None) == expected


def test_status_alone_takes_an_older_verdicts_details_away() -> None:
    """A detail that is left from before must not contradict the new status."""
    present = {f"user-{number}": "x" for number in range(8)} | {
        "scan-status": "NO_THREATS_FOUND",
        "scan-detail": "old",
    }
    merged = merge(
        present, {"scan-status": "THREATS_FOUND"}, {"scan-detail": "new", "scan-definitions": "r"}
    )
    assert merged is not None
    assert merged["scan-status"] == "THREATS_FOUND"
    assert "scan-detail" not in merged


def test_ten_tags_with_ours_among_them_are_updated() -> None:
    """What was written before is replaced, however full the object is."""
    present = {f"user-{number}": "x" for number in range(9)} | {"scan-status": "NO_THREATS_FOUND"}
    merged = merge(present, {"scan-status": "THREATS_FOUND"}, {"scan-detail": "d"})
    assert merged == present | {"scan-status": "THREATS_FOUND"}


@pytest.mark.parametrize(
    ("value", "legal"),
    [
        ("Win.Test.EICAR_HDB-1", "Win.Test.EICAR_HDB-1"),
        ("a,b;c", "a_b_c"),
        ("ünïcode 漢字 + - = . _ : / @", "ünïcode 漢字 + - = . _ : / @"),
        ("tab\tand\nline", "tab_and_line"),
        ("😀", "_"),
        (" padded ", "padded"),
        ("x" * 300, "x" * 256),
    ],
)
def test_illegal_characters_become_underscores(value: str, legal: str) -> None:
    """S3 refuses commas, control characters and symbols; AWS would refuse the whole call."""
    assert legal_value(value) == legal
