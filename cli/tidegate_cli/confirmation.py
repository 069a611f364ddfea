"""Asks people to type out what they are about to change."""

from __future__ import annotations

import sys

import typer

from tidegate_cli.errors import RefusedError
from tidegate_cli.output import plain


def confirm(consequence: str, expected: str) -> None:
    """Return once the expected words were typed; RefusedError for any others, or for none.

    All of it goes to standard error: standard output is for the answer.
    """
    typer.echo(f"{plain(consequence)}\nType {plain(expected)} to go on: ", err=True, nl=False)
    typed = _typed()
    # Where the name holds what cannot be typed, its shown form is enough.
    if typed not in (expected, plain(expected)):
        raise RefusedError(f"not confirmed with {plain(expected)}: nothing was changed")


def _typed() -> str:
    """Return the line typed; nothing where standard input is closed or is no text."""
    if sys.stdin is None:
        return ""
    try:
        return typer.get_text_stream("stdin").readline().removesuffix("\n")
    except UnicodeDecodeError:
        return ""
