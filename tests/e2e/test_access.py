"""What somebody with every IAM permission can do on the deployed stack, and what policies stop.

The embedded AWS enforces bucket policies; of the tags in a request it knows those of an upload
(test_permissions.py), not those of PutObjectTagging: the latter are held by
tests/contract/test_resource_policies.py alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from local import samples
from local.deployment import Stack
from local.verdicts import Listener
from tests.e2e.uploads import Uploads

EVERYTHING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
)


@pytest.fixture(scope="module")
def administrator(stack: Stack) -> Iterator[Any]:
    """Return the S3 client of an IAM user who may do everything that IAM can allow."""
    iam, name = stack.client("iam"), f"administrator-{uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="Everything", PolicyDocument=EVERYTHING)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    yield boto3.client(
        "s3",
        endpoint_url=stack.server.endpoint_url,
        region_name=stack.client("s3").meta.region_name,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName=name, PolicyName="Everything")
    iam.delete_user(UserName=name)


def refusal(call: Callable[..., object], **arguments: Any) -> str | None:
    """Return S3's words where it refuses the call, or None."""
    try:
        call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDenied", "403"):
            raise
        return error.response["Error"]["Message"]
    return None


def test_object_is_unreadable_before_its_verdict_and_readable_once_clean(
    uploads: Uploads, listener: Listener, administrator: Any
) -> None:
    """Not even an administrator reads what was not scanned; the verdict opens it for all."""
    with uploads.scanning_paused():
        put = uploads.put("note.txt", b"harmless")
        early = refusal(administrator.get_object, Bucket=put.bucket, Key=put.key)
        early_version = refusal(administrator.get_object, **put.selector)
        early_head = refusal(administrator.head_object, Bucket=put.bucket, Key=put.key)
        early_tags = refusal(administrator.get_object_tagging, Bucket=put.bucket, Key=put.key)
    assert uploads.verdict(listener, put).status == "NO_THREATS_FOUND"

    assert early is not None
    assert "explicit deny in a resource-based policy" in early
    assert early_version is not None
    assert early_head is not None
    assert early_tags is None
    assert administrator.get_object(**put.selector)["Body"].read() == b"harmless"


def test_object_that_cannot_be_scanned_stays_unreadable(
    uploads: Uploads, listener: Listener, administrator: Any
) -> None:
    """UNSUPPORTED is a verdict, and no leave to read."""
    put = uploads.put("secret.zip", samples.encrypted_zip(b"unseen"))
    assert uploads.verdict(listener, put).status == "UNSUPPORTED"

    assert refusal(administrator.get_object, **put.selector) is not None


def test_quarantined_copy_is_closed_to_administrators(
    uploads: Uploads, listener: Listener, administrator: Any
) -> None:
    """The evidence is for its own function's role: neither read nor planted by anybody else."""
    put = uploads.put("evil.txt", samples.eicar())
    copy = uploads.moved(listener, put).copy
    assert copy is not None
    place = {"Bucket": copy["bucket"], "Key": copy["key"]}

    assert refusal(administrator.get_object, **place) is not None
    assert refusal(administrator.put_object, **place, Body=b"forged") is not None
    assert refusal(administrator.list_objects_v2, Bucket=copy["bucket"]) is None


@pytest.mark.parametrize("key", ["current.json", "releases/1/x.ndb", "state/freshclam.dat"])
def test_definitions_cannot_be_replaced_by_administrators(
    administrator: Any, stack: Stack, key: str
) -> None:
    """Only update_definitions publishes; what it has not proven reaches no scanner."""
    bucket = stack.output("DefinitionsBucketName")

    assert refusal(administrator.put_object, Bucket=bucket, Key=key, Body=b"forged") is not None
    assert refusal(administrator.delete_object, Bucket=bucket, Key=key) is not None
