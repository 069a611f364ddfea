"""Cross-account access: who assumes the role, how, and what the role then reaches."""

from __future__ import annotations

import pytest

from tests.contract.storage.estate import (
    ADMIN,
    CALL,
    CLEARED,
    DATA,
    OTHER_ACCOUNT,
    SHARING,
    STRANGER,
    estate,
)
from tests.contract.storage.iam import Evaluator, Request

PARTNER = f"arn:aws:iam::{OTHER_ACCOUNT}:role/Partner"
ROLE = "arn:aws:iam::111122223333:role/CrossAccountRole"
KEY = "arn:aws:service:eu-central-1:111122223333:DataKey"
VIA_S3 = {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}
GIVEN = {"sts:ExternalId": SHARING["SharedExternalId"], "sts:SourceIdentity": "kim"}


def test_there_is_no_role_unless_somebody_is_named() -> None:
    """Nothing to assume by default."""
    assert not estate().exists("Resources", "CrossAccountRole")
    assert not estate().exists("Outputs", "CrossAccountRoleArn")
    assert estate(**SHARING).exists("Outputs", "CrossAccountRoleArn")


ASSUMING: dict[str, tuple[str, str, dict[str, str], list[str]]] = {
    "the partner": (PARTNER, "AssumeRole", GIVEN, ["PartnersAssume"]),
    "without the external id": (PARTNER, "AssumeRole", {"sts:SourceIdentity": "kim"}, []),
    "with another external id": (
        PARTNER,
        "AssumeRole",
        {**GIVEN, "sts:ExternalId": "0123456789abcdef"},
        [],
    ),
    "without a source identity": (
        PARTNER,
        "AssumeRole",
        {"sts:ExternalId": SHARING["SharedExternalId"]},
        [],
    ),
    "with an empty source identity": (
        PARTNER,
        "AssumeRole",
        {**GIVEN, "sts:SourceIdentity": ""},
        [],
    ),
    "setting the source identity": (
        PARTNER,
        "SetSourceIdentity",
        {"sts:SourceIdentity": "kim"},
        ["PartnersSayWhoTheyAre"],
    ),
    "somebody else of the partner's account": (STRANGER, "AssumeRole", GIVEN, []),
    "this account's administrator": (ADMIN, "AssumeRole", GIVEN, []),
    "tagging the session": (PARTNER, "TagSession", GIVEN, []),
}


@pytest.mark.parametrize("case", ASSUMING)
def test_role_is_assumed_by_partners_who_say_who_they_are(iam: Evaluator, case: str) -> None:
    """With the external id and a source identity; both are needed, and AWS checks each apart."""
    principal, action, context, expected = ASSUMING[case]
    trust = estate(**SHARING).properties("CrossAccountRole")["AssumeRolePolicyDocument"]

    assert iam.allowed_by(trust, Request(principal, f"sts:{action}", ROLE, context)) == expected


def test_sessions_end_after_the_given_time() -> None:
    """An hour unless more is asked for."""
    longer = estate(**SHARING, SharedMaxSessionSeconds="7200").properties("CrossAccountRole")

    assert estate(**SHARING).properties("CrossAccountRole")["MaxSessionDuration"] == "3600"
    assert longer["MaxSessionDuration"] == "7200"


REACHING: dict[str, tuple[str, str, dict[str, str], str | None, str | None]] = {
    # action, resource, context; what lets it with READ, and with READ_WRITE
    "read what is shared": ("s3:GetObject", f"{DATA}/shared/a", {}, "Read", "Read"),
    "read a version": ("s3:GetObjectVersion", f"{DATA}/shared/a", {}, "Read", "Read"),
    "read beside it": ("s3:GetObject", f"{DATA}/sharedx", {}, None, None),
    "read the rest": ("s3:GetObject", f"{DATA}/archive/a", {}, None, None),
    "list what is shared": ("s3:ListBucket", DATA, {"s3:prefix": "shared/"}, "List", "List"),
    "list below": ("s3:ListBucket", DATA, {"s3:prefix": "shared/x/"}, "List", "List"),
    "list everything": ("s3:ListBucket", DATA, {}, None, None),
    "list the rest": ("s3:ListBucket", DATA, {"s3:prefix": "archive/"}, None, None),
    "upload": ("s3:PutObject", f"{DATA}/shared/a", {}, None, "Write"),
    "end an upload": ("s3:AbortMultipartUpload", f"{DATA}/shared/a", {}, None, "Write"),
    "delete": ("s3:DeleteObject", f"{DATA}/shared/a", {}, None, None),
    "tag": ("s3:PutObjectTagging", f"{DATA}/shared/a", {}, None, None),
    "decrypt": ("kms:Decrypt", KEY, VIA_S3, "Decrypt", "Decrypt"),
    "decrypt by hand": ("kms:Decrypt", KEY, {}, None, None),
    "encrypt": ("kms:GenerateDataKey", KEY, VIA_S3, None, "Encrypt"),
    "use another key": ("kms:Decrypt", f"{KEY}2", VIA_S3, None, None),
}


@pytest.mark.parametrize("case", REACHING)
def test_role_reaches_the_shared_prefix_and_its_key(iam: Evaluator, case: str) -> None:
    """Lists, reads and decrypts; uploads only where that is asked for; deletes never."""
    action, resource, context, reading, writing = REACHING[case]

    for access, expected in (("READ", reading), ("READ_WRITE", writing)):
        (policy,) = estate(**SHARING, SharedAccess=access).properties("CrossAccountRole")[
            "Policies"
        ]
        request = Request(ROLE, action, resource, context)
        allowed = iam.allowed_by(policy["PolicyDocument"], request)
        assert allowed == ([expected] if expected else [])


def test_role_asks_for_no_key_where_there_is_none() -> None:
    """EncryptDataWithKms=false leaves the KMS statements out."""
    stack = estate(**SHARING, SharedAccess="READ_WRITE", EncryptDataWithKms="false")
    (policy,) = stack.properties("CrossAccountRole")["Policies"]

    assert "kms:" not in str(policy)


def test_bucket_and_key_let_the_role_in(iam: Evaluator) -> None:
    """A role of this account: the organization lets it in, guarded data stays shut."""
    stack = estate(
        **SHARING, OrganizationId="o-abcdefghij", Classification="GUARD", ClearedRoleArns=CLEARED
    )

    def denied(context: dict[str, str]) -> list[str]:
        request = Request(ROLE, "s3:GetObject", f"{DATA}/shared/a", {**CALL, **context})
        return iam.denied_by(stack.policy("DataBucketPolicy"), request)

    assert denied({"s3:ExistingObjectTag/classification": "public"}) == []
    assert denied({"s3:ExistingObjectTag/classification": "restricted"}) == [
        "OnlyTheClearedReadGuarded"
    ]
