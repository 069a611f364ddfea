"""tidegate harden: a bucket's settings held against the controls, through remediate_bucket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from tidegate_cli import difference, functions, stack
from tidegate_cli.aws import Aws
from tidegate_cli.confirmation import confirm
from tidegate_cli.errors import UsageError
from tidegate_cli.exits import Exit
from tidegate_cli.options import JsonOption, StackOption, YesOption
from tidegate_cli.output import facts, plain, reporting
from tidegate_cli.remediation import (
    Change,
    Compliance,
    Outcome,
    Remediation,
    survey_is_well,
    undone,
)

app = typer.Typer(
    help="Report, plan, apply and undo the hardening of buckets.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

BucketArgument = Annotated[str, typer.Argument(help="The bucket's name.")]
ControlOption = Annotated[
    list[str] | None,
    typer.Option("--control", metavar="ID", help="Only this control; may be given again."),
]
FunctionOption = Annotated[
    str | None,
    typer.Option(
        "--function", metavar="NAME", help="Else the stack's RemediateBucketFunctionName."
    ),
]
_STYLES: dict[str, str] = {
    Compliance.COMPLIANT: "green",
    Compliance.NON_COMPLIANT: "bold red",
    Compliance.NOT_APPLICABLE: "dim",
    Compliance.UNKNOWN: "bold magenta",
    Outcome.PLANNED: "yellow",
    Outcome.APPLIED: "green",
    Outcome.UNDONE: "green",
    Outcome.REFUSED: "bold magenta",
    Outcome.FAILED: "bold red",
}
_MODES = {"A": "safe to apply", "O": "opt-in", "R": "report only"}
# Of these modes the function applies what no control is named for.
_APPLIED_UNASKED = "A"


@app.command()
def report(
    ctx: typer.Context,
    *,
    bucket: Annotated[str | None, typer.Argument(help="One bucket; else all of them.")] = None,
    control: ControlOption = None,
    function: FunctionOption = None,
    stack_name: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell how a bucket, or the account, stands with the controls; nothing is changed.

    Ends with 3 where a control is not met, or could not be looked at.
    """
    with reporting(as_json=as_json) as output:
        if control and bucket is None:
            raise UsageError("--control goes with a bucket: the report on all has every control")
        answer = _ask(ctx.obj, function, stack_name, "report", bucket, control)
        if bucket is None:
            output.answer(answer, _survey(answer))
            well = survey_is_well(answer)
        else:
            found = Remediation.of(answer)
            output.answer(answer, _findings(found))
            well = found.all_well
        _end(well=well)


@app.command()
def plan(
    ctx: typer.Context,
    *,
    bucket: BucketArgument,
    control: ControlOption = None,
    function: FunctionOption = None,
    stack_name: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what would be changed, setting by setting; nothing is changed."""
    with reporting(as_json=as_json) as output:
        answer = _ask(ctx.obj, function, stack_name, "plan", bucket, control)
        found = Remediation.of(answer)
        output.answer(answer, _findings(found), *_changes(found.changes))
        _end(well=found.all_well)


@app.command()
def apply(
    ctx: typer.Context,
    *,
    bucket: BucketArgument,
    control: ControlOption = None,
    function: FunctionOption = None,
    stack_name: StackOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Change what is safe to apply, or the controls named, once the bucket's name was typed.

    Ends with 3 where a control is still not met afterwards.
    """
    with reporting(as_json=as_json) as output:
        name = _function(ctx.obj, function, stack_name)
        if not yes:
            planned = _to_be_applied(
                Remediation.of(_ask(ctx.obj, name, None, "plan", bucket, control)), control
            )
            for part in _changes(planned):
                output.aside(part)
            if planned:
                confirm(f"{len(planned)} settings of {bucket} are changed.", bucket)
        answer = _ask(ctx.obj, name, None, "apply", bucket, control)
        found = Remediation.of(answer)
        output.answer(answer, _findings(found), _outcomes(found.changes))
        _end(well=found.all_well)


@app.command()
def undo(
    ctx: typer.Context,
    *,
    change: Annotated[str, typer.Argument(help="The id that apply told; the bucket is in it.")],
    function: FunctionOption = None,
    stack_name: StackOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Set back what one change set, unless the setting is another by now.

    Ends with 4 where that is refused.
    """
    with reporting(as_json=as_json) as output:
        name = _function(ctx.obj, function, stack_name)
        if not yes:
            confirm(f"The change {change} is undone.", change.partition(":")[0])
        answer = functions.call(ctx.obj, name, {"mode": "undo", "change": change})
        done = undone(answer)
        output.answer(answer, *_changes([done]))
        if done.outcome is not Outcome.UNDONE:
            raise typer.Exit(Exit.REFUSED)


def _function(aws: Aws, function: str | None, stack_name: str | None) -> str:
    if function:
        return function
    found = stack.find(aws, stack_name, "--function")
    return found.output("RemediateBucketFunctionName", "--function")


def _ask(
    aws: Aws,
    function: str | None,
    stack_name: str | None,
    mode: str,
    bucket: str | None,
    controls: Sequence[str] | None,
) -> dict[str, Any]:
    event: dict[str, Any] = {"mode": mode}
    if bucket:
        event["bucket"] = bucket
    if controls:
        event["controls"] = list(controls)
    return functions.call(aws, _function(aws, function, stack_name), event)


def _to_be_applied(found: Remediation, controls: Sequence[str] | None) -> list[Change]:
    """Return those of the planned changes that apply will make."""
    unasked = {item.control for item in found.findings if item.mode == _APPLIED_UNASKED}
    return [change for change in found.planned if controls is not None or change.control in unasked]


def _end(*, well: bool) -> None:
    if not well:
        raise typer.Exit(Exit.NOT_CLEAN)


def _findings(found: Remediation) -> Table:
    table = Table(title=f"Controls of {plain(found.bucket)}", title_justify="left")
    for heading in ("Control", "", "May be applied", "Reason"):
        table.add_column(heading, overflow="fold")
    for finding in found.findings:
        compliance = finding.compliance.value
        table.add_row(
            Text.assemble(plain(finding.title), "\n", (plain(finding.control), "dim")),
            Text(compliance, _STYLES[compliance]),
            Text(_MODES.get(finding.mode, finding.mode)),
            Text("\n".join(filter(None, (plain(finding.reason), plain(finding.advice or ""))))),
        )
    return table


def _changes(changes: Sequence[Change]) -> list[RenderableType]:
    if not changes:
        return [Text("Nothing is to be changed.", "dim")]
    parts: list[RenderableType] = []
    for change in changes:
        parts += [_outcome(change), difference.coloured(change.before, change.after)]
        if change.patch:
            parts.append(Text(plain(change.patch, keep="\n")))
    return parts


def _outcomes(changes: Sequence[Change]) -> Text:
    return Text("\n").join(_outcome(change) for change in changes)


def _outcome(change: Change) -> Text:
    # An undo tells of its change by the id alone.
    what = f"{change.control}: {change.operation}" if change.control else change.change or ""
    told = Text.assemble((change.outcome.value, _STYLES[change.outcome.value]), f" {plain(what)}")
    if change.reason:
        told.append(f" ({plain(change.reason)})")
    if change.change and change.outcome is Outcome.APPLIED:
        told.append(f"  undo: {plain(change.change)}", "dim")
    return told


def _survey(answer: dict[str, Any]) -> Text:
    summary = answer.get("summary")
    counts = summary.items() if isinstance(summary, dict) else ()
    return facts(
        [
            ("Buckets", str(answer.get("buckets", "?"))),
            *((str(name), str(count)) for name, count in counts),
            ("Report", answer.get("html")),
            ("For programs", answer.get("json")),
        ]
    )
