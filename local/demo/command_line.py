"""The chapter on the command line: `tidegate upload --wait` of a clean and an infected file."""

import shlex
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, Group
from rich.panel import Panel
from rich.text import Text

from local import command, samples
from local.deployment import Stack

_CLEAN, _NOT_CLEAN = 0, 3


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of the command, and the exit code that it must have."""

    arguments: tuple[str, ...]
    output: str
    exit_code: int
    expected: int

    @property
    def correct(self) -> bool:
        return self.exit_code == self.expected


def show(console: Console, stack: Stack) -> int:
    """Upload both files with the command, show what it says; return how many ended wrong."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [
            _upload(stack, Path(folder) / "minutes.txt", samples.text(), _CLEAN),
            _upload(stack, Path(folder) / "invoice.com", samples.eicar(), _NOT_CLEAN),
        ]
    console.print(
        Panel(Group(*map(_shown, runs)), title="The command line: an exit code for each verdict")
    )
    return sum(not run.correct for run in runs)


def _upload(stack: Stack, file: Path, content: bytes, expected: int) -> _Run:
    file.write_bytes(content)
    options = ("command-line/", "--wait")
    done = command.run(stack, "upload", str(file), *options)
    # What is on standard error tells the way; of a failure it is all there is.
    output = done.stdout or done.stderr
    return _Run(("tidegate", "upload", file.name, *options), output, done.returncode, expected)


def _shown(run: _Run) -> Text:
    told = Text.assemble(("$ ", "dim"), (shlex.join(run.arguments), "bold"), "\n", run.output)
    mark = ("✓", "green") if run.correct else (f"✗ {run.expected} expected", "bold red")
    return told.append_text(Text.assemble(f"exit code {run.exit_code} ", mark, "\n"))
