"""Which of AWS's events go from the governance stack's rules to remediate_bucket and to people."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.contract.governance.nested import DEAD_LETTERS, ON, QUEUE, TOPIC, existing, governance
from tests.contract.patterns import matches

EVENTS = Path(__file__).parents[3] / "events" / "remediate_bucket"
RULES = {
    "ComplianceRule": "tidegate-config-compliance",
    "ConfigItemRule": "tidegate-config-items",
    "AccessFindingRule": "tidegate-access-findings",
}

# For each sample that comes from AWS Config by EventBridge: whose rule takes it.
TAKEN = {
    "config_non_compliant_in_sqs": "ComplianceRule",
    "config_non_compliant_first_evaluation_in_sqs": "ComplianceRule",
    "config_account_non_compliant_in_sqs": "ComplianceRule",
    "config_compliant_in_sqs": None,
    "config_foreign_resource_in_sqs": None,
    "config_item_change_in_sqs": "ConfigItemRule",
    "config_item_deleted_in_sqs": "ConfigItemRule",
    "config_item_oversized_in_sqs": "ConfigItemRule",
    "cloudtrail_create_bucket_in_sqs": None,
    "foreign_event_in_sqs": None,
}


def sample(name: str) -> dict[str, Any]:
    """Return the one EventBridge event in a sample's SQS message."""
    (record,) = json.loads((EVENTS / f"{name}.json").read_text())["Records"]
    event: dict[str, Any] = json.loads(record["body"])
    return event


def takers(event: dict[str, Any]) -> list[str]:
    """Return the rules of the stack that take an event."""
    stack = governance(**ON)
    return [name for name in RULES if matches(stack.properties(name)["EventPattern"], event)]


def finding(**changes: Any) -> dict[str, Any]:
    """Return an event of Access Analyzer's shape."""
    detail = {
        "version": "1.0",
        "id": "22222222-dcba-4444-dcba-333333333333",
        "status": "ACTIVE",
        "resourceType": "AWS::S3::Bucket",
        "resource": "arn:aws:s3:::tidegate-uploads",
        "createdAt": "2026-11-22T12:00:00Z",
        "analyzedAt": "2026-11-22T12:00:00Z",
        "updatedAt": "2026-11-22T12:00:00Z",
        "accountId": "111122223333",
        "region": "eu-central-1",
        "principal": {"AWS": "444455556666"},
        "action": ["s3:GetObject"],
        "condition": {},
        "isDeleted": False,
        "isPublic": False,
    }
    return {
        "source": "aws.access-analyzer",
        "detail-type": "Access Analyzer Finding",
        "region": "eu-central-1",
        "resources": ["Analyzer"],
        "detail": {**detail, **changes},
    }


@pytest.mark.parametrize("name", TAKEN)
def test_each_event_goes_where_it_belongs(name: str) -> None:
    """Failures of this stack's rules and changes of buckets go to the queue, once; no others do."""
    rule = TAKEN[name]

    assert takers(sample(name)) == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("rule", "taken"),
    [
        ("tidegate-s3-bucket-tagged", True),
        ("tidegate-cloudtrail-all-read-s3-data-event-check", True),
        ("tidegate-bucket-controls", True),
        ("tidegate-bucket-controls-of-mine", False),
        ("securityhub-s3-bucket-tagged-1a2b3c", False),
        ("other-s3-bucket-tagged", False),
    ],
)
def test_only_the_stacks_own_rules_are_heeded(rule: str, taken: bool) -> None:
    """What other people's rules find is theirs to deal with."""
    event = sample("config_non_compliant_in_sqs")
    event["detail"]["configRuleName"] = rule

    assert takers(event) == (["ComplianceRule"] if taken else [])


def test_every_rule_of_aws_config_is_listened_to() -> None:
    """No rule's failure is lost for its name: each one's event is taken."""
    event = sample("config_non_compliant_in_sqs")
    for rule in existing(governance(**ON), "AWS::Config::ConfigRule").values():
        event["detail"]["configRuleName"] = rule["ConfigRuleName"]
        assert takers(event) == ["ComplianceRule"]


def test_access_points_are_left_to_people() -> None:
    """An access point's public access block cannot be changed, and its name is no bucket's."""
    event = sample("config_non_compliant_in_sqs")
    event["detail"]["resourceType"] = "AWS::S3::AccessPoint"

    assert takers(event) == []


def test_changes_of_other_resources_are_not_forwarded() -> None:
    """A recorder that records all would fill the queue."""
    event = sample("config_item_change_in_sqs")
    event["detail"]["configurationItem"]["resourceType"] = "AWS::EC2::Instance"

    assert takers(event) == []


@pytest.mark.parametrize(
    ("changes", "taken"),
    [
        ({}, True),
        ({"isPublic": True}, True),
        ({"resourceType": "AWS::S3Express::DirectoryBucket"}, True),
        ({"status": "RESOLVED"}, False),
        ({"status": "ARCHIVED"}, False),
        ({"resourceType": "AWS::IAM::Role"}, False),
    ],
)
def test_open_findings_on_buckets_are_told(changes: dict[str, Any], taken: bool) -> None:
    """Somebody hears of each new finding on a bucket, not of those that were dealt with."""
    assert takers(finding(**changes)) == (["AccessFindingRule"] if taken else [])


def test_findings_of_other_analyzers_are_not_told_twice() -> None:
    """An organisation's analyzer has its own audience."""
    event = finding()
    event["resources"] = ["arn:aws:access-analyzer:eu-central-1:444455556666:analyzer/org"]

    assert takers(event) == []


def test_alert_names_bucket_and_finding() -> None:
    """Each name in the text is filled from a field that findings have, and stands in the text."""
    (target,) = governance(**ON).properties("AccessFindingRule")["Targets"]
    transformer = target["InputTransformer"]
    event = finding()

    assert set(re.findall(r"<(\w+)>", transformer["InputTemplate"])) == set(
        transformer["InputPathsMap"]
    )
    for path in transformer["InputPathsMap"].values():
        found: Any = event
        for part in path.removeprefix("$.").split("."):
            found = found[part]
        assert not isinstance(found, dict | list)
    # One JSON text on one line, as EventBridge wants it.
    assert isinstance(json.loads(transformer["InputTemplate"]), str)


@pytest.mark.parametrize("rule", RULES)
def test_rule_has_the_name_by_which_others_let_it_deliver(rule: str) -> None:
    """The policies of queue and topic name the rules; EventBridge takes 64 characters."""
    assert governance(**ON).properties(rule)["Name"] == RULES[rule]
    assert len(governance(**ON, SuiteName="a" * 40).properties(rule)["Name"]) <= 64
    assert "EventBusName" not in governance(**ON).properties(rule)


@pytest.mark.parametrize("rule", RULES)
def test_undeliverable_events_are_kept(rule: str) -> None:
    """What EventBridge cannot deliver goes to the dead letters of remediate_bucket, which alarm."""
    (target,) = governance(**ON).properties(rule)["Targets"]

    assert target["Arn"] == (TOPIC if rule == "AccessFindingRule" else QUEUE)
    assert target["DeadLetterConfig"] == {"Arn": DEAD_LETTERS}
    # AWS: with resource policies, no role.
    assert "RoleArn" not in target


@pytest.mark.parametrize(
    ("switches", "rules"),
    [
        ({}, set()),
        ({"ConfigRules": "FOUNDATIONAL"}, {"ComplianceRule"}),
        ({"ConfigRules": "ALL"}, {"ComplianceRule"}),
        ({"ForwardConfigItems": "true"}, {"ConfigItemRule"}),
        ({"AccessAnalyzer": "true"}, {"AccessFindingRule"}),
        ({"ConfigRecorder": "ALL", "TrailDataEvents": "ALL"}, set()),
    ],
)
def test_events_flow_only_where_something_makes_them(
    switches: dict[str, str], rules: set[str]
) -> None:
    """Each rule comes with its switch."""
    assert set(existing(governance(**switches), "AWS::Events::Rule")) == rules
