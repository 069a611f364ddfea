"""tidegate upload: a file of any size into a bucket, and its verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.compat import HAS_CRT
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from tidegate.ledger import Ledger
from tidegate.objectref import ObjectRef
from tidegate_cli import parts, route, transfer
from tidegate_cli.aws import Aws
from tidegate_cli.exits import Exit
from tidegate_cli.options import JsonOption, StackOption
from tidegate_cli.output import Output, facts, plain, reporting
from tidegate_cli.route import Destination, Manager
from tidegate_cli.source import Source
from tidegate_cli.transfer import Plan
from tidegate_cli.waiting import KEPT, Clock, Desk, Verdict
from tidegate_cli.wishes import Checksum, Encryption, StorageClass, Wishes

_STATUS_TAG = "scan-status"
_STYLES = {"NO_THREATS_FOUND": "bold green", "THREATS_FOUND": "bold red"}


def upload(
    ctx: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(help="The file; any size up to 48.8 TiB.")],
    target: Annotated[
        str | None,
        typer.Argument(
            help="s3://bucket/key, s3://bucket/prefix/, or a key in the stack's uploads bucket."
        ),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the verdict; end with 0 only if it is clean.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How long --wait waits.")
    ] = 300,
    tag: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE")] = None,
    metadata: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE")] = None,
    content_type: Annotated[
        str | None, typer.Option(metavar="TYPE", help="Instead of what the file's name says.")
    ] = None,
    storage_class: StorageClass | None = None,
    sse: Annotated[
        Encryption | None, typer.Option(help="Instead of the bucket's own encryption.")
    ] = None,
    kms_key: Annotated[str | None, typer.Option(metavar="ID", help="The KMS key.")] = None,
    checksum: Annotated[
        Checksum | None, typer.Option(help="CRC64NVME where awscrt is there, else CRC32.")
    ] = None,
    part_size: Annotated[
        int, typer.Option(metavar="MIB", help="The least size of a part; raised as needed.")
    ] = parts.USUAL_PART_BYTES // parts.MEBIBYTE,
    manager: Annotated[
        Manager, typer.Option(help="boto3's transfer manager; auto: awscrt's where it fits.")
    ] = Manager.AUTO,
    accelerate: Annotated[
        bool, typer.Option("--accelerate", help="Through S3 Transfer Acceleration.")
    ] = False,
    status_tag: Annotated[
        str | None, typer.Option(metavar="KEY", help="The verdict's tag, if not the stack's.")
    ] = None,
    stack_name: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    """Upload a file in parts with checksums, and wait for its verdict if asked to.

    With --wait the command ends with 0 for a clean object alone, with 3 for any other verdict,
    and with 5 where none comes in time.
    """
    with reporting(as_json=as_json) as output:
        source = Source.of(file)
        length = parts.part_bytes(source.size_bytes, part_size * parts.MEBIBYTE)
        aws: Aws = ctx.obj
        to = route.destination(aws, target, file, stack_name)
        s3 = route.client(aws, to.bucket, accelerate=accelerate)
        verdict_tag = status_tag or _status_tag(to)
        wishes = Wishes(
            content_type or source.content_type,
            tag or (),
            metadata or (),
            sse,
            kms_key,
            storage_class,
            checksum,
        )
        plan = Plan(
            to.bucket,
            to.key,
            length,
            wishes.arguments(status_tag=verdict_tag, wait=wait, crt=HAS_CRT),
            route.use_crt(s3, manager, accelerate=accelerate, wait=wait, installed=HAS_CRT),
        )
        with _bar(output, source) as progress:
            uploaded = transfer.send(s3, source, plan, progress)
        verdict = None
        if wait:
            output.note(f"uploaded {uploaded}, waiting for its verdict", "dim")
            verdict = _desk(aws, s3, to, verdict_tag).wait(uploaded, timeout)
        _show(output, source, plan, uploaded, verdict)
        if verdict and not verdict.clean:
            raise typer.Exit(Exit.NOT_CLEAN)


def _status_tag(to: Destination) -> str:
    return to.stack.parameters.get("StatusTagKey", _STATUS_TAG) if to.stack else _STATUS_TAG


def _desk(aws: Aws, s3: Any, to: Destination, status_tag: str) -> Desk:
    table = to.stack.outputs.get("LedgerTableName") if to.stack else None
    return Desk(s3, status_tag, Ledger(aws.table(table)) if table else None, Clock())


@contextmanager
def _bar(output: Output, source: Source) -> Iterator[Callable[[int], None]]:
    """Show a progress bar to people, and nothing where nobody looks; give what moves it on."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    hidden = output.as_json or not output.errors.is_terminal
    with Progress(*columns, console=output.errors, transient=True, disable=hidden) as shown:
        task = shown.add_task(escape(plain(source.path.name)), total=source.size_bytes)
        yield lambda sent: shown.advance(task, sent)


def _show(
    output: Output, source: Source, plan: Plan, uploaded: ObjectRef, verdict: Verdict | None
) -> None:
    count = parts.part_count(source.size_bytes, plan.part_bytes)
    checksum = plan.arguments["ChecksumAlgorithm"]
    document: dict[str, Any] = {
        "object": transfer.document(uploaded),
        "bytes": source.size_bytes,
        "parts": count,
        "partBytes": plan.part_bytes if count > 1 else None,
        "checksum": checksum,
        "verdict": None,
    }
    rows: list[tuple[str, str | Text | None]] = [
        ("Object", f"s3://{uploaded.bucket}/{uploaded.key}"),
        ("Version", uploaded.version_id or _without_version(uploaded)),
        ("Size", f"{source.size_bytes:,} bytes in {count:,} part{'s' if count > 1 else ''}"),
        ("Checksum", checksum),
    ]
    if verdict:
        document["verdict"] = {
            "status": verdict.status,
            "clean": verdict.clean,
            "detail": verdict.detail,
            "definitions": verdict.definitions,
            "place": verdict.place,
        }
        rows += [
            ("Verdict", _told(verdict)),
            ("Found", verdict.detail or None),
            ("Definitions", verdict.definitions),
        ]
    output.answer(document, facts(rows))


def _without_version(uploaded: ObjectRef) -> str:
    if uploaded.etag is None:
        return "not known: the manager in C does not tell it, and you may not read the object"
    return "the bucket keeps no versions"


def _told(verdict: Verdict) -> Text:
    """Return the verdict in words that promise nothing more than it says."""
    status = plain(verdict.status or "not known")
    told = Text(status, _STYLES.get(status, "bold yellow") if verdict.place in KEPT else "bold red")
    ends = {
        "bucket": "",
        "archive": ": compressed into the archive",
        "quarantine": ": moved to quarantine",
        "gone": ": the version is gone, quarantined or deleted",
    }
    return told.append(ends[verdict.place], style="default")
