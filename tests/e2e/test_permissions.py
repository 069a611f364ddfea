"""That the roles' rights are what the functions live by, and that nobody brings a verdict along."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from local import embedded_aws, samples
from local.deployment import Stack
from local.verdicts import Listener
from tests.e2e.uploads import Uploads


@pytest.fixture(scope="module")
def uploader(stack: Stack) -> Iterator[Any]:
    """Return an S3 client of a user whose own policy allows everything in S3."""
    iam, name = stack.client("iam"), f"uploader-{uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="s3", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    yield boto3.client(
        "s3",
        endpoint_url=stack.server.endpoint_url,
        region_name=embedded_aws.REGION,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName=name, PolicyName="s3")
    iam.delete_user(UserName=name)


def test_uploader_cannot_bring_a_verdict_along(uploads: Uploads, uploader: Any) -> None:
    """An upload that carries the verdict's tag is refused."""
    assert refused(
        lambda: uploader.put_object(
            Bucket=uploads.bucket,
            Key=f"{uploads.prefix}file",
            Body=samples.eicar(),
            Tagging="scan-status=NO_THREATS_FOUND",
        )
    )


def test_uploader_cannot_copy_a_verdict_from_elsewhere(
    stack: Stack, uploads: Uploads, uploader: Any
) -> None:
    """An object from a bucket of the user's own, with tags of their choice, is not copied in."""
    elsewhere = {"Bucket": stack.output("ReportsBucketName"), "Key": f"{uploads.prefix}source"}
    uploads.s3.put_object(**elsewhere, Body=samples.eicar(), Tagging="scan-status=NO_THREATS_FOUND")
    assert refused(
        lambda: uploader.copy_object(
            Bucket=uploads.bucket, Key=f"{uploads.prefix}file", CopySource=elsewhere
        )
    )


def test_scanner_without_the_right_to_tag_cannot_tag(
    stack: Stack, uploads: Uploads, listener: Listener
) -> None:
    """A right that the role lacks is missed: what the tests see is the roles' own work."""
    with _lacking(stack, "ScanObjectRole", {"s3:PutObjectTagging", "s3:PutObjectVersionTagging"}):
        put = uploads.put("file", samples.text())
        verdict = uploads.verdict(listener, put)
    assert verdict.detail["scanner"]["tagging"] == "NOT_WRITTEN"
    assert uploads.tags(put) == {}


def test_quarantine_without_the_right_to_delete_leaves_the_object_blocked(
    stack: Stack, uploads: Uploads, listener: Listener, uploader: Any
) -> None:
    """Where the original cannot be deleted it stays, unreadable, and the event says so."""
    rights = {"s3:DeleteObject", "s3:DeleteObjectVersion"}
    with _lacking(stack, "QuarantineObjectRole", rights):
        put = uploads.put("file", samples.eicar())
        move = uploads.moved(listener, put)
    assert move.outcome == "LEFT_BLOCKED"
    assert uploads.exists(put)
    assert uploads.tags(put)["scan-status"] == "THREATS_FOUND"
    assert refused(lambda: uploader.get_object(**put.selector))


def refused(call: Callable[[], object]) -> bool:
    """Return whether AWS refuses the call for want of permission."""
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return True
    return False


@contextmanager
def _lacking(stack: Stack, role: str, actions: set[str]) -> Iterator[None]:
    """Take actions away from a role of the stack."""
    iam = stack.client("iam")
    resource = stack.client("cloudformation").describe_stack_resource(
        StackName=stack.name, LogicalResourceId=role
    )
    named = {
        "RoleName": resource["StackResourceDetail"]["PhysicalResourceId"],
        "PolicyName": role.removesuffix("Role"),
    }
    document = iam.get_role_policy(**named)["PolicyDocument"]
    lessened = json.loads(json.dumps(document))
    for statement in lessened["Statement"]:
        wanted = statement["Action"]
        listed = [wanted] if isinstance(wanted, str) else wanted
        statement["Action"] = [action for action in listed if action not in actions]
    lessened["Statement"] = [item for item in lessened["Statement"] if item["Action"]]
    assert lessened != document
    iam.put_role_policy(**named, PolicyDocument=json.dumps(lessened))
    try:
        yield
    finally:
        iam.put_role_policy(**named, PolicyDocument=json.dumps(document))
