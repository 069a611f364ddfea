"""The command: its subcommands and what they have in common."""

from __future__ import annotations

import signal
import sys
from io import TextIOWrapper
from typing import Annotated, Any

import typer

from tidegate_cli import __version__, costs, harden, hold, share, upload
from tidegate_cli.aws import UserAws
from tidegate_cli.errors import StoppedError, UsageError
from tidegate_cli.output import Output

_EPILOG = (
    "Exit codes: 0 done, and the answer is the good one; 1 a service failed; 2 wrong options; "
    "3 not clean or not compliant; 4 not confirmed or refused; 5 no verdict in time; 6 access "
    "denied; 7 not found."
)

app = typer.Typer(
    name="tidegate",
    help="Share, upload, hold, harden and count the cost of S3 buckets that Tidegate looks after.",
    epilog=_EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    # A traceback must not show what variables hold: credentials are among them.
    pretty_exceptions_show_locals=False,
)
app.command()(share.share)
app.command()(upload.upload)
app.add_typer(hold.app, name="hold")
app.add_typer(harden.app, name="harden")
app.command()(costs.costs)


def _version(*, asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def common(
    ctx: typer.Context,
    *,
    profile: Annotated[
        str | None, typer.Option(help="Of the AWS configuration files.", metavar="NAME")
    ] = None,
    region: Annotated[str | None, typer.Option(metavar="NAME")] = None,
    version: Annotated[  # noqa: ARG001 - typer calls back
        bool,
        typer.Option(
            "--version",
            is_eager=True,
            callback=lambda asked: _version(asked=asked),
            help="Tell the version and end.",
        ),
    ] = False,
) -> None:
    """Say whose credentials are used; a caller that gave AWS already is left with its own."""
    if ctx.obj is None:
        ctx.obj = UserAws(profile, region)


# Asked to end, leave through the blocks that clean up: an upload removes its parts. The second
# comes when the terminal is closed; whoever started the command with nohup goes on.
_ENDS = (signal.SIGTERM, signal.SIGHUP)
# Of what typer raises for a wrong command line, whatever its version, this is the common base.
_WRONG_LINE: type[Exception] = typer.BadParameter.__mro__[1]


def run() -> None:
    """Be the command `tidegate`."""
    for stream in (sys.stdout, sys.stderr):
        # A key may hold what the terminal's encoding does not have.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    for number in _ENDS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    if "--json" not in sys.argv:
        app()
    try:
        sys.exit(app(standalone_mode=False))
    except _WRONG_LINE as error:
        told: Any = error
        wrong = UsageError(told.format_message())
        Output(as_json=True).failed(wrong)
        sys.exit(wrong.exit)


def _stop(number: int, _: object) -> None:
    raise StoppedError(number)
