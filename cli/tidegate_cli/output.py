"""Shows answers to people, or gives them to programs as one JSON document (`--json`).

Answers go to standard output; progress, questions and people's errors to standard error. Colours
are rich's choice: none where it is no terminal, or where NO_COLOR is set. What a key, a tag or a
signature holds is shown as text, its control characters as escapes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import typer
from rich.console import Console, RenderableType
from rich.text import Text

from tidegate_cli.errors import CliError, StoppedError
from tidegate_cli.exits import Exit


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command's answers go. `as_json`: one document and nothing else."""

    as_json: bool
    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))
    errors: Console = field(
        default_factory=lambda: Console(stderr=True, highlight=False, soft_wrap=True)
    )

    def answer(self, document: Mapping[str, Any], *shown: RenderableType) -> None:
        """Give the document to a program, or show its other form to people."""
        if self.as_json:
            self.raw(json.dumps(document, indent=2, default=str))
            return
        for part in shown:
            self.console.print(part)

    def raw(self, text: str) -> None:
        """Write the text exactly as it is."""
        typer.echo(text)

    def aside(self, shown: RenderableType) -> None:
        """Show people something beside the answer, such as what they are asked to confirm."""
        self.errors.print(shown)

    def note(self, text: str, style: str = "") -> None:
        """Tell people something on the side."""
        if not self.as_json:
            self.errors.print(Text(text, style=style))

    def failed(self, error: CliError) -> None:
        """Tell of an error."""
        if self.as_json:
            self.answer(
                {
                    "error": type(error).__name__,
                    "message": str(error),
                    "exitCode": int(error.exit),
                    **error.details,
                }
            )
        else:
            name = Text(type(error).__name__, "bold red")
            self.errors.print(Text.assemble(name, ": ", plain(str(error), keep="\n")))

    def stopped(self, code: int, notes: Iterable[str]) -> None:
        """Tell that somebody ended the command, and of what that left."""
        text = "\n".join(["interrupted", *notes])
        if self.as_json:
            self.answer({"error": "Interrupted", "message": text, "exitCode": int(code)})
        else:
            self.errors.print(Text(plain(text, keep="\n")))


@contextmanager
def reporting(*, as_json: bool) -> Iterator[Output]:
    """Give the block its output; end the command with the exit code of the error that it raises."""
    output = Output(as_json)
    try:
        yield output
    except CliError as error:
        output.failed(error)
        raise typer.Exit(error.exit) from error
    except KeyboardInterrupt as error:
        code = error.exit if isinstance(error, StoppedError) else Exit.INTERRUPTED
        output.stopped(code, getattr(error, "__notes__", ()))
        raise typer.Exit(code) from error


def plain(text: str, keep: str = "") -> str:
    """Return the text with whatever a terminal would obey instead of show written as escapes."""
    return "".join(
        character if character.isprintable() or character in keep else repr(character)[1:-1]
        for character in text
    )


def facts(pairs: Iterable[tuple[str, str | Text | None]]) -> Text:
    """Return names and values, one line each and never broken; what is None is left out."""
    known = [(name, value) for name, value in pairs if value is not None]
    width = max((len(name) for name, _ in known), default=0)
    lines = [
        Text.assemble(
            (f"{name:<{width}}  ", "dim"), value if isinstance(value, Text) else plain(value)
        )
        for name, value in known
    ]
    return Text("\n").join(lines)
