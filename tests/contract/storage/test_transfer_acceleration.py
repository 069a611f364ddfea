"""Transfer Acceleration: opt-in, and the bucket's name is one that it takes."""

from __future__ import annotations

import re

from tests.contract.cloudformation import STORAGE, load
from tests.contract.storage.estate import estate


def test_nothing_is_accelerated_unless_asked_for() -> None:
    """It costs for each byte, and some Regions have none."""
    accelerated = estate(DataTransferAcceleration="true").properties("DataBucket")

    assert "AccelerateConfiguration" not in estate().properties("DataBucket")
    assert accelerated["AccelerateConfiguration"] == {"AccelerationStatus": "Enabled"}


def test_name_has_no_dots() -> None:
    """The accelerated endpoint's certificate covers one label before it."""
    pattern = load(STORAGE)["Parameters"]["DataBucketCustomName"]["AllowedPattern"]

    assert "." not in estate().properties("DataBucket")["BucketName"]
    assert not re.fullmatch(pattern, "my.data")
