"""What all tests share: who runs beside whom, and the one deployed stack."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import docker_daemon, embedded_aws, lambda_image, suite
from local.deployment import Stack
from local.errors import DockerError

_HERE = Path(__file__).parent
# All tests of these folders use the one stack, one after the other.
_WITH_STACK = ("e2e", "sam_local")
# The fixtures of a module here start engines: its tests stay on one worker.
_WITH_ENGINES = ("integration", "artifact")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with the group that pytest-xdist must keep on one worker."""
    for item in items:
        folder, *_ = item.path.relative_to(_HERE).parts
        if folder in _WITH_STACK:
            item.add_marker(pytest.mark.stack)
            item.add_marker(pytest.mark.xdist_group("stack"))
        elif folder in _WITH_ENGINES:
            item.add_marker(pytest.mark.xdist_group(str(item.path)))


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
