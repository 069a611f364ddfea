"""Fixtures of the tests on the deployed stack."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.deployment import Stack
from local.verdicts import Listener
from tests.e2e.uploads import Uploads


@pytest.fixture
def uploads(stack: Stack, request: pytest.FixtureRequest) -> Uploads:
    """Return the uploads bucket, with a prefix of this test's own."""
    return Uploads.of(stack, request.node.name)


@pytest.fixture
def listener(stack: Stack) -> Iterator[Listener]:
    """Return a listener that hears every verdict from now on."""
    with Listener(stack) as listening:
        yield listening
