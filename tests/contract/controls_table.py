"""The table of controls in docs/remediation.md, made from the code.

`python -m tests.contract.controls_table` writes it anew.
"""

from __future__ import annotations

import re
from pathlib import Path

from functions.remediate_bucket.controls import ALL

PAGE = Path(__file__).parents[2] / "docs" / "remediation.md"
_SECTION = re.compile(r"(?<=<!-- controls: begin -->\n).*?(?=<!-- controls: end -->)", re.DOTALL)
_MODES = {"A": "safe to apply", "O": "opt-in", "R": "report only"}


def expected() -> str:
    """Return the table: all controls in the order of applying, with where others ask the same."""
    lines = [
        "| Control | Asks that | Mode | FSBP | CIS 5.0 | AWS Config's rule |",
        "|---|---|---|---|---|---|",
    ]
    for control in ALL:
        others = control.references
        told = [others.fsbp, others.cis, others.config_rule and f"`{others.config_rule}`"]
        cells = [f"`{control.id}`", control.title, _MODES[control.mode.value]]
        lines.append(f"| {' | '.join([*cells, *(one or '–' for one in told)])} |")
    return "\n".join(lines) + "\n"


def written() -> str:
    """Return the table as the page has it."""
    section = _SECTION.search(PAGE.read_text())
    assert section is not None, "docs/remediation.md has no place for the controls"
    return section.group()


def write() -> None:
    """Put the table into the page."""
    text = PAGE.read_text()
    PAGE.write_text(_SECTION.sub(lambda _: expected(), text))


if __name__ == "__main__":
    write()
