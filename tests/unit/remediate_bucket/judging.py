"""Asks a control about a bucket."""

from __future__ import annotations

from typing import Any

from functions.remediate_bucket.bucket_state import BucketState
from functions.remediate_bucket.control import Compliance, Control, Finding, Profile
from tests.unit.remediate_bucket import fake_s3
from tests.unit.remediate_bucket.buckets import PROFILE

COMPLIANT = Compliance.COMPLIANT
NON_COMPLIANT = Compliance.NON_COMPLIANT
NOT_APPLICABLE = Compliance.NOT_APPLICABLE
UNKNOWN = Compliance.UNKNOWN


def judged(control: Control, state: BucketState, profile: Profile = PROFILE) -> Compliance:
    """Return how the bucket stands to the control."""
    return control.evaluate(state, profile).compliance


def advised(control: Control, state: BucketState, profile: Profile = PROFILE) -> str:
    """Return the advice about a bucket for which there is no plan."""
    finding: Finding = control.evaluate(state, profile)
    assert finding.compliance is NON_COMPLIANT
    assert control.plan(state, profile) == ()
    assert finding.advice
    return finding.advice


def planned(control: Control, state: BucketState, profile: Profile = PROFILE) -> dict[str, Any]:
    """Return the arguments of the one call that S3 takes and that makes the bucket compliant."""
    assert judged(control, state, profile) is NON_COMPLIANT
    (call,) = control.plan(state, profile)
    assert judged(control, fake_s3.apply(state, call), profile) is COMPLIANT
    return dict(call.arguments)
