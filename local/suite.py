"""Brings the suite up in the embedded AWS: started, deployed, with definitions to scan with."""

import contextlib
import fcntl
from collections.abc import Callable
from contextlib import AbstractContextManager

from local import definitions, deployment, embedded_aws
from local.deployment import Stack
from local.paths import STATE

# Shows that something is under way, and when it is done.
Step = Callable[[str], AbstractContextManager[object]]


def up(step: Step = contextlib.nullcontext) -> Stack:
    """Return the stack as it was built last; do only what is not done yet.

    Whoever else brings it up at the same time waits, and finds it done.
    """
    STATE.mkdir(exist_ok=True)
    with (STATE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _up(step)


def _up(step: Step) -> Stack:
    server = embedded_aws.running()
    if server is None:
        with step("Embedded AWS started, IAM enforced"):
            server = embedded_aws.start()
    if deployment.is_current(server):
        stack = deployment.describe(server)
    else:
        with step("Stack deployed with sam deploy"):
            stack = deployment.deploy(server)
    if not definitions.published(stack):
        with step("A small set of definitions proven and published by UpdateDefinitions"):
            definitions.publish_test_set(stack)
    return stack
