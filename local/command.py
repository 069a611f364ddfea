"""Runs the command `tidegate` from its source, on a stack of the embedded AWS."""

import os
import subprocess
import sys

from local.deployment import Stack, client_environment
from local.paths import REPOSITORY

_SECONDS = 300


def run(
    stack: Stack, *arguments: str, typed: str = "", keys: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one command and return what it wrote and ended with.

    `typed` goes to its standard input; `keys` take the place of the root's credentials.
    """
    roots = (REPOSITORY / "cli", REPOSITORY / "layers" / "shared")
    environment = {
        **client_environment(stack.server),
        "STACK_NAME": stack.name,
        "PYTHONPATH": os.pathsep.join(map(str, roots)),
        **(keys or {}),
    }
    return subprocess.run(
        [sys.executable, "-P", "-m", "tidegate_cli", *arguments],
        env=environment,
        input=typed,
        capture_output=True,
        check=False,
        text=True,
        timeout=_SECONDS,
    )
