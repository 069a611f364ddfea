"""Command line of the local tools: python -m local up | down | demo | invoke."""

import argparse
import functools
import signal
import sys
from pathlib import Path
from types import FrameType

from rich.console import Console

from local import embedded_aws, invocation, progress, suite
from local.demo import story
from local.errors import LocalError
from local.paths import ENVIRONMENT_FILE, REPOSITORY


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start the embedded AWS and deploy the built suite into it")
    down = commands.add_parser("down", help="stop the embedded AWS; its data is gone")
    down.add_argument("--quiet", action="store_true")
    commands.add_parser("demo", help="upload files of every kind and explain every verdict")
    invoke = commands.add_parser("invoke", help="sam local invoke in Docker, with a sample event")
    invoke.add_argument("function", help="logical id, such as ScanObjectFunction")
    invoke.add_argument("event", type=Path, help="path of a file under events/")
    options = parser.parse_args(arguments)

    signal.signal(signal.SIGTERM, _exit)
    # Wide enough for the table where the output goes into a file or a log.
    console = Console(width=None if sys.stdout.isatty() else 120)
    try:
        match options.command:
            case "up":
                _up(console)
            case "down":
                _down(console, quiet=options.quiet)
            case "demo":
                return story.run(console)
            case _:
                return invocation.run(options.function, options.event)
    except LocalError as error:
        Console(stderr=True).print(f"[bold red]{type(error).__name__}[/]", error, sep="\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _up(console: Console) -> None:
    stack = suite.up(functools.partial(progress.step, console))
    console.print(f"Stack [bold]{stack.name}[/] is up at {stack.server.endpoint_url}.")
    console.print(f"  source {ENVIRONMENT_FILE.relative_to(REPOSITORY)}", highlight=False)


def _down(console: Console, *, quiet: bool) -> None:
    was_running = embedded_aws.stop()
    ENVIRONMENT_FILE.unlink(missing_ok=True)
    if not quiet:
        console.print("The embedded AWS is stopped." if was_running else "Nothing was running.")


def _exit(_number: int, _frame: FrameType | None) -> None:
    """Leave through the `finally` blocks when asked to end."""
    raise SystemExit(143)


if __name__ == "__main__":
    sys.exit(main())
