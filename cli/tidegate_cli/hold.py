"""tidegate hold: legal hold and retention of one exact version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.text import Text

from tidegate.objectref import ObjectRef
from tidegate_cli import address
from tidegate_cli.aws import Aws
from tidegate_cli.confirmation import confirm
from tidegate_cli.errors import RefusedError, ServiceError, UsageError
from tidegate_cli.locks import Locks, Mode, Retention, Version, check_change, end
from tidegate_cli.options import JsonOption, YesOption
from tidegate_cli.output import Output, facts, reporting

app = typer.Typer(
    help="Legal hold and retention (Object Lock) of one exact version.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

TargetArgument = Annotated[str, typer.Argument(help="s3://bucket/key")]
VersionOption = Annotated[
    str | None,
    typer.Option("--version-id", metavar="ID", help="Which version; left out, they are listed."),
]


@app.command()
def on(
    ctx: typer.Context,
    *,
    target: TargetArgument,
    version_id: VersionOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Put a legal hold on the version: nobody can delete it until the hold is taken off."""
    _set_legal_hold(ctx.obj, target, version_id, on=True, yes=yes, as_json=as_json)


@app.command()
def off(
    ctx: typer.Context,
    *,
    target: TargetArgument,
    version_id: VersionOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take the legal hold off the version; a retention on it stays."""
    _set_legal_hold(ctx.obj, target, version_id, on=False, yes=yes, as_json=as_json)


@app.command()
def status(
    ctx: typer.Context,
    *,
    target: TargetArgument,
    version_id: VersionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell which locks are on the version."""
    with reporting(as_json=as_json) as output:
        locks = Locks(ctx.obj.client("s3"))
        _show(output, locks, _version(locks, target, version_id))


@app.command()
def retain(
    ctx: typer.Context,
    *,
    target: TargetArgument,
    version_id: VersionOption = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="2030-01-31, or with time and zone.")
    ] = None,
    days: Annotated[int | None, typer.Option(help="From now.")] = None,
    mode: Annotated[
        Mode, typer.Option(help="COMPLIANCE cannot be ended early by anybody.")
    ] = Mode.GOVERNANCE,
    bypass_governance: Annotated[
        bool, typer.Option("--bypass-governance", help="Shorten a GOVERNANCE retention.")
    ] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Retain the version until a date: before it nobody deletes it, but for the mode's exceptions.

    COMPLIANCE cannot be undone, so its confirmation is always typed: --yes is refused.
    """
    with reporting(as_json=as_json) as output:
        now = datetime.now(UTC)
        wanted = Retention(mode, end(until, days, now))
        if yes and mode is Mode.COMPLIANCE:
            raise RefusedError("COMPLIANCE cannot be undone: --yes does not stand for it")
        locks = Locks(ctx.obj.client("s3"))
        ref = _version(locks, target, version_id)
        check_change(locks.retention(ref), wanted, now, bypass=bypass_governance)
        if mode is Mode.COMPLIANCE:
            confirm(
                f"{ref} cannot be deleted by anybody, the root user included, before "
                f"{wanted.until_text}. THIS CANNOT BE UNDONE.",
                mode.value,
            )
        elif not yes:
            confirm(f"{ref} is retained until {wanted.until_text}.", ref.key)
        locks.set_retention(ref, wanted, bypass=bypass_governance)
        _show(output, locks, ref)


def _set_legal_hold(
    aws: Aws, target: str, version_id: str | None, *, on: bool, yes: bool, as_json: bool
) -> None:
    with reporting(as_json=as_json) as output:
        locks = Locks(aws.client("s3"))
        ref = _version(locks, target, version_id)
        if not yes:
            what = "A legal hold is put on" if on else "The legal hold is taken off"
            confirm(f"{what} {ref}.", ref.key)
        locks.set_legal_hold(ref, on=on)
        if locks.legal_hold(ref) is not on:
            raise ServiceError(f"S3 took the change, and the legal hold of {ref} is as before")
        _show(output, locks, ref)


def _version(locks: Locks, target: str, version_id: str | None) -> ObjectRef:
    """Return the exact version; without an id UsageError, with those that there are."""
    where = address.parse_object(target)
    if version_id:
        return address.ref(where.bucket, where.rest, version_id)
    versions = locks.versions(where.bucket, where.rest)
    listed = "\n".join(f"  {_line(version)}" for version in versions)
    raise UsageError(
        f"a lock is on one version: name it with --version-id. {where} has\n{listed}",
        versions=[
            {
                "versionId": version.version_id,
                "modified": version.modified.isoformat(),
                "bytes": version.size_bytes,
                "current": version.current,
            }
            for version in versions
        ],
    )


def _line(version: Version) -> str:
    current = "  (current)" if version.current else ""
    when = version.modified.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return f"{version.version_id}  {when}  {version.size_bytes:,} bytes{current}"


def _show(output: Output, locks: Locks, ref: ObjectRef) -> None:
    legal_hold, retention = locks.legal_hold(ref), locks.retention(ref)
    document: dict[str, Any] = {
        "bucket": ref.bucket,
        "key": ref.key,
        "versionId": ref.version_id,
        "legalHold": legal_hold,
        "retention": retention and {"mode": retention.mode.value, "until": retention.until_text},
    }
    kept = f"{retention.mode.value} until {retention.until_text}" if retention else "none"
    held = Text("on", "bold yellow") if legal_hold else Text("off")
    shown = facts(
        [
            ("Object", f"s3://{ref.bucket}/{ref.key}"),
            ("Version", ref.version_id),
            ("Legal hold", held),
            ("Retention", kept),
        ]
    )
    output.answer(document, shown)
