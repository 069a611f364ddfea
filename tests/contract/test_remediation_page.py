"""docs/remediation.md says what the code says."""

from __future__ import annotations

import re

from functions.remediate_bucket import exemptions, trigger
from functions.remediate_bucket.controls import ALL
from tests.contract import controls_table

KNOWN = frozenset(control.id for control in ALL)


def test_controls_are_those_of_the_code() -> None:
    """The table has each control as it is; `python -m tests.contract.controls_table` writes it."""
    assert controls_table.written() == controls_table.expected()


def test_exemptions_in_examples_are_understood() -> None:
    """Each tag value that the page shows is one that keeps a bucket from being changed."""
    text = controls_table.PAGE.read_text()
    shown = re.findall(r'"Value": "(controls=[^"]+)"', text)

    assert shown
    for value in shown:
        assert isinstance(exemptions.from_tag("tag", value, KNOWN), exemptions.Exemption)


def test_requests_in_examples_are_taken() -> None:
    """Each request that the page shows is one that the function understands."""
    text = controls_table.PAGE.read_text()
    shown = re.findall(r"--payload '(\{.*?\})'", text)

    assert len(shown) >= 4
    for payload in shown:
        trigger.parse_body(payload, trigger.Identity("1", "role"))
