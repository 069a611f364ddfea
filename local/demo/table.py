"""Shows what became of the demo's uploads."""

import json

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from local.demo.uploads import Fate

_STYLES = {
    "NO_THREATS_FOUND": "green",
    "THREATS_FOUND": "bold red",
    "UNSUPPORTED": "yellow",
    "ACCESS_DENIED": "yellow",
    "FAILED": "bold magenta",
}


def show(console: Console, fates: list[Fate]) -> None:
    """Print one row for each upload."""
    table = Table(title="What became of each upload", show_lines=True, padding=(0, 1, 0, 1))
    releases = {fate.tags.get("scan-definitions", "") for fate in fates} - {""}
    table.caption = (
        f"What was scanned also carries scan-definitions={', '.join(sorted(releases))}.\n"
        "Time: from the end of the upload to the verdict; the first scan starts the engine."
    )
    table.add_column("Upload", ratio=6, overflow="fold")
    table.add_column("Verdict, and why", ratio=6, min_width=17, overflow="fold")
    table.add_column("Tags where it is now", ratio=7, overflow="fold")
    table.add_column("Where", min_width=10)
    table.add_column("Time", justify="right", min_width=6)
    table.add_column("", width=2)
    for fate in fates:
        table.add_row(*_row(fate))
    console.print(table)


def _row(fate: Fate) -> tuple[Text, Text, Text, Text, Text, Text]:
    case = fate.upload.case
    upload = Text.assemble((case.title, "bold"), "\n", (_shown_key(case.key), "cyan"))
    mark = Text("✓", "green") if fate.correct else Text("✗", "bold red")
    where = Text(fate.location)
    if fate.verdict is None:
        nothing = Text(f"none came; {case.expected} expected", "bold magenta")
        return upload, nothing, Text(""), where, Text("-"), mark
    found = ", ".join(fate.verdict.threats) or fate.verdict.reason
    verdict = Text.assemble(
        (fate.verdict.status, _STYLES.get(fate.verdict.status, "")),
        f"\n{found}" if found else "",
        (f"\n{case.because}", "dim"),
    )
    if fate.verdict.status != case.expected:
        verdict.append(f"\n{case.expected} expected", "bold magenta")
    tags = Text("\n").join(
        Text(f"{key}={value}")
        for key, value in sorted(fate.tags.items())
        if key != "scan-definitions"
    )
    return upload, verdict, tags, where, Text(f"{fate.seconds:.1f} s"), mark


def _shown_key(key: str) -> str:
    """Return the key with what would break the table written as escapes."""
    return key if key.isprintable() else json.dumps(key, ensure_ascii=False)


def show_next_steps(console: Console, *, left_running: bool) -> None:
    """Tell how to look further."""
    steps = Text.assemble(
        "Leave it running, and upload files of your own:\n",
        ("  make local-up && source .local/env\n", "bold"),
        ("  .venv/bin/tidegate upload some-file --wait\n", "bold"),
        ('  aws dynamodb scan --table-name "$LEDGER_TABLE_NAME"\n', "bold"),
        "One function in Lambda's own container, with a sample event:\n",
        (
            "  make invoke FUNCTION=ScanObjectFunction EVENT=events/scan_object/direct.json\n",
            "bold",
        ),
        "All tests, the measured ratios, and the end of it:\n",
        ("  make test      make bench      make local-down", "bold"),
    )
    state = (
        "The embedded AWS was running before and still is."
        if left_running
        else "The embedded AWS was started for this demo and is stopped again."
    )
    console.print(Panel(Group(steps, Text(f"\n{state}", "dim")), title="How to look further"))
