"""The README's table of parameters, made from the template.

`python -m tests.contract.parameters_table` writes it anew.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.contract.cloudformation import load

README = Path(__file__).parents[2] / "README.md"
_SECTION = re.compile(
    r"(?<=<!-- parameters: begin -->\n).*?(?=<!-- parameters: end -->)", re.DOTALL
)


def expected() -> str:
    """Return the table: the template's parameters in the console's groups, with their defaults."""
    template = load()
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    lines = ["| Parameter | Default | Meaning |", "|---|---|---|"]
    for group in groups:
        lines.append(f"| **{group['Label']['default']}** | | |")
        for name in group["Parameters"]:
            parameter = template["Parameters"][name]
            default = f"`{parameter['Default']}`" if parameter["Default"] != "" else "*(empty)*"
            meaning = " ".join(parameter["Description"].split())
            lines.append(f"| `{name}` | {default} | {meaning} |")
    return "\n".join(lines) + "\n"


def written() -> str:
    """Return the table as the README has it."""
    section = _SECTION.search(README.read_text())
    assert section is not None, "README.md has no place for the parameters"
    return section.group()


def write() -> None:
    """Put the table into the README."""
    text = README.read_text()
    README.write_text(_SECTION.sub(lambda _: expected(), text))


if __name__ == "__main__":
    write()
