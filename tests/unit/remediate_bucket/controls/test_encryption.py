"""Default encryption is set where there is none, and changed in one part only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from functions.remediate_bucket.bucket_state import BucketState
from functions.remediate_bucket.control import Compliance
from functions.remediate_bucket.controls import (
    default_encryption,
    kms_with_bucket_key,
    sse_c_blocked,
)
from tests.unit.remediate_bucket.buckets import KEY_ARN, PROFILE, WEBSITE, bucket
from tests.unit.remediate_bucket.judging import (
    COMPLIANT,
    NON_COMPLIANT,
    NOT_APPLICABLE,
    UNKNOWN,
    advised,
    judged,
    planned,
)

DEFAULT = default_encryption.CONTROL
KMS = kms_with_bucket_key.CONTROL
SSE_C = sse_c_blocked.CONTROL


def encryption(algorithm: str, key: str | None = None, **rule: Any) -> dict[str, Any]:
    """Return a default encryption."""
    by_default = {"SSEAlgorithm": algorithm, **({"KMSMasterKeyID": key} if key else {})}
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": by_default, **rule}]}


def sent(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the rule that a call sends."""
    (rule,) = arguments["ServerSideEncryptionConfiguration"]["Rules"]
    return dict(rule)


@pytest.mark.parametrize("algorithm", ["AES256", "aws:kms", "aws:kms:dsse"])
def test_any_default_encryption_is_left_alone(algorithm: str) -> None:
    """Whichever somebody chose is right."""
    assert judged(DEFAULT, bucket(encryption=encryption(algorithm))) is COMPLIANT


def test_missing_default_encryption_becomes_sse_s3() -> None:
    """Nobody needs a permission for it; what else the rule says stays."""
    state = bucket(
        encryption={"Rules": [{"BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}]}
    )
    assert sent(planned(DEFAULT, state)) == {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
        "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
    }
    assert sent(planned(DEFAULT, bucket())) == {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}
    }


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (bucket(encryption=encryption("aws:kms", "theirs", BucketKeyEnabled=True)), COMPLIANT),
        (bucket(encryption=encryption("aws:kms:dsse", "theirs")), COMPLIANT),
        (bucket(encryption=encryption("aws:kms", BucketKeyEnabled=False)), NON_COMPLIANT),
        (bucket(encryption=encryption("AES256", BucketKeyEnabled=True)), NON_COMPLIANT),
        (bucket(), NON_COMPLIANT),
        (bucket(website=WEBSITE), NOT_APPLICABLE),
        (bucket(is_log_target=True), NOT_APPLICABLE),
        (bucket("logs"), NOT_APPLICABLE),
        (bucket(access_log_sources={"source": ""}), NOT_APPLICABLE),
        (bucket(is_log_target=None), UNKNOWN),
    ],
)
def test_kms_is_asked_of_buckets_that_can_have_it(state: BucketState, expected: Compliance) -> None:
    """Any KMS key will do; log targets, those that may be one, and websites are spared."""
    assert judged(KMS, state) is expected


def test_bucket_key_is_turned_on_and_their_key_kept() -> None:
    """The profile's key replaces nobody's."""
    state = bucket(
        encryption=encryption(
            "aws:kms", "alias/theirs", BlockedEncryptionTypes={"EncryptionType": ["SSE-C"]}
        )
    )
    assert sent(planned(KMS, state)) == {
        "ApplyServerSideEncryptionByDefault": {
            "SSEAlgorithm": "aws:kms",
            "KMSMasterKeyID": "alias/theirs",
        },
        "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
        "BucketKeyEnabled": True,
    }


def test_profiles_key_replaces_sse_s3() -> None:
    """Together with a bucket key, without which every object asks KMS."""
    assert sent(planned(KMS, bucket(encryption=encryption("AES256")))) == {
        "ApplyServerSideEncryptionByDefault": {
            "SSEAlgorithm": "aws:kms",
            "KMSMasterKeyID": KEY_ARN,
        },
        "BucketKeyEnabled": True,
    }


@pytest.mark.parametrize(
    ("key", "algorithm", "words"),
    [
        (None, "AES256", "profile"),
        (KEY_ARN.replace("eu-central-1", "us-east-1"), "AES256", "eu-central-1"),
        ("1234", "AES256", "eu-central-1"),
        (KEY_ARN, "aws:fsx", "aws:fsx"),
    ],
)
def test_kms_without_a_fitting_key_is_left_to_a_person(
    key: str | None, algorithm: str, words: str
) -> None:
    """No key, one of another Region, or an encryption that is some service's own."""
    profile = replace(PROFILE, kms_key_arn=key)
    assert words in advised(KMS, bucket(encryption=encryption(algorithm)), profile)


def test_sse_c_is_blocked_beside_all_else() -> None:
    """Algorithm, key and bucket key are sent again."""
    blocked = {"EncryptionType": ["NONE"]}
    theirs = encryption("aws:kms", "theirs", BucketKeyEnabled=True, BlockedEncryptionTypes=blocked)
    assert sent(planned(SSE_C, bucket(encryption=theirs))) == {
        **theirs["Rules"][0],
        "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
    }


def test_sse_c_is_blocked_where_nothing_is_set() -> None:
    """S3 takes no block without a default encryption: SSE-S3, which it applies anyway."""
    assert sent(planned(SSE_C, bucket()))["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "AES256"
    }
    blocked = encryption("AES256", BlockedEncryptionTypes={"EncryptionType": ["SSE-C"]})
    assert judged(SSE_C, bucket(encryption=blocked)) is COMPLIANT
