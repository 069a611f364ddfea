"""Fixtures of the contract tests."""

from __future__ import annotations

import pytest

from tests.contract.cloudformation import Stack


@pytest.fixture(scope="session")
def stack() -> Stack:
    """Return the template as it is deployed with its defaults."""
    return Stack()
