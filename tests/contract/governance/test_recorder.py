"""AWS Config's recorder, where this stack makes it: what it records, and where it may deliver."""

from __future__ import annotations

import pytest

from tests.contract.cloudformation import Stack
from tests.contract.governance.managed_rules import ACCOUNT, RULES
from tests.contract.governance.nested import governance
from tests.contract.policies import Request, allowed_by, denied_by

CONFIG = "config.amazonaws.com"
PLACE = "arn:aws:s3:::configbucket/AWSLogs/111122223333/Config"
ROLE = (
    "arn:aws:iam::111122223333:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
)


def delivery(
    place: str = f"{PLACE}/eu-central-1/x.json.gz",
    action: str = "s3:PutObject",
    account: str = "111122223333",
    acl: str = "bucket-owner-full-control",
) -> Request:
    """Return a request of AWS Config."""
    context: dict[str, str | list[str]] = {
        "aws:SecureTransport": "true",
        "aws:SourceAccount": account,
        "s3:x-amz-acl": acl,
    }
    return Request(action, place, context)


@pytest.mark.parametrize(
    "logical_id",
    ["Recorder", "DeliveryChannel", "ConfigBucket", "ConfigBucketPolicy", "ServiceLinkedRole"],
)
def test_recorder_comes_only_where_it_is_asked_for(logical_id: str) -> None:
    """A Region takes one recorder: an account that has one gets no second."""
    assert not governance(ConfigRules="ALL").exists("Resources", logical_id)
    assert governance(ConfigRecorder="S3").exists("Resources", logical_id)
    assert governance(ConfigRecorder="ALL").exists("Resources", logical_id)


def test_limited_recorder_records_what_the_rules_judge_and_nothing_else() -> None:
    """Each change of a recorded resource is billed; the account is no resource to record."""
    group = governance(ConfigRecorder="S3").properties("Recorder")["RecordingGroup"]
    judged = set().union(*(rule.resource_types for rule in RULES.values()))

    assert set(group.pop("ResourceTypes")) == (judged - {ACCOUNT, "AWS::KMS::Key"}) | {
        "AWS::S3::AccountPublicAccessBlock"
    }
    assert group == {
        "AllSupported": False,
        "IncludeGlobalResourceTypes": False,
        "RecordingStrategy": {"UseOnly": "INCLUSION_BY_RESOURCE_TYPES"},
    }


def test_full_recorder_records_all_and_names_nothing() -> None:
    """AWS refuses a list of types beside AllSupported."""
    group = governance(ConfigRecorder="ALL").properties("Recorder")["RecordingGroup"]

    assert group == {
        "AllSupported": True,
        "IncludeGlobalResourceTypes": True,
        "RecordingStrategy": {"UseOnly": "ALL_SUPPORTED_RESOURCE_TYPES"},
    }


def test_recorder_and_channel_do_not_wait_for_each_other() -> None:
    """AWS Config starts the recorder once both are there; one that waits never ends."""
    resources = governance().template["Resources"]

    assert resources["Recorder"]["DependsOn"] == "ConfigBucketPolicy"
    assert resources["DeliveryChannel"]["DependsOn"] == "ConfigBucketPolicy"


def test_recorder_uses_the_role_of_the_service() -> None:
    """By the same ARN, whether this stack makes the role or the account has it already."""
    made = governance(ConfigRecorder="S3")
    found = governance(ConfigRecorder="S3", ConfigServiceLinkedRole="EXISTS")

    assert made.properties("ServiceLinkedRole") == {"AWSServiceName": "config.amazonaws.com"}
    assert not found.exists("Resources", "ServiceLinkedRole")
    assert found.properties("Recorder")["RoleARN"] == ROLE
    # Its name is told by AWS once it is made, and makes the recorder wait for it.
    assert made.properties("Recorder")["RoleARN"] == ROLE.replace(
        "AWSServiceRoleForConfig", "ServiceLinkedRole.RoleName"
    )
    assert made.template["Resources"]["ServiceLinkedRole"]["DeletionPolicy"] == "Retain"


def test_channel_delivers_into_the_stacks_own_bucket() -> None:
    """History and snapshots go where the policy lets AWS Config write."""
    channel = governance(ConfigRecorder="S3").properties("DeliveryChannel")

    assert channel["S3BucketName"] == "configbucket"
    assert "S3KeyPrefix" not in channel


@pytest.fixture
def recorded() -> Stack:
    """Return the stack with a recorder."""
    return governance(ConfigRecorder="S3")


CASES: dict[str, tuple[Request, str | None]] = {
    "it delivers": (delivery(), "ConfigDelivers"),
    "it tries whether it may deliver": (
        delivery(f"{PLACE}/ConfigWritabilityCheckFile"),
        "ConfigDelivers",
    ),
    "it looks for the bucket": (
        delivery("arn:aws:s3:::configbucket", "s3:ListBucket"),
        "ConfigLooksForItsBucket",
    ),
    "it looks at who owns the bucket": (
        delivery("arn:aws:s3:::configbucket", "s3:GetBucketAcl"),
        "ConfigLooksForItsBucket",
    ),
    "another account's recorder delivers": (delivery(account="444455556666"), None),
    "it delivers for another account": (
        delivery("arn:aws:s3:::configbucket/AWSLogs/444455556666/Config/x"),
        None,
    ),
    "it writes elsewhere": (delivery("arn:aws:s3:::configbucket/x"), None),
    "it keeps the object to itself": (delivery(acl="private"), None),
    "it reads": (delivery(action="s3:GetObject"), None),
}


@pytest.mark.parametrize("case", CASES)
def test_aws_config_may_deliver_and_no_more(recorded: Stack, case: str) -> None:
    """The one statement meant for a request allows it; any other request meets none."""
    request, statement = CASES[case]
    policy = recorded.policy("ConfigBucketPolicy")

    assert allowed_by(policy, CONFIG, request) == ([statement] if statement else [])
    assert allowed_by(policy, "cloudtrail.amazonaws.com", request) == []
    assert denied_by(policy, request) == []
