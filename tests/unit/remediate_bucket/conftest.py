"""What the tests of several adapters share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.remediate_bucket.stubbed_aws import Aws


@pytest.fixture
def aws() -> Iterator[Aws]:
    """Return the stubbed account; every expected call has to be made."""
    made = Aws()
    yield made
    for stub in made.stubs.values():
        stub.assert_no_pending_responses()
