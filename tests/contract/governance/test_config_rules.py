"""Each rule of AWS Config is one that AWS has, with inputs and triggers that AWS takes."""

from __future__ import annotations

import gzip
import json
from importlib import resources
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.contract.cloudformation import Stack
from tests.contract.governance.managed_rules import ACCOUNT, CONTROLS, RULES, Mode, Trigger
from tests.contract.governance.nested import FUNCTION, existing, governance

KIND = "AWS::Config::ConfigRule"
# All that the parameters can put into the rules.
INPUTS = {
    "ConfigLogTargetBucket": "logs",
    "ConfigKmsKeyArns": "arn:aws:kms:eu-central-1:111122223333:key/1",
    "ConfigRequiredTagKeys": "team,cost-center",
    "ConfigPublicBuckets": "website",
}

each_rule = pytest.mark.parametrize("identifier", RULES)


def managed(stack: Stack) -> dict[str, dict[str, Any]]:
    """Return AWS's own rules in the stack, by identifier."""
    found = [
        rule
        for rule in existing(stack, KIND).values()
        if rule["Source"]["Owner"] != "CUSTOM_LAMBDA"
    ]
    by_identifier = {rule["Source"]["SourceIdentifier"]: rule for rule in found}
    assert len(by_identifier) == len(found), "two rules judge the same"
    return by_identifier


def identifiers(*modes: Mode) -> set[str]:
    """Return the rules of the controls of these modes."""
    return {rule for control in CONTROLS if control.mode in modes for rule in control.rules}


def test_every_control_with_a_rule_of_aws_has_it() -> None:
    """With ALL there is one rule for each control that AWS can judge, and no other."""
    assert set(managed(governance(ConfigRules="ALL"))) == identifiers(*Mode) == set(RULES)


def test_foundational_rules_are_those_that_can_be_put_right() -> None:
    """FOUNDATIONAL has the controls that are safe to apply, and the account's own block."""
    foundational = managed(governance(ConfigRules="FOUNDATIONAL"))

    assert set(foundational) == identifiers(Mode.AUTOMATIC) | {
        "S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC"
    }
    assert all(rule["Source"]["Owner"] == "AWS" for rule in foundational.values())


def test_rules_not_asked_for_are_not_made() -> None:
    """AWS bills each evaluation: with NONE there is none, and nobody may call the function."""
    off = governance()

    assert existing(off, KIND) == {}
    assert existing(off, "AWS::Lambda::Permission") == {}


@each_rule
def test_metadata_agrees_with_what_others_read_in_the_documentation(identifier: str) -> None:
    """A program of moto's collected the same pages: a second witness."""
    packed = resources.files("moto.config") / "resources" / "aws_managed_rules.json.gz"
    collected = json.loads(gzip.decompress(packed.read_bytes()))["ManagedRules"][identifier]
    rule = RULES[identifier]

    assert collected["Trigger type"] == rule.trigger.value
    assert set(collected["Resource Types"].split(", ")) == rule.resource_types
    optional = {item["Name"]: item["Optional"] for item in collected["Parameters"]}
    assert {name for name, may in optional.items() if not may} == rule.required
    assert {name for name, may in optional.items() if may} == rule.optional


@each_rule
@pytest.mark.parametrize("inputs", [{}, INPUTS], ids=["without inputs", "with inputs"])
def test_inputs_are_those_that_the_rule_knows(identifier: str, inputs: dict[str, str]) -> None:
    """AWS refuses an unknown input and a rule that lacks a required one; no value is empty."""
    rule = managed(governance(ConfigRules="ALL", **inputs))[identifier]
    given = rule.get("InputParameters", {})

    assert RULES[identifier].required <= set(given)
    assert set(given) <= RULES[identifier].required | RULES[identifier].optional
    assert all(isinstance(value, str) and value for value in given.values())


def test_inputs_come_from_the_parameters() -> None:
    """Each parameter reaches its rule as it was given, and no other rule."""
    plain = managed(governance(ConfigRules="ALL"))
    given = managed(governance(ConfigRules="ALL", **INPUTS))

    changed = {
        identifier: rule["InputParameters"]
        for identifier, rule in given.items()
        if rule != plain[identifier]
    }
    assert changed == {
        "S3_BUCKET_LOGGING_ENABLED": {"targetBucket": INPUTS["ConfigLogTargetBucket"]},
        "S3_DEFAULT_ENCRYPTION_KMS": {"kmsKeyArns": INPUTS["ConfigKmsKeyArns"]},
        "S3_BUCKET_TAGGED": {"requiredKeyTags": INPUTS["ConfigRequiredTagKeys"]},
        "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED": {
            "excludedPublicBuckets": INPUTS["ConfigPublicBuckets"]
        },
    }


def test_risky_actions_are_those_of_security_hub() -> None:
    """The one required input has the actions of control S3.6, as patterns of policy actions."""
    rule = managed(governance(ConfigRules="ALL"))["S3_BUCKET_BLACKLISTED_ACTIONS_PROHIBITED"]

    assert rule["InputParameters"]["blacklistedActionPattern"].split(",") == [
        "s3:DeleteBucketPolicy",
        "s3:PutBucketAcl",
        "s3:PutBucketPolicy",
        "s3:PutEncryptionConfiguration",
        "s3:PutObjectAcl",
    ]


@each_rule
def test_only_rules_that_run_by_the_clock_have_a_frequency(identifier: str) -> None:
    """AWS refuses a frequency for a rule that only changes trigger."""
    rule = managed(governance(ConfigRules="ALL", ConfigRulesFrequency="Six_Hours"))[identifier]
    frequency = rule.get("MaximumExecutionFrequency")

    assert frequency == (None if RULES[identifier].trigger is Trigger.CHANGES else "Six_Hours")


@each_rule
def test_rule_judges_the_resources_that_it_is_made_for(identifier: str) -> None:
    """Changes of other types trigger nothing; a rule on the account has no type to be bound to."""
    rule = managed(governance(ConfigRules="ALL"))[identifier]
    meant = RULES[identifier].resource_types

    if meant == {ACCOUNT}:
        assert "Scope" not in rule
    else:
        scope = set(rule["Scope"]["ComplianceResourceTypes"])
        # Of the KMS rule's two types the buckets suffice: their keys would have to be recorded too.
        assert scope == meant - {"AWS::KMS::Key"}


@each_rule
def test_rule_is_named_after_the_suite_and_aws_rule(identifier: str) -> None:
    """Names tell what is judged, fit into AWS's 128 characters, and are one stack's own."""
    longest = "a" * 40
    rule = managed(governance(ConfigRules="ALL", SuiteName=longest))[identifier]

    assert rule["ConfigRuleName"] == f"{longest}-{RULES[identifier].name}"
    assert len(rule["ConfigRuleName"]) <= 128
    assert 0 < len(rule["Description"]) <= 256


def test_rules_wait_for_the_recorder_of_this_stack() -> None:
    """AWS refuses rules in a Region without recorder; the handle waits where one is made here."""
    for name in governance().of_type(KIND):
        waits = governance().template["Resources"][name]["DependsOn"]
        assert "RecorderIsReady" in ([waits] if isinstance(waits, str) else waits)
    handle = governance().template["Resources"]["RecorderIsReady"]

    assert "Condition" not in handle
    assert governance(ConfigRecorder="S3").resolve(handle["Metadata"]) == {
        "WaitsFor": ["Recorder", "DeliveryChannel"]
    }
    assert governance().resolve(handle["Metadata"]) == {"WaitsFor": []}


def test_own_rule_judges_what_aws_has_no_rule_for() -> None:
    """It asks remediate_bucket on changes, on those too large for an event, and by the clock."""
    stack = governance(ConfigRules="ALL", ConfigRulesFrequency="Six_Hours")
    rule = stack.properties("BucketControlsRule")

    assert rule["ConfigRuleName"] == "tidegate-bucket-controls"
    assert rule["Source"]["Owner"] == "CUSTOM_LAMBDA"
    assert rule["Source"]["SourceIdentifier"] == FUNCTION
    assert rule["Scope"] == {"ComplianceResourceTypes": ["AWS::S3::Bucket"]}
    details = {
        detail["MessageType"]: detail.get("MaximumExecutionFrequency")
        for detail in rule["Source"]["SourceDetails"]
    }
    assert details == {
        "ConfigurationItemChangeNotification": None,
        "OversizedConfigurationItemChangeNotification": None,
        "ScheduledNotification": "Six_Hours",
    }
    assert {detail["EventSource"] for detail in rule["Source"]["SourceDetails"]} == {"aws.config"}
    assert rule["InputParameters"]["controls"].split(",") == [
        control.id for control in CONTROLS if not control.rules
    ]
    # For a rule of one's own the frequency stands with its message.
    assert "MaximumExecutionFrequency" not in rule


def test_aws_config_may_call_the_function_for_this_account_alone() -> None:
    """The permission is there before the rule, and no other account's rule can use it."""
    stack = governance(ConfigRules="ALL")
    (permission,) = existing(stack, "AWS::Lambda::Permission").values()
    waits = stack.template["Resources"]["BucketControlsRule"]["DependsOn"]

    assert permission == {
        "Action": "lambda:InvokeFunction",
        "FunctionName": FUNCTION,
        "Principal": "config.amazonaws.com",
        "SourceAccount": "111122223333",
    }
    assert "ConfigInvokesRemediateBucket" in waits
    assert not existing(governance(ConfigRules="FOUNDATIONAL"), "AWS::Lambda::Permission")


def test_aws_config_repairs_nothing_itself() -> None:
    """A rule's remediation would fight with remediate_bucket: there is none."""
    assert governance().of_type("AWS::Config::RemediationConfiguration") == {}


def test_api_takes_every_rule() -> None:
    """AWS Config's interface, as botocore and moto know it, takes each rule as it stands.

    Moto refuses unknown identifiers and inputs, and rules that lack one.
    """
    with mock_aws():
        config: Any = boto3.client("config", region_name="eu-central-1")
        rules = managed(governance(ConfigRules="ALL", **INPUTS)).values()
        for rule in rules:
            config.put_config_rule(ConfigRule=_as_in_the_api(rule))
        known = config.describe_config_rules()["ConfigRules"]

    assert {rule["ConfigRuleName"] for rule in known} == {rule["ConfigRuleName"] for rule in rules}


def test_api_refuses_what_aws_refuses() -> None:
    """The witness is awake: a rule that there is not, and an input that nobody knows."""
    rule = _as_in_the_api(managed(governance(ConfigRules="ALL"))["S3_BUCKET_TAGGED"])
    with mock_aws():
        config: Any = boto3.client("config", region_name="eu-central-1")
        for fault in (
            {"Source": {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_TAGS_REQUIRED"}},
            {"InputParameters": '{"requiredTagKeys": "team"}'},
        ):
            with pytest.raises(ClientError):
                config.put_config_rule(ConfigRule={**rule, **fault})


def _as_in_the_api(rule: dict[str, Any]) -> dict[str, Any]:
    """Return a rule as CloudFormation would hand it on: with its inputs as a text."""
    inputs = {name: value for name, value in rule.items() if name == "InputParameters"}
    return {**rule, **{name: json.dumps(value) for name, value in inputs.items()}}
