"""Fixtures of the estate's contract tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.storage.iam import Evaluator, evaluator


@pytest.fixture(scope="session")
def iam() -> Iterator[Evaluator]:
    """Return the embedded AWS's IAM evaluator."""
    with evaluator() as running:
        yield running
