"""Labels become one legal tag, best first, and the whole answer is kept."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.label_image.labels import Label, recognition, tag_text

# S3's own rule, as its error message gives it.
LEGAL = re.compile(r"[\w\s+\-=.:/@]*")

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


def test_best_labels_come_first() -> None:
    """Whatever the order of the answer, the surest label leads; equals keep theirs."""
    found = recognition(
        {
            "Labels": [
                {"Name": "Sea", "Confidence": 80.0},
                {"Name": "Boat", "Confidence": 99.5},
                {"Name": "Water", "Confidence": 80.0},
            ]
        },
        None,
    )

    assert tag_text(found.labels) == "Boat:Sea:Water"


def test_whole_answer_is_kept_without_the_exchange() -> None:
    """Boxes, parents and versions stay; HTTP headers go."""
    labels: dict[str, Any] = {
        "Labels": [{"Name": "Boat", "Confidence": 99.5, "Parents": [{"Name": "Vehicle"}]}],
        "LabelModelVersion": "3.0",
        "ResponseMetadata": {"RequestId": "1"},
    }
    moderation = {"ModerationLabels": [], "ModerationModelVersion": "7.0", "ResponseMetadata": {}}
    found = recognition(labels, moderation)

    assert found.answer == {
        "detectLabels": {"Labels": labels["Labels"], "LabelModelVersion": "3.0"},
        "detectModerationLabels": {"ModerationLabels": [], "ModerationModelVersion": "7.0"},
    }
    assert (found.model_version, found.moderation_model_version) == ("3.0", "7.0")
    assert found.moderation == ()


def test_moderation_that_was_not_asked_for_is_unknown_not_empty() -> None:
    """None and nothing found are told apart."""
    assert recognition({"Labels": []}, None).moderation is None


@given(st.lists(names, max_size=40))
def test_tag_is_legal_and_never_too_long(told: list[str]) -> None:
    """256 characters, no comma, whole names, from the best on."""
    text = tag_text(Label(name, 90.0) for name in told)

    assert len(text) <= 256
    assert LEGAL.fullmatch(text)


@given(st.lists(st.text("abc -&,'", min_size=3, max_size=40), min_size=1, max_size=40))
def test_tag_holds_the_best_names_whole(told: list[str]) -> None:
    """None is cut, and none is left out while a worse one is in."""
    text = tag_text(Label(name, 90.0) for name in told)

    whole = [re.sub(r"[&,']", "_", name).strip() for name in told]
    assert text == ":".join(whole[: len(text.split(":"))])


def test_separator_in_a_name_does_not_make_two_of_it() -> None:
    """A name with a colon stays one."""
    assert tag_text([Label("T-Shirt: red, new", 90.0)]) == "T-Shirt_ red_ new"


def test_no_labels_are_no_text() -> None:
    """An image that shows nothing known gets no tag."""
    assert tag_text([]) == ""
