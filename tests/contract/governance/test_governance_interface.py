"""What template.yaml and people see of the governance stack."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.contract.cloudformation import load
from tests.contract.governance.nested import OFF, ON, PATH, governance

TEMPLATE: dict[str, Any] = load(PATH)
PARAMETERS: dict[str, dict[str, Any]] = TEMPLATE["Parameters"]

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
def test_value_comes_from_the_suite(name: str) -> None:
    """Nothing has a default here: the suite's template has the one default, and passes it."""
    assert "Default" not in PARAMETERS[name]


@each_parameter
def test_parameter_can_be_off(name: str) -> None:
    """What turns a part off is an allowed value."""
    parameter = PARAMETERS[name]
    value = OFF[name]

    if "AllowedValues" in parameter:
        assert value in parameter["AllowedValues"]
    elif "AllowedPattern" in parameter:
        assert re.fullmatch(parameter["AllowedPattern"], value)
    else:
        assert parameter["MinValue"] <= int(value) <= parameter["MaxValue"]


def test_every_parameter_has_its_place_in_the_console() -> None:
    """The console shows each parameter once, and these tests give each a value."""
    groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    shown = [name for group in groups for name in group["Parameters"]]

    assert sorted(shown) == sorted(PARAMETERS) == sorted(OFF)


@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [
        (
            "ConfigRequiredTagKeys",
            ["team", "team,cost-center", "a:b/c"],
            ["aws:x", "a,", "a b", "a,aws:b"],
        ),
        ("ConfigPublicBuckets", ["one", "one,two"], ["One", "one, two", "*", "arn:aws:s3:::one"]),
        ("ConfigLogTargetBucket", ["logs"], ["Logs", "s3://logs", "*"]),
        ("SuiteName", ["tidegate-local", "a"], ["", "1a", "a_b", "a" * 41]),
        ("RemediateBucketQueueArn", [OFF["RemediateBucketQueueArn"]], ["", "*", "arn:aws:sqs:::x"]),
        ("TrailKmsKeyArn", ["", "arn:aws:kms:eu-west-1:111122223333:key/1"], ["alias/x", "*"]),
    ],
)
def test_pattern_takes_what_is_meant(name: str, allowed: list[str], refused: list[str]) -> None:
    """What goes into names, patterns and rules carries neither wildcards nor blanks."""
    pattern = re.compile(PARAMETERS[name]["AllowedPattern"])

    assert [value for value in allowed if not pattern.fullmatch(value)] == []
    assert [value for value in refused if pattern.fullmatch(value)] == []


def test_nothing_is_made_that_was_not_asked_for() -> None:
    """With all switches off only a handle is left, which is free and does nothing."""
    stack = governance()

    assert [name for name in TEMPLATE["Resources"] if stack.exists("Resources", name)] == [
        "RecorderIsReady"
    ]
    assert [name for name in TEMPLATE["Outputs"] if stack.exists("Outputs", name)] == []


def test_everything_is_made_where_all_is_asked_for() -> None:
    """No resource hides behind a condition that nothing can meet."""
    stack = governance(**ON)

    assert all(stack.exists("Resources", name) for name in TEMPLATE["Resources"])
    assert all(stack.exists("Outputs", name) for name in TEMPLATE["Outputs"])


def test_only_documented_types_are_used() -> None:
    """CloudFormation has none for the account's public access block: remediate_bucket sets it."""
    kinds = {resource["Type"] for resource in TEMPLATE["Resources"].values()}

    assert kinds == {
        "AWS::AccessAnalyzer::Analyzer",
        "AWS::CloudFormation::WaitConditionHandle",
        "AWS::CloudTrail::Trail",
        "AWS::Config::ConfigRule",
        "AWS::Config::ConfigurationRecorder",
        "AWS::Config::DeliveryChannel",
        "AWS::Events::Rule",
        "AWS::IAM::ServiceLinkedRole",
        "AWS::Lambda::Permission",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
    }


def test_nothing_assumes_a_partition_or_region() -> None:
    """The template works in China, in GovCloud and in each region."""
    text = str(TEMPLATE)

    assert not re.search(r"arn:aws(-[a-z]+)*:", text)
    assert not re.search(r"\b(us|eu|ap|sa|ca|me|af|il)-[a-z]+-\d\b", text)
    assert "amazonaws.com" not in re.sub(r"\b[a-z0-9.]+\.amazonaws\.com\b", "", text)
