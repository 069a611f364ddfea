"""The command's exit codes; scripts may rely on them."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the process ends with, and so what a script may conclude."""

    OK = 0
    UNEXPECTED = 1  # a service failed, or answered what it should not
    USAGE = 2  # options or input are wrong; nothing was called that changes anything
    NOT_CLEAN = 3  # the work was done, and its answer is not the good one
    REFUSED = 4  # not confirmed, or refused for what it would do
    NO_VERDICT = 5  # uploaded, and no verdict came in time
    ACCESS_DENIED = 6
    NOT_FOUND = 7  # a bucket, object, version, stack or output
    INTERRUPTED = 130
