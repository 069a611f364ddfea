"""tidegate costs: the storage report, made now."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import typer
from boto3.exceptions import Boto3Error
from rich.text import Text

from tidegate_cli import address, functions, stack
from tidegate_cli.aws import Aws
from tidegate_cli.errors import ServiceError, UsageError, aws_errors
from tidegate_cli.options import JsonOption, StackOption
from tidegate_cli.output import facts, plain, reporting

_FORMS = ("json", "csv", "html")


def costs(
    ctx: typer.Context,
    *,
    bucket: Annotated[
        list[str] | None, typer.Argument(help="Buckets; left out, all of the account's.")
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Download the report into this folder."),
    ] = None,
    show: Annotated[
        bool, typer.Option("--open", help="Open the downloaded page in the browser.")
    ] = False,
    function: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Else the stack's ReportStorageFunctionName."),
    ] = None,
    stack_name: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have the storage report made, and show what the month costs and what could be saved."""
    with reporting(as_json=as_json) as output:
        if show and into is None:
            raise UsageError("--open needs --output DIR")
        aws: Aws = ctx.obj
        name = function or stack.find(aws, stack_name, "--function").output(
            "ReportStorageFunctionName", "--function"
        )
        answer = functions.call(aws, name, _event(bucket))
        for needed in ("date", "monthlyCost", "monthlySavings", "currency"):
            if needed not in answer:
                raise ServiceError(f"report_storage's answer lacks {needed}")
        files = _download(aws, answer, into) if into else {}
        unknown = answer.get("unknown") or []
        output.answer(
            {**answer, "files": {form: str(path) for form, path in files.items()}},
            facts(
                [
                    ("Date", str(answer["date"])),
                    ("Account", answer.get("account")),
                    ("Buckets", str(answer.get("buckets", "?"))),
                    ("A month costs", f"{answer['monthlyCost']} {answer['currency']}"),
                    ("Could be saved", f"{answer['monthlySavings']} {answer['currency']}"),
                    ("Not known", _unknown(unknown)),
                    *(
                        (form, str(files.get(form) or answer[form]))
                        for form in _FORMS
                        if answer.get(form)
                    ),
                ]
            ),
        )
        if show:
            typer.launch(str(files["html"]))


def _event(buckets: list[str] | None) -> dict[str, Any]:
    return {"action": "report", **({"buckets": buckets} if buckets else {})}


def _unknown(unknown: list[Any]) -> Text | None:
    """Return what the sums leave out, where they do."""
    if not unknown:
        return None
    return Text(plain(", ".join(map(str, unknown))), "bold yellow")


def _download(aws: Aws, answer: dict[str, Any], into: Path) -> dict[str, Path]:
    """Download the report's files; each is whole, or not there."""
    try:
        into.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{into} cannot be made: {error.strerror}") from error
    s3 = aws.client("s3")
    files: dict[str, Path] = {}
    for form in _FORMS:
        if not answer.get(form):
            continue
        where = address.parse_object(str(answer[form]))
        name = PurePosixPath(where.rest).name
        path = into / name
        with aws_errors(f"download {where}"):
            # Into a file of another name, renamed at the end.
            try:
                s3.download_file(where.bucket, where.rest, str(path))
            except OSError as error:
                raise UsageError(f"{path} cannot be written: {error.strerror}") from error
            except Boto3Error as error:
                raise ServiceError(f"could not download {where}: {error}") from error
        files[form] = path.absolute()
    return files
