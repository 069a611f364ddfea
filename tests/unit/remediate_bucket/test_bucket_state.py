"""What was not read is never taken for what is not there."""

from __future__ import annotations

import botocore.session
import pytest

from functions.remediate_bucket.bucket_state import BucketState, Section, Unreadable
from tests.unit.remediate_bucket.buckets import bucket, denied

AWS = botocore.session.get_session()


def test_setting_that_nobody_read_is_unreadable() -> None:
    """A section that is missing says nothing about the bucket."""
    state = BucketState("papers", "eu-central-1", "111122223333")
    assert state.setting(Section.POLICY) == Unreadable("policy was not read")
    with pytest.raises(LookupError, match="policy was not read"):
        state.known(Section.POLICY)


def test_first_unreadable_setting_is_returned() -> None:
    """In the order of the sections, whatever the order of asking."""
    state = denied(denied(bucket(), Section.TAGS), Section.ACL)
    assert state.unreadable({Section.TAGS, Section.ACL}) == Unreadable("acl: AccessDenied")
    assert state.unreadable({Section.POLICY}) is None
    assert state.known(Section.POLICY) is None


@pytest.mark.parametrize("partition", AWS.get_available_partitions())
def test_arn_is_of_the_regions_partition(partition: str) -> None:
    """China, GovCloud, Europe's sovereign cloud and others have partitions of their own."""
    for region in AWS.get_available_regions("s3", partition):
        state = BucketState("papers", region, "111122223333")
        assert state.arn == f"arn:{partition}:s3:::papers"
