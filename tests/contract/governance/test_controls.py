"""The controls of remediate_bucket and the rules of AWS Config speak of the same things."""

from __future__ import annotations

from functions.remediate_bucket.control import Control
from functions.remediate_bucket.controls import ALL
from tests.contract.governance.managed_rules import CONTROLS


def rules(control: Control) -> tuple[str, ...]:
    """Return the identifiers that a control refers to: A_X/Y_Z stands for A_X_Z and A_Y_Z."""
    named = control.references.config_rule
    if named is None or "/" not in named:
        return () if named is None else (named,)
    first, second = named.split("/")
    word, end = second.split("_", 1)
    return f"{first}_{end}", f"{first.rpartition('_')[0]}_{word}_{end}"


def test_table_of_the_rules_is_that_of_the_controls() -> None:
    """Each control is in the table once, in its mode, with the rules that it refers to."""
    told = {control.id: (control.mode.value, rules(control)) for control in ALL}
    known = {control.id: (control.mode.value, control.rules) for control in CONTROLS}

    assert told == known
