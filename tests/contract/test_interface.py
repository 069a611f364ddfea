"""Parameters and outputs: what people and other stacks see of the suite."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.contract.cloudformation import Stack, load
from tests.contract.test_functions import FUNCTIONS

PARAMETERS: dict[str, dict[str, Any]] = load()["Parameters"]
OUTPUTS = {
    "UploadsBucketName",
    "QuarantineBucketName",
    "ArchiveBucketName",
    "DefinitionsBucketName",
    "ReportsBucketName",
    "EventBusName",
    "GovernanceStackArn",
    "LedgerTableName",
    "AlertsTopicArn",
    "ProtectedBucketPolicyStatements",
    "RescanStateMachineArn",
    "AthenaWorkGroupName",
    "LogDatabaseName",
    "LogTableName",
    "ChangesTableName",
    "SnapshotsBucketName",
    *(f"{name}FunctionName" for name in FUNCTIONS),
    *(f"{name}QueueUrl" for name in FUNCTIONS),
    *(f"{name}DeadLetterQueueUrl" for name in FUNCTIONS),
}
# Those of the nested stack: tests/contract/storage/test_parameters.py
ESTATE = {
    "DataBucketName",
    "DataLogBucketName",
    "DataKeyArn",
    "CrossAccountRoleArn",
    "ReplicationRoleArn",
}
KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

each_parameter = pytest.mark.parametrize("name", PARAMETERS)


@each_parameter
def test_parameter_is_limited_and_explained(name: str) -> None:
    """Each parameter has limits, says what it is for, and what is wrong with a wrong value."""
    parameter = PARAMETERS[name]

    bounded = {"MinValue", "MaxValue"} <= set(parameter)
    assert bounded or "AllowedValues" in parameter or "AllowedPattern" in parameter
    assert parameter["Description"].endswith(".")
    assert parameter["ConstraintDescription"].startswith("must be ")


@each_parameter
def test_default_is_allowed(name: str) -> None:
    """The stack can be deployed without giving any parameter."""
    parameter = PARAMETERS[name]
    default = parameter["Default"]

    if "AllowedValues" in parameter:
        assert default in parameter["AllowedValues"]
    if "AllowedPattern" in parameter:
        assert re.fullmatch(parameter["AllowedPattern"], default)
    if "MinValue" in parameter:
        assert parameter["MinValue"] <= default <= parameter["MaxValue"]


def test_every_parameter_has_its_place_in_the_console(stack: Stack) -> None:
    """The console shows each parameter once, in a group with a name."""
    groups = stack.template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    shown = [name for group in groups for name in group["Parameters"]]

    assert sorted(shown) == sorted(PARAMETERS)
    assert all(group["Label"]["default"] for group in groups)


@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [
        (
            "ProtectedBuckets",
            ["one", "one,two", "my.old-bucket,a1b"],
            ["One", "arn:aws:s3:::one", "one, two", "one,", ",one", "*", "on*e", "ab"],
        ),
        (
            "StatusTagKey",
            ["scan-status", "GuardDutyMalwareScanStatus", "team:av"],
            [
                "",
                "aws:status",
                "scan-detail",
                "scan-definitions",
                "labels",
                'a"b',
                "a b",
                "a" * 129,
            ],
        ),
        (
            "DefinitionsMirror",
            ["database.clamav.net", "https://mirror.example:8443/clamav", "10.0.0.1:80"],
            ["", "ftp://mirror", "mirror example", "mirror\nExec x", "https://u:p@mirror", "m?x=1"],
        ),
        (
            "DefinitionsSchedule",
            ["rate(1 hour)", "rate(24 hours)", "rate(1 day)", "cron(17 0/3 * * ? *)"],
            ["rate(5 minutes)", "rate(2 days)", "rate(1 hours)", "cron(* * * * ? *)", "at(now)"],
        ),
        (
            "StorageReportSchedule",
            ["OFF", "rate(1 day)", "rate(7 days)", "rate(31 days)", "cron(0 6 ? * MON *)"],
            [
                "",
                "off",
                "rate(1 hour)",
                "rate(32 days)",
                "cron(* * * * ? *)",
                "cron(0 * ? * MON *)",
            ],
        ),
        (
            "KmsKeyArn",
            ["", KEY, KEY.replace("arn:aws:", "arn:aws-cn:")],
            ["alias/x", KEY.replace("key/", "alias/"), "*", f"{KEY},{KEY}"],
        ),
        ("ProtectedKmsKeyArns", ["", KEY, f"{KEY},{KEY}"], [f"{KEY}, {KEY}", "*"]),
        (
            "QuarantineReaderRoleArn",
            ["", "arn:aws:iam::111122223333:role/path/Investigator"],
            ["arn:aws:iam::111122223333:role/*", "arn:aws:iam::111122223333:root", "Investigator"],
        ),
        ("AlertEmail", ["", "security@example.com"], ["security", "a b@example.com"]),
        (
            "AwsEndpointUrl",
            ["", "http://127.0.0.1:4566", "http://[::1]:4566"],
            ["127.0.0.1", "http://x/y"],
        ),
        (
            "RekognitionEndpointUrl",
            ["", "http://127.0.0.1:4567"],
            ["127.0.0.1", "http://x/y"],
        ),
        (
            "ApplyControls",
            ["", "versioning", "tls-1-2-or-later,acls-disabled"],
            ["*", "versioning, tls-only", "Versioning", "a,", "-a"],
        ),
        (
            "RemediationSchedule",
            ["rate(1 hour)", "rate(1 day)", "rate(7 days)", "cron(17 3 * * ? *)"],
            ["rate(5 minutes)", "rate(8 days)", "cron(* * * * ? *)", "", "at(now)"],
        ),
        ("ExemptionTagKey", ["tidegate-exempt", "sec:exempt"], ["", "aws:x", "a b", "a" * 129]),
        (
            "RemediationKmsKeyArn",
            ["", KEY],
            ["alias/x", KEY.replace("key/", "alias/"), "*", f"{KEY},{KEY}"],
        ),
        (
            "RemediationRequiredTags",
            ["", "team=harbour", "team=harbour,cost centre=12", "owner="],
            ["team", "=x", "team=a;b", "team=harbour,"],
        ),
        (
            "RemediationExternalActions",
            ["", "s3:PutBucketAcl", "s3:PutBucketAcl,s3:DeleteBucketPolicy"],
            ["s3:*", "*", "iam:PassRole", "s3:PutBucketAcl, s3:PutObjectAcl"],
        ),
        ("RemediationLogBucket", ["", "my-logs"], ["My-Logs", "s3://my-logs", "*"]),
        ("RemediationLogPrefix", ["", "logs/", "a_b.c-d/"], ["a b", "*", "$x"]),
        ("RemediationInventoryBucket", ["", "my-lists"], ["s3://my-lists/x", "*"]),
        ("AccessLogBucket", ["", "my-logs"], ["My-Logs", "s3://my-logs"]),
        ("DefinitionsSourceBucket", ["", "my-mirror"], ["s3://my-mirror/x", "*"]),
        (
            "LogKeySuffixes",
            [".log", ".log,.jsonl", ".access-log_1.txt"],
            ["", "log", ".", ".log,", ".log, .txt", ".l*g", '.log"', ".log}", "." + "a" * 32],
        ),
        (
            "ArchivePrefix",
            ["logs", "archive/app-1/logs_2"],
            ["", "/logs", "logs/", "a//b", "year=2026", "..", "a b", "logs/*"],
        ),
    ],
)
def test_pattern_takes_what_is_meant_and_nothing_that_could_widen_it(
    name: str, allowed: list[str], refused: list[str]
) -> None:
    """What goes into ARNs, policies and configuration files cannot carry wildcards or quotes."""
    pattern = re.compile(PARAMETERS[name]["AllowedPattern"])

    assert [value for value in allowed if not pattern.fullmatch(value)] == []
    assert [value for value in refused if pattern.fullmatch(value)] == []


def test_outputs_are_those_that_others_rely_on(stack: Stack) -> None:
    """No output is missing, none is made up, and each says what it is."""
    assert set(stack.template["Outputs"]) == OUTPUTS | ESTATE
    assert all(output["Description"] for output in stack.template["Outputs"].values())


@pytest.mark.parametrize("name", sorted(OUTPUTS - {"ProtectedBucketPolicyStatements"}))
def test_output_tells_of_the_resource_that_it_is_named_after(stack: Stack, name: str) -> None:
    """Each output is a plain reference: names, URLs and ARNs as AWS gives them."""
    logical_id = re.sub(r"(Name|Url|Arn)$", "", name)

    assert stack.template["Outputs"][name]["Value"] == {"Ref": logical_id}


def test_nothing_assumes_a_partition_or_region() -> None:
    """The template works in China, in GovCloud and in each region."""
    text = str(load())

    assert not re.search(r"arn:aws(-[a-z]+)*:", text)
    assert not re.search(r"\b(us|eu|ap|sa|ca|me|af|il)-[a-z]+-\d\b", text)
    assert "amazonaws.com" not in re.sub(r"\b[a-z0-9.]+\.amazonaws\.com\b", "", text)
