"""Bucket hardening: TLS, and the wrong encryption; a missing header is nobody's fault."""

from __future__ import annotations

import pytest

from tests.contract.cloudformation import Stack
from tests.contract.storage.estate import (
    ADMIN,
    CALL,
    DATA,
    LOGS,
    OFF,
    REPLICA_BUCKET,
    ROOT,
    estate,
    replica,
)
from tests.contract.storage.iam import Evaluator, Request

KEY = "arn:aws:service:eu-central-1:111122223333:DataKey"
SSE = "s3:x-amz-server-side-encryption"
SSE_KEY = "s3:x-amz-server-side-encryption-aws-kms-key-id"
SSE_C = "s3:x-amz-server-side-encryption-customer-algorithm"

each_policy = pytest.mark.parametrize(
    ("stack", "name", "arn"),
    [
        (estate(), "DataBucketPolicy", DATA),
        (estate(), "DataLogBucketPolicy", LOGS),
        (replica(), "ReplicaBucketPolicy", f"arn:aws:s3:::{REPLICA_BUCKET}"),
    ],
)

UPLOADS: dict[str, tuple[dict[str, str], list[str]]] = {
    "no header: the bucket's default": ({}, []),
    "a part of a multipart upload": ({"s3:TlsVersion": "1.2"}, []),
    "the stack's key": ({SSE: "aws:kms", SSE_KEY: KEY}, []),
    "S3's own keys": ({SSE: "AES256"}, ["NoOtherEncryption"]),
    "two layers": ({SSE: "aws:kms:dsse", SSE_KEY: KEY}, ["NoOtherEncryption"]),
    "another key": ({SSE: "aws:kms", SSE_KEY: f"{KEY}2"}, ["NoOtherKey"]),
    "KMS without a key, which is AWS's own": ({SSE: "aws:kms"}, ["NoUnnamedKey"]),
    "a key of the customer's own": ({SSE_C: "AES256"}, ["NoCustomerKeys"]),
}


@pytest.mark.parametrize("principal", [ADMIN, ROOT, "logging.s3.amazonaws.com"])
@pytest.mark.parametrize("case", UPLOADS)
def test_upload_is_denied_for_the_wrong_encryption_and_for_nothing_else(
    iam: Evaluator, case: str, principal: str
) -> None:
    """Clients that rely on the default are served, whoever they are."""
    context, expected = UPLOADS[case]
    request = Request(principal, "s3:PutObject", f"{DATA}/a", {**CALL, **context})

    assert iam.denied_by(estate().policy("DataBucketPolicy"), request) == expected


def test_without_a_key_only_customer_keys_are_wrong(iam: Evaluator) -> None:
    """EncryptDataWithKms=false leaves the choice between AWS's kinds."""
    policy = estate(**OFF).policy("DataBucketPolicy")

    def denied(context: dict[str, str]) -> list[str]:
        request = Request(ADMIN, "s3:PutObject", f"{DATA}/a", {**CALL, **context})
        return iam.denied_by(policy, request)

    assert denied({SSE: "AES256"}) == []
    assert denied({SSE: "aws:kms"}) == []
    assert denied({SSE_C: "AES256"}) == ["NoCustomerKeys"]


@each_policy
@pytest.mark.parametrize("place", ["", "/some/key"])
def test_plain_http_is_denied_everything(
    iam: Evaluator, stack: Stack, name: str, arn: str, place: str
) -> None:
    """Each bucket refuses each call that does not come over TLS."""
    action = "s3:ListBucket" if not place else "s3:GetObject"
    request = Request(ADMIN, action, f"{arn}{place}", {"aws:SecureTransport": "false"})

    assert iam.denied_by(stack.policy(name), request) == ["TlsOnly"]


@each_policy
@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.0", ["ModernTlsOnly"]),
        ("1.1", ["ModernTlsOnly"]),
        ("1.2", []),
        ("1.3", []),
        # AWS's own services give none.
        (None, []),
    ],
)
def test_old_tls_is_denied(
    iam: Evaluator, stack: Stack, name: str, arn: str, version: str | None, expected: list[str]
) -> None:
    """TLS 1.2 is the least."""
    context = {} if version is None else {"s3:TlsVersion": version}
    request = Request(ROOT, "s3:PutObject", f"{arn}/a", context)

    assert iam.denied_by(stack.policy(name), request) == expected
