"""What cannot be put right from here is reported, with what a person can do."""

from __future__ import annotations

import pytest

from functions.remediate_bucket.bucket_state import BucketState
from functions.remediate_bucket.control import Compliance, Control
from functions.remediate_bucket.controls import (
    access_point_public_access,
    object_level_trail,
    replication,
)
from tests.unit.remediate_bucket.buckets import ALL_ON, bucket
from tests.unit.remediate_bucket.judging import (
    COMPLIANT,
    NON_COMPLIANT,
    NOT_APPLICABLE,
    advised,
    judged,
)

REPLICATION = replication.CONTROL
POINTS = access_point_public_access.CONTROL
TRAIL = object_level_trail.CONTROL

SAFE = {"Name": "safe", "PublicAccessBlock": ALL_ON}
OPEN = {"Name": "open", "PublicAccessBlock": {**ALL_ON, "BlockPublicPolicy": False}}


@pytest.mark.parametrize(
    ("control", "state", "expected"),
    [
        (REPLICATION, bucket(replication={"Rules": [{"Status": "Enabled"}]}), COMPLIANT),
        (REPLICATION, bucket(replication={"Rules": [{"Status": "Disabled"}]}), NON_COMPLIANT),
        (REPLICATION, bucket(), NON_COMPLIANT),
        (POINTS, bucket(access_points={"AccessPoints": [SAFE]}), COMPLIANT),
        (POINTS, bucket(access_points={"AccessPoints": [SAFE, OPEN]}), NON_COMPLIANT),
        (POINTS, bucket(), NOT_APPLICABLE),
        (POINTS, bucket(access_points=None), NOT_APPLICABLE),
        (TRAIL, bucket(trails={"WritesRecorded": True, "ReadsRecorded": True}), COMPLIANT),
        (TRAIL, bucket(trails={"WritesRecorded": True, "ReadsRecorded": False}), NON_COMPLIANT),
        (TRAIL, bucket(trails=None), NON_COMPLIANT),
    ],
)
def test_report_only_controls_judge(
    control: Control, state: BucketState, expected: Compliance
) -> None:
    """They judge as any other."""
    assert judged(control, state) is expected


@pytest.mark.parametrize(
    ("control", "state", "words"),
    [
        (REPLICATION, bucket(), "stacks/storage.yaml"),
        (POINTS, bucket(access_points={"AccessPoints": [OPEN]}), "delete the access point"),
        (TRAIL, bucket(), "stacks/governance.yaml"),
    ],
)
def test_report_only_controls_advise(control: Control, state: BucketState, words: str) -> None:
    """The advice names the way that there is."""
    assert words in advised(control, state)
