"""The demo from start to end."""

import functools
import os

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
)

from local import definitions, embedded_aws, progress, suite
from local.demo import command_line, costs, images, logs, remediation, table, uploads
from local.demo.cases import Case, cases
from local.demo.uploads import Fate, Upload
from local.deployment import Stack
from local.verdicts import Listener, Verdict

_VERDICT_SECONDS = 120.0


def run(console: Console) -> int:
    """Deploy, show each part at work; return 0 only where all went as expected."""
    was_running = embedded_aws.running() is not None
    try:
        stack = _prepare(console)
        wrong = costs.show(console, stack)
        with Listener(stack) as listener:
            fates = _upload_all(console, stack, listener)
        table.show(console, fates)
        wrong += sum(not fate.correct for fate in fates)
        for chapter in (images, logs, remediation, command_line):
            wrong += chapter.show(console, stack)
        if wrong:
            console.print(f"[bold red]{wrong} did not go as they must.[/]")
        else:
            console.print("[bold green]All went as they must.[/]")
        table.show_next_steps(console, left_running=was_running)
    finally:
        if not was_running:
            embedded_aws.stop()
    return 1 if wrong else 0


def _prepare(console: Console) -> Stack:
    stack = suite.up(functools.partial(progress.step, console))
    # Nothing persists here, so the vendor's half a gigabyte would be fetched each time, and the
    # vendor refuses that soon: it is asked only when somebody says so.
    if os.environ.get("DEFINITIONS") == "vendor":
        with progress.step(console, "The vendor's definitions fetched, proven and published"):
            definitions.update_from_vendor(stack)
    return stack


def _upload_all(console: Console, stack: Stack, listener: Listener) -> list[Fate]:
    limit = int(_max_object_bytes(stack))
    every = cases(limit)
    at_rest = [case for case in every if case.replaced_by is None]
    replaced = [case for case in every if case.replaced_by is not None]
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
    ) as shown:
        task = shown.add_task("Uploading, and waiting for verdicts", total=len(every))
        fates = [
            _fate_of(stack, listener, upload, shown, task)
            for upload in [uploads.put(stack, case) for case in at_rest]
        ]
        fates += [
            _fate_of(stack, listener, upload, shown, task)
            for upload in _put_while_paused(stack, replaced)
        ]
    console.print(f"[green]✓[/] {len(every)} files uploaded, their verdicts heard on the event bus")
    return fates


def _put_while_paused(stack: Stack, replaced: list[Case]) -> list[Upload]:
    """Upload and overwrite while the scanner is held, so that it sees both events at once."""
    uploads.set_scanning(stack, enabled=False)
    try:
        return [uploads.put(stack, case) for case in replaced]
    finally:
        uploads.set_scanning(stack, enabled=True)


def _fate_of(
    stack: Stack, listener: Listener, upload: Upload, shown: Progress, task: TaskID
) -> Fate:
    verdict: Verdict | None = listener.wait(upload.matches, _VERDICT_SECONDS)
    fate = uploads.fate(stack, listener, upload, verdict)
    shown.advance(task)
    return fate


def _max_object_bytes(stack: Stack) -> str:
    """Return the size limit that the deployed scanner has."""
    configuration = stack.client("lambda").get_function_configuration(
        FunctionName=stack.output("ScanObjectFunctionName")
    )
    limit: str = configuration["Environment"]["Variables"]["MAX_OBJECT_BYTES"]
    return limit
