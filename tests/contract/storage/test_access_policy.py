"""Least-privilege access: organization, network, classification.

Each case is a request that IAM would otherwise allow, and the statements that have to stop it.
"""

from __future__ import annotations

import pytest

from tests.contract.storage.estate import (
    ADMIN,
    CALL,
    CLEARED,
    DATA,
    NETWORK,
    ON,
    QUARANTINE,
    REPLICATING,
    ROOT,
    SCANNER,
    STRANGER,
    SYNCING,
    estate,
)
from tests.contract.storage.iam import Evaluator, Request

ORGANIZATION = "o-abcdefghij"
ENDPOINT = {"aws:SourceVpce": "vpce-0123456789abcdef0", "aws:SourceVpc": "vpc-aaaaaaaa"}
ENDPOINT_OF_VPC = {"aws:SourceVpce": "vpce-bbbbbbbb", "aws:SourceVpc": "vpc-0123456789abcdef0"}
OTHER_ENDPOINT = {"aws:SourceVpce": "vpce-bbbbbbbb", "aws:SourceVpc": "vpc-bbbbbbbb"}
SERVICE = {"aws:PrincipalIsAWSService": "true", "aws:ViaAWSService": "false"}


def ask(
    iam: Evaluator,
    parameters: dict[str, str],
    principal: str,
    action: str,
    context: dict[str, str | list[str]] | dict[str, str],
) -> list[str]:
    """Return the Sids that deny the call on an object, or on the bucket for ListBucket."""
    place = DATA if action == "ListBucket" else f"{DATA}/a b+c/ü.txt"
    request = Request(principal, f"s3:{action}", place, {**CALL, **context})
    return iam.denied_by(estate(**parameters).policy("DataBucketPolicy"), request)


DATA_ACTIONS = [
    "GetObject",
    "GetObjectVersion",
    "PutObject",
    "DeleteObject",
    "DeleteObjectVersion",
    "ListBucket",
    "GetObjectTagging",
    "PutObjectTagging",
]


@pytest.mark.parametrize("action", DATA_ACTIONS)
@pytest.mark.parametrize(
    ("principal", "context", "expected"),
    [
        (STRANGER, {"aws:PrincipalOrgID": ORGANIZATION}, []),
        (STRANGER, {"aws:PrincipalOrgID": "o-zzzzzzzzzz"}, ["OnlyTheOrganization"]),
        (STRANGER, {}, ["OnlyTheOrganization"]),
        # This account, even where it belongs to no organization
        (ADMIN, {}, []),
        (ROOT, {}, []),
        ("logging.s3.amazonaws.com", SERVICE, []),
        # Nobody in particular: no account, no organization, no word on being a service
        ("", {"aws:PrincipalIsAWSService": "false"}, ["OnlyTheOrganization"]),
    ],
)
def test_only_the_organization_the_account_and_services_reach_the_data(
    iam: Evaluator, principal: str, context: dict[str, str], expected: list[str], action: str
) -> None:
    """OrganizationId denies everybody else whatever else allows them."""
    assert ask(iam, {"OrganizationId": ORGANIZATION}, principal, action, context) == expected


NETWORK_CASES: dict[str, tuple[str, dict[str, str], bool]] = {
    "through the endpoint": (ADMIN, ENDPOINT, True),
    "through another endpoint of the VPC": (ADMIN, ENDPOINT_OF_VPC, True),
    "through somebody's endpoint": (ADMIN, OTHER_ENDPOINT, False),
    "from the public range": (ADMIN, {"aws:SourceIp": "203.0.113.77"}, True),
    "from the other public range": (ADMIN, {"aws:SourceIp": "198.51.100.15"}, True),
    "from just outside the range": (ADMIN, {"aws:SourceIp": "198.51.100.16"}, False),
    "from the internet": (ADMIN, {"aws:SourceIp": "192.0.2.1"}, False),
    "from a private address, which S3 never sees": (ADMIN, {"aws:SourceIp": "10.0.0.1"}, False),
    "from nowhere": (ADMIN, {}, False),
    "a service itself": ("s3.amazonaws.com", SERVICE, True),
    "a service for somebody": (
        ADMIN,
        {"aws:ViaAWSService": "true", "aws:SourceIp": "192.0.2.1"},
        True,
    ),
    "the root user, who mends": (ROOT, {"aws:SourceIp": "192.0.2.1"}, True),
    "the scanner, which is in no VPC": (SCANNER, {"aws:SourceIp": "192.0.2.1"}, True),
    "quarantine": (QUARANTINE, {"aws:SourceIp": "192.0.2.1"}, True),
    "replication": ("arn:aws:iam::111122223333:role/ReplicationRole", {}, True),
    "DataSync": ("arn:aws:iam::111122223333:role/DataSyncRole", {}, True),
    "an exempt role": ("arn:aws:iam::111122223333:role/Outside", {}, True),
    "a role whose name begins alike": ("arn:aws:iam::111122223333:role/Outside2", {}, False),
}


@pytest.mark.parametrize("action", ["GetObject", "PutObject", "ListBucket", "DeleteObjectVersion"])
@pytest.mark.parametrize("case", NETWORK_CASES)
def test_data_is_reached_through_the_named_networks_alone(
    iam: Evaluator, case: str, action: str
) -> None:
    """One allowed way in is enough, and nothing else is one."""
    principal, context, allowed = NETWORK_CASES[case]
    parameters = {
        **NETWORK,
        **REPLICATING,
        **SYNCING,
        "ScannerRoleArn": SCANNER,
        "QuarantineRoleArn": QUARANTINE,
        "NetworkExemptRoleArns": "arn:aws:iam::111122223333:role/Outside",
    }

    assert ask(iam, parameters, principal, action, context) == (
        [] if allowed else ["OnlyTheNetwork"]
    )


@pytest.mark.parametrize(
    ("given", "way", "shut"),
    [
        ("AllowedVpcEndpointIds", ENDPOINT, [ENDPOINT_OF_VPC, {"aws:SourceIp": "203.0.113.77"}]),
        ("AllowedVpcIds", ENDPOINT_OF_VPC, [ENDPOINT, {"aws:SourceIp": "203.0.113.77"}]),
        ("AllowedIpRanges", {"aws:SourceIp": "203.0.113.77"}, [ENDPOINT, ENDPOINT_OF_VPC]),
    ],
)
def test_one_kind_of_network_alone_shuts_the_others(
    iam: Evaluator, given: str, way: dict[str, str], shut: list[dict[str, str]]
) -> None:
    """What is not named is not allowed."""
    parameters = {given: NETWORK[given]}

    assert ask(iam, parameters, ADMIN, "GetObject", way) == []
    for context in shut:
        assert ask(iam, parameters, ADMIN, "GetObject", context) == ["OnlyTheNetwork"]


TAG = "s3:RequestObjectTag/classification"
EXISTING = "s3:ExistingObjectTag/classification"

GUARD_CASES: dict[str, tuple[str, str, dict[str, str], list[str]]] = {
    "upload as internal": (ADMIN, "PutObject", {TAG: "internal"}, []),
    "upload as restricted": (ADMIN, "PutObject", {TAG: "restricted"}, []),
    "upload as something made up": (
        ADMIN,
        "PutObject",
        {TAG: "open-to-all"},
        ["NoUnknownClassification"],
    ),
    "the value's case matters": (ADMIN, "PutObject", {TAG: "Public"}, ["NoUnknownClassification"]),
    "upload without, as parts of an upload come": (ADMIN, "PutObject", {}, []),
    "the object's old tag says nothing of an upload": (
        ADMIN,
        "PutObject",
        {EXISTING: "restricted"},
        [],
    ),
    "read what is public": (ADMIN, "GetObject", {EXISTING: "public"}, []),
    "read an internal version": (ADMIN, "GetObjectVersion", {EXISTING: "internal"}, []),
    "read what is restricted": (
        ADMIN,
        "GetObject",
        {EXISTING: "restricted"},
        ["OnlyTheClearedReadGuarded"],
    ),
    "read an old restricted version": (
        ADMIN,
        "GetObjectVersion",
        {EXISTING: "restricted"},
        ["OnlyTheClearedReadGuarded"],
    ),
    "read what has no classification": (ADMIN, "GetObject", {}, ["OnlyTheClearedReadGuarded"]),
    "the request's own words open nothing": (
        ADMIN,
        "GetObject",
        {TAG: "public", EXISTING: "restricted"},
        ["OnlyTheClearedReadGuarded"],
    ),
    "the cleared read what is restricted": (CLEARED, "GetObject", {EXISTING: "restricted"}, []),
    "the cleared read what has none": (CLEARED, "GetObjectVersion", {}, []),
    "the scanner reads what is restricted": (SCANNER, "GetObject", {EXISTING: "restricted"}, []),
    "quarantine reads what is restricted": (QUARANTINE, "GetObjectVersion", {}, []),
    "lower the classification": (
        ADMIN,
        "PutObjectTagging",
        {TAG: "public"},
        ["OnlyTheClearedReclassify"],
    ),
    "take the classification off": (
        ADMIN,
        "DeleteObjectTagging",
        {},
        ["OnlyTheClearedReclassify"],
    ),
    "lower that of an old version": (
        ADMIN,
        "PutObjectVersionTagging",
        {TAG: "public"},
        ["OnlyTheClearedReclassify"],
    ),
    "the cleared reclassify": (CLEARED, "PutObjectTagging", {TAG: "public"}, []),
    "the cleared invent": (
        CLEARED,
        "PutObjectTagging",
        {TAG: "new"},
        ["NoUnknownClassification"],
    ),
    "the scanner writes tags once more": (SCANNER, "PutObjectVersionTagging", {TAG: "old"}, []),
    "anybody looks at tags": (ADMIN, "GetObjectTagging", {}, []),
}


@pytest.mark.parametrize("case", GUARD_CASES)
def test_classification_decides_who_reads(iam: Evaluator, case: str) -> None:
    """On writes the request's tags count, on reads the object's; without one it is guarded."""
    principal, action, context, expected = GUARD_CASES[case]
    parameters = {
        "Classification": "GUARD",
        "ClearedRoleArns": CLEARED,
        "ScannerRoleArn": SCANNER,
        "QuarantineRoleArn": QUARANTINE,
    }

    assert ask(iam, parameters, principal, action, context) == expected


def test_classification_can_be_required_of_every_upload(iam: Evaluator) -> None:
    """REQUIRE refuses what has none, and so the parts of multipart uploads; tagging is not hit."""
    parameters = {"Classification": "REQUIRE", "ClearedRoleArns": CLEARED}

    assert ask(iam, parameters, ADMIN, "PutObject", {}) == ["NoUploadWithoutClassification"]
    assert ask(iam, parameters, ADMIN, "PutObject", {TAG: "public"}) == []
    assert ask(iam, parameters, CLEARED, "PutObjectTagging", {}) == []


@pytest.mark.parametrize(
    ("principal", "action", "existing", "expected"),
    [
        # S3 asks for it at an upload with tags as well: nobody could upload at all.
        (ADMIN, "PutObjectTagging", {}, []),
        (ADMIN, "PutObjectTagging", {EXISTING: "internal"}, []),
        (ADMIN, "PutObjectTagging", {EXISTING: "restricted"}, ["OnlyTheClearedLowerGuarded"]),
        (ADMIN, "PutObjectTagging", {EXISTING: "of old"}, ["OnlyTheClearedLowerGuarded"]),
        (ADMIN, "PutObjectVersionTagging", {}, ["OnlyTheClearedReclassify"]),
        (ADMIN, "DeleteObjectTagging", {EXISTING: "internal"}, ["OnlyTheClearedReclassify"]),
        (CLEARED, "PutObjectTagging", {EXISTING: "restricted"}, []),
        (SCANNER, "PutObjectTagging", {EXISTING: "restricted"}, []),
    ],
)
def test_everybody_brings_a_required_classification_and_only_the_cleared_lower_it(
    iam: Evaluator, principal: str, action: str, existing: dict[str, str], expected: list[str]
) -> None:
    """An upload with the tag needs leave for both of its actions."""
    parameters = {
        "Classification": "REQUIRE",
        "ClearedRoleArns": CLEARED,
        "ScannerRoleArn": SCANNER,
    }

    assert ask(iam, parameters, principal, action, {TAG: "public", **existing}) == expected


@pytest.mark.parametrize("classification", ["GUARD", "REQUIRE"])
def test_datasync_looks_at_what_it_wrote(iam: Evaluator, classification: str) -> None:
    """It compares and verifies; its role reaches datasync/ alone."""
    parameters = {**SYNCING, "Classification": classification}
    role = "arn:aws:iam::111122223333:role/DataSyncRole"

    assert ask(iam, parameters, role, "GetObject", {EXISTING: "restricted"}) == []
    assert ask(iam, parameters, role, "GetObject", {}) == []


def test_own_words_replace_the_usual_classifications(iam: Evaluator) -> None:
    """OpenClassifications and GuardedClassifications are the values that count."""
    parameters = {
        "Classification": "GUARD",
        "OpenClassifications": "green",
        "GuardedClassifications": "amber,red",
    }

    assert ask(iam, parameters, ADMIN, "PutObject", {TAG: "red"}) == []
    assert ask(iam, parameters, ADMIN, "PutObject", {TAG: "public"}) == ["NoUnknownClassification"]
    assert ask(iam, parameters, ADMIN, "GetObject", {EXISTING: "green"}) == []
    assert ask(iam, parameters, ADMIN, "GetObject", {EXISTING: "red"}) == [
        "OnlyTheClearedReadGuarded"
    ]


def test_nothing_is_restricted_where_nothing_is_asked_for(iam: Evaluator) -> None:
    """The default policy stops no well-formed call from anywhere."""
    for action in DATA_ACTIONS:
        assert ask(iam, {}, ADMIN, action, {"aws:SourceIp": "192.0.2.1"}) == []


def test_each_statement_has_its_own_switch() -> None:
    """Everything on is all statements, each once."""
    sids = [statement["Sid"] for statement in estate(**ON).policy("DataBucketPolicy")["Statement"]]

    assert len(sids) == len(set(sids)) == 18
