"""What a change alters, as a unified difference of the two settings."""

from __future__ import annotations

import difflib
import json
from typing import Any

from rich.text import Text

from tidegate_cli.output import plain

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def lines(before: Any, after: Any) -> list[str]:
    """Return the lines that differ, with three around them; None stands for no setting at all."""
    return list(
        difflib.unified_diff(_written(before), _written(after), "before", "after", lineterm="")
    )


def coloured(before: Any, after: Any) -> Text:
    """Return the same for a terminal."""
    text = Text()
    for number, line in enumerate(lines(before, after)):
        # The first two name the sides.
        style = "bold" if number < len(("---", "+++")) else _STYLES.get(line[:1], "")
        text.append(f"{plain(line)}\n", style)
    return text


def _written(setting: Any) -> list[str]:
    if setting is None:
        return []
    return json.dumps(setting, indent=2, sort_keys=True, ensure_ascii=False).splitlines()
