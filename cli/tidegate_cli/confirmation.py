"""Asks people to type out what they are about to change."""

from __future__ import annotations

import typer

from tidegate_cli.errors import RefusedError
from tidegate_cli.output import plain


def confirm(consequence: str, expected: str) -> None:
    """Return once the expected words were typed; RefusedError for any others, or for none."""
    question = f"{plain(consequence)}\nType {plain(expected)} to go on"
    try:
        typed = typer.prompt(question, err=True, default="", show_default=False)
    except typer.Abort as error:
        raise RefusedError("not confirmed: nothing was changed") from error
    # Where the name holds what cannot be typed, its shown form is enough.
    if typed not in (expected, plain(expected)):
        raise RefusedError(f"{typed!r} is not {plain(expected)!r}: nothing was changed")
