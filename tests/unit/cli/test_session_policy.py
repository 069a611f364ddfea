"""The session policy grants what was asked for and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.cli.fakes import KEY_ARN
from tidegate_cli import session_policy
from tidegate_cli.errors import UsageError
from tidegate_cli.session_policy import Grant


def grant(**more: Any) -> Grant:
    """A grant to read below a prefix."""
    facts: dict[str, Any] = {
        "partition": "aws",
        "bucket": "data",
        "prefix": "team-a/",
        "read": True,
        "write": False,
    }
    return Grant(**(facts | more))


def statements(**more: Any) -> dict[str, Any]:
    """The policy's statements by their ids."""
    document = json.loads(session_policy.text(grant(**more)))
    return {statement["Sid"]: statement for statement in document["Statement"]}


def actions(**more: Any) -> set[str]:
    """All actions that the policy allows."""
    allowed: set[str] = set()
    for statement in statements(**more).values():
        assert statement["Effect"] == "Allow"
        told = statement["Action"]
        allowed |= {told} if isinstance(told, str) else set(told)
    return allowed


def test_reading_is_narrowed_to_bucket_and_prefix() -> None:
    """Objects below the prefix, their listing by that prefix, the bucket's region."""
    found = statements()
    assert found["Objects"]["Resource"] == "arn:aws:s3:::data/team-a/*"
    assert found["List"]["Resource"] == "arn:aws:s3:::data"
    assert found["List"]["Condition"] == {"StringLike": {"s3:prefix": "team-a/*"}}
    assert found["Locate"]["Action"] == "s3:GetBucketLocation"
    assert "Key" not in found


def test_reader_cannot_write_and_writer_cannot_read() -> None:
    """Each of the two brings its own actions alone; both bring both, and none deletes."""
    reading, writing = actions(), actions(read=False, write=True)
    assert not {"s3:PutObject", "s3:AbortMultipartUpload"} & reading
    assert not {"s3:GetObject", "s3:GetObjectVersion"} & writing
    assert actions(write=True) == reading | writing
    assert not [action for action in reading | writing if "Delete" in action or "*" in action]


@pytest.mark.parametrize(
    ("write", "expected"),
    [(False, ["kms:Decrypt"]), (True, ["kms:Decrypt", "kms:GenerateDataKey"])],
)
def test_key_is_usable_through_s3_alone(write: bool, expected: list[str]) -> None:
    """Without the key nothing under it can be read; with it only S3 of its region may use it."""
    key = statements(write=write, kms_key_arn=KEY_ARN)["Key"]
    assert key["Action"] == expected
    assert key["Resource"] == KEY_ARN
    assert key["Condition"] == {"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}}


def test_key_of_china_is_used_through_chinas_s3() -> None:
    """The service's name ends there with another domain."""
    arn = "arn:aws-cn:kms:cn-north-1:111122223333:key/1"
    key = statements(partition="aws-cn", kms_key_arn=arn)["Key"]
    assert key["Condition"]["StringEquals"]["kms:ViaService"] == "s3.cn-north-1.amazonaws.com.cn"
    assert statements(partition="aws-cn")["List"]["Resource"] == "arn:aws-cn:s3:::data"


@pytest.mark.parametrize("arn", ["alias/data", "arn:aws:kms:eu-central-1:1:alias/data", "1234"])
def test_key_by_another_name_than_its_arn_is_refused(arn: str) -> None:
    """A policy's resource is the key's ARN; an alias would allow nothing."""
    with pytest.raises(UsageError, match="ARN of a KMS key"):
        session_policy.text(grant(kms_key_arn=arn))


def test_signs_in_a_prefix_are_taken_as_they_are() -> None:
    """A * in a prefix must not open other prefixes."""
    found = statements(prefix="a*b?c${aws:username}/")
    assert found["Objects"]["Resource"] == "arn:aws:s3:::data/a${*}b${?}c${$}{aws:username}/*"


def test_whole_bucket_is_listed_without_condition() -> None:
    """A condition on the prefix would refuse a listing without one."""
    found = statements(prefix="")
    assert "Condition" not in found["List"]
    assert found["Objects"]["Resource"] == "arn:aws:s3:::data/*"


def test_policy_longer_than_sts_takes_is_refused() -> None:
    """The longest key does not fit in twice beside the rest; the error tells the room."""
    with pytest.raises(UsageError, match="2,048"):
        session_policy.text(grant(prefix="x" * 1024, kms_key_arn=KEY_ARN, write=True))


def test_foreign_letters_reach_sts_as_ascii() -> None:
    """STS takes no letters beyond Latin-1; JSON's own escapes stand for them."""
    policy = session_policy.text(grant(prefix="ファイル/"))
    assert policy.isascii()
    assert json.loads(policy)["Statement"][2]["Resource"].endswith("ファイル/*")


def test_grant_covers_the_keys_below_its_prefix() -> None:
    """A URL can be made for these alone."""
    assert grant().covers("team-a/report.csv")
    assert not grant().covers("team-b/report.csv")
