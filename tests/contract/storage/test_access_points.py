"""Access points of tenants: each reaches its own prefix, and the bucket delegates to them."""

from __future__ import annotations

import pytest

from tests.contract.storage.estate import (
    ACCOUNT,
    ADMIN,
    CALL,
    DATA,
    OTHER_ACCOUNT,
    TENANTS,
    estate,
)
from tests.contract.storage.iam import Evaluator, Request

HARBOUR = f"arn:aws:iam::{ACCOUNT}:role/Harbour"
DOCKYARD = f"arn:aws:iam::{OTHER_ACCOUNT}:role/Dockyard"
POINT = f"arn:aws:s3:eu-central-1:{ACCOUNT}:accesspoint/harbour-0123456789ab"
PLACES = range(1, 6)


def test_there_is_an_access_point_for_each_tenant_and_no_other() -> None:
    """Places may be left empty, so that one tenant's going moves no other's access point."""
    stack = estate(**TENANTS)
    made = [n for n in PLACES if stack.exists("Resources", f"Tenant{n}AccessPoint")]

    assert made == [1, 3]
    assert [n for n in PLACES if stack.exists("Outputs", f"Tenant{n}AccessPointArn")] == made
    assert not any(estate().exists("Resources", f"Tenant{n}AccessPoint") for n in PLACES)


@pytest.mark.parametrize("place", PLACES)
def test_all_places_are_alike(place: int) -> None:
    """Each place makes for its tenant what the first one does."""
    tenant = TENANTS["Tenant1"]
    first = estate(Tenant1=tenant).properties("Tenant1AccessPoint")
    stack = estate(**{f"Tenant{place}": tenant})

    assert stack.properties(f"Tenant{place}AccessPoint") == first
    assert "TenantsUseThroughS3" in str(stack.properties("DataKey"))
    assert "AccessPointsDecide" in str(stack.policy("DataBucketPolicy"))


def test_access_point_is_private() -> None:
    """Nothing is public, which cannot be changed later; from the VPC alone where one is given."""
    point = estate(**TENANTS).properties("Tenant1AccessPoint")
    inside = estate(**TENANTS, TenantVpcId="vpc-12345678").properties("Tenant1AccessPoint")

    assert set(point["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(point["PublicAccessBlockConfiguration"]) == 4
    assert "VpcConfiguration" not in point
    assert inside["VpcConfiguration"] == {"VpcId": "vpc-12345678"}
    assert len(point["Name"]) <= 50


CASES: dict[str, tuple[str, str, str, dict[str, str], list[str], list[str]]] = {
    # principal, action, resource, context; allowed by, denied by
    "the tenant reads its own": (
        HARBOUR,
        "GetObject",
        f"{POINT}/object/tenants/harbour/a",
        {},
        ["TenantUsesItsPrefix"],
        [],
    ),
    "the tenant uploads": (
        HARBOUR,
        "PutObject",
        f"{POINT}/object/tenants/harbour/a",
        {},
        ["TenantUsesItsPrefix"],
        [],
    ),
    "the tenant reads its neighbour's": (
        HARBOUR,
        "GetObject",
        f"{POINT}/object/tenants/dockyard/a",
        {},
        [],
        ["NobodyLeavesTheTenantsPrefix"],
    ),
    "the tenant reads where the prefix goes on": (
        HARBOUR,
        "GetObject",
        f"{POINT}/object/tenants/harbour2/a",
        {},
        [],
        ["NobodyLeavesTheTenantsPrefix"],
    ),
    "the tenant lists its own": (
        HARBOUR,
        "ListBucket",
        POINT,
        {"s3:prefix": "tenants/harbour/"},
        ["TenantListsItsPrefix"],
        [],
    ),
    "the tenant lists all": (HARBOUR, "ListBucket", POINT, {}, [], []),
    "the tenant lists its neighbour's": (
        HARBOUR,
        "ListBucket",
        POINT,
        {"s3:prefix": "tenants/dockyard/"},
        [],
        [],
    ),
    "the tenant removes a version": (
        HARBOUR,
        "DeleteObjectVersion",
        f"{POINT}/object/tenants/harbour/a",
        {},
        [],
        [],
    ),
    "the neighbour reads": (
        DOCKYARD,
        "GetObject",
        f"{POINT}/object/tenants/harbour/a",
        {},
        [],
        [],
    ),
    "an administrator reads elsewhere through it": (
        ADMIN,
        "GetObject",
        f"{POINT}/object/archive/a",
        {},
        [],
        ["NobodyLeavesTheTenantsPrefix"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_tenant_reaches_its_own_prefix(iam: Evaluator, case: str) -> None:
    """By its role, never by a user; and through its access point nobody leaves the prefix."""
    principal, action, resource, context, allowed, denied = CASES[case]
    policy = estate(**TENANTS).properties("Tenant1AccessPoint")["Policy"]
    request = Request(principal, f"s3:{action}", resource, context)

    assert iam.allowed_by(policy, request) == allowed
    assert iam.denied_by(policy, request) == denied


@pytest.mark.parametrize(
    ("parameters", "context", "delegated"),
    [
        (
            {},
            {"s3:DataAccessPointAccount": ACCOUNT, "s3:AccessPointNetworkOrigin": "Internet"},
            True,
        ),
        ({}, {"s3:DataAccessPointAccount": OTHER_ACCOUNT}, False),
        ({}, {}, False),
        (
            {"TenantVpcId": "vpc-12345678"},
            {"s3:DataAccessPointAccount": ACCOUNT, "s3:AccessPointNetworkOrigin": "VPC"},
            True,
        ),
        (
            {"TenantVpcId": "vpc-12345678"},
            {"s3:DataAccessPointAccount": ACCOUNT, "s3:AccessPointNetworkOrigin": "Internet"},
            False,
        ),
    ],
)
def test_bucket_leaves_the_decision_to_this_accounts_access_points(
    iam: Evaluator, parameters: dict[str, str], context: dict[str, str], delegated: bool
) -> None:
    """And with a VPC to those alone that are bound to one; a direct call gets nothing from it."""
    policy = estate(**TENANTS, **parameters).policy("DataBucketPolicy")
    request = Request(DOCKYARD, "s3:GetObject", f"{DATA}/tenants/dockyard/a", {**CALL, **context})

    assert iam.allowed_by(policy, request) == (["AccessPointsDecide"] if delegated else [])


@pytest.mark.parametrize("action", ["DeleteObjectVersion", "PutObjectTagging", "PutBucketPolicy"])
def test_delegation_covers_what_access_points_give_and_no_more(iam: Evaluator, action: str) -> None:
    """Versions, tags and policies stay with the account."""
    context = {**CALL, "s3:DataAccessPointAccount": ACCOUNT}
    request = Request(DOCKYARD, f"s3:{action}", f"{DATA}/a", context)

    assert iam.allowed_by(estate(**TENANTS).policy("DataBucketPolicy"), request) == []


def test_bucket_delegates_nothing_where_there_are_no_tenants() -> None:
    """Anybody of the account could make an access point of their own."""
    sids = [item["Sid"] for item in estate().policy("DataBucketPolicy")["Statement"]]

    assert "AccessPointsDecide" not in sids
