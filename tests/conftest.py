"""What all tests share: who runs beside whom, and the one deployed stack."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from local import docker_daemon, embedded_aws, lambda_image, suite
from local.deployment import Stack
from local.errors import DockerError

_WITH_STACK = ("tests/e2e/", "tests/sam_local/")


class OneStack(LoadScopeScheduling):  # type: ignore[misc]
    """Keeps on one worker what shares an engine (a file) or the deployed stack (two folders)."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return "stack" if path.startswith(_WITH_STACK) else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneStack:
    """Have pytest-xdist, where it is used, share out the tests by what they share."""
    return OneStack(config, log)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name binary parameters by their size: workers must agree on names, gzip holds the time."""
    if isinstance(val, bytes) and not val.isascii():
        return f"{argname} of {len(val)} bytes"
    return None


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Return the built suite, deployed into the embedded AWS, with definitions to scan with.

    What runs already (`make local-up`) is used and left running; else it is stopped at the end.
    """
    was_running = embedded_aws.running() is not None
    try:
        yield suite.up()
    finally:
        if not was_running:
            embedded_aws.stop()


@pytest.fixture(scope="session")
def lambda_containers() -> Iterator[None]:
    """Provide Docker with the Lambda image, real or stand-in.

    Where that cannot be had, the tests that need it are skipped, with a warning that stands in
    pytest's summary; never in CI.
    """
    try:
        with docker_daemon.daemon():
            lambda_image.ensure()
            yield
    except DockerError as error:
        if os.environ.get("CI"):
            raise
        warnings.warn(f"SAM LOCAL INVOKE WAS NOT TESTED: {error}", stacklevel=1)
        pytest.skip(str(error))
