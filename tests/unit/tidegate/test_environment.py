"""A variable is what it should be, or the error names it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tidegate import environment as env
from tidegate.errors import MisconfiguredError
from tidegate.verdicts import Action


def test_values_are_read_in_their_types() -> None:
    """Text, number, flag, choice, and nothing where nothing is set."""
    variables = {"NAME": "uploads", "MAX": "7", "ON": "true", "ACTION": "BLOCK", "NONE": ""}
    assert env.text(variables, "NAME") == "uploads"
    assert env.optional(variables, "NAME") == "uploads"
    assert env.optional(variables, "NONE") is None
    assert env.optional(variables, "ABSENT") is None
    assert env.integer(variables, "MAX", 7, 7) == 7
    assert env.flag(variables, "ON") is True
    assert env.choice(variables, "ACTION", Action) is Action.BLOCK


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda v: env.text(v, "NAME"), ""),
        (lambda v: env.integer(v, "NAME", 1, 9), "many"),
        (lambda v: env.integer(v, "NAME", 1, 9), "0"),
        (lambda v: env.integer(v, "NAME", 1, 9), "10"),
        (lambda v: env.integer(v, "NAME", 1, 9), "1.5"),
        (lambda v: env.flag(v, "NAME"), "yes"),
        (lambda v: env.flag(v, "NAME"), "True"),
        (lambda v: env.choice(v, "NAME", Action), "block"),
    ],
)
def test_wrong_value_is_named(read: Callable[[dict[str, str]], object], value: str) -> None:
    """An operator reads which variable to mend."""
    with pytest.raises(MisconfiguredError, match="NAME"):
        read({"NAME": value})
