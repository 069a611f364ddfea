"""Parameters of the estate: limited, explained, and the same in both templates."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.contract.cloudformation import REPLICA, STORAGE, Stack, load
from tests.contract.storage.estate import ON, OTHER_ACCOUNT

ROOT: dict[str, Any] = load()
ESTATE: dict[str, Any] = load(STORAGE)
COPY: dict[str, Any] = load(REPLICA)
PASSED = ROOT["Resources"]["DataStack"]["Properties"]["Parameters"]
# Given by template.yaml from its own resources.
WIRED = {"AlertsTopicArn", "ScannerRoleArn", "QuarantineRoleArn", "LabellerRoleArn"}
BOTH = [
    *((name, value) for name, value in ESTATE["Parameters"].items()),
    *((name, value) for name, value in COPY["Parameters"].items()),
]

each_parameter = pytest.mark.parametrize(
    ("name", "parameter"), BOTH, ids=[name for name, _ in BOTH]
)


@each_parameter
def test_parameter_is_limited_and_explained(name: str, parameter: dict[str, Any]) -> None:
    """Each parameter has limits, says what it is for, and what is wrong with a wrong value."""
    bounded = {"MinValue", "MaxValue"} <= set(parameter)
    assert bounded or "AllowedValues" in parameter or "AllowedPattern" in parameter
    assert parameter["Description"].endswith(".")
    assert parameter["ConstraintDescription"].startswith("must be ")


@each_parameter
def test_default_is_allowed(name: str, parameter: dict[str, Any]) -> None:
    """Both stacks can be deployed without giving any parameter."""
    default = parameter["Default"]

    if "AllowedValues" in parameter:
        assert default in parameter["AllowedValues"]
    if "AllowedPattern" in parameter:
        assert re.fullmatch(parameter["AllowedPattern"], default)
    if "MinValue" in parameter:
        assert parameter["MinValue"] <= default <= parameter["MaxValue"]


@pytest.mark.parametrize("template", [ESTATE, COPY], ids=["storage", "replica"])
def test_every_parameter_has_its_place_in_the_console(template: dict[str, Any]) -> None:
    """The console shows each parameter once, in a group with a name."""
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    shown = [name for group in groups for name in group["Parameters"]]

    assert sorted(shown) == sorted(template["Parameters"])
    assert all(group["Label"]["default"] for group in groups)


def test_every_parameter_is_passed_on() -> None:
    """template.yaml gives each parameter of the nested stack, by the same name or its own part."""
    assert set(PASSED) == set(ESTATE["Parameters"])
    assert {name for name, value in PASSED.items() if value != {"Ref": name}} == WIRED
    assert PASSED["ScannerRoleArn"] == {"Fn::GetAtt": ["ScanObjectRole", "Arn"]}
    assert PASSED["QuarantineRoleArn"] == {"Fn::GetAtt": ["QuarantineObjectRole", "Arn"]}
    labeller = {"Fn::GetAtt": ["LabelImageRole", "Arn"]}
    assert PASSED["LabellerRoleArn"] == {"Fn::If": ["LabelsImages", labeller, ""]}
    assert PASSED["AlertsTopicArn"] == {"Ref": "AlertsTopic"}


@pytest.mark.parametrize("name", sorted(set(ESTATE["Parameters"]) - WIRED))
def test_parameter_is_the_same_in_both_templates(name: str) -> None:
    """Default, limits and words cannot drift apart."""
    assert ROOT["Parameters"][name] == ESTATE["Parameters"][name]


def test_console_groups_are_the_same_in_both_templates() -> None:
    """The estate is shown in the suite's console as in its own, with the switch on top."""

    def groups(template: dict[str, Any]) -> list[dict[str, Any]]:
        shown = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        return [group for group in shown if group["Label"]["default"].startswith("Estate: ")]

    nested = groups(ESTATE)
    expected = [
        {**nested[0], "Parameters": ["MakeDataBucket", *nested[0]["Parameters"]]},
        *nested[1:],
    ]
    assert [group for group in groups(ROOT) if group in expected] == expected


def test_data_bucket_is_made_only_when_asked_for() -> None:
    """By default the suite has no data bucket, and pays for none."""
    asked = Stack(parameters={"MakeDataBucket": "true"})

    assert not Stack().exists("Resources", "DataStack")
    assert asked.exists("Resources", "DataStack")
    assert asked.properties("DataStack")["TemplateURL"] == "stacks/storage.yaml"


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("DataBucketName", {}),
        ("DataLogBucketName", {}),
        ("DataKeyArn", {"EncryptDataWithKms": "true"}),
        ("CrossAccountRoleArn", {"SharedWithArns": ON["SharedWithArns"]}),
        ("ReplicationRoleArn", {"ReplicaBucketArn": ON["ReplicaBucketArn"]}),
    ],
)
def test_output_of_the_nested_stack_is_told_by_the_suite(
    name: str, parameters: dict[str, str]
) -> None:
    """It exists in the suite exactly where the nested stack has it."""
    suite = Stack(parameters={"MakeDataBucket": "true", **parameters})

    assert suite.exists("Outputs", name)
    assert Stack(ESTATE, parameters).exists("Outputs", name)
    assert not Stack(parameters=parameters).exists("Outputs", name)
    assert suite.template["Outputs"][name]["Value"] == {
        "Fn::GetAtt": ["DataStack", f"Outputs.{name}"]
    }


def test_conditional_outputs_are_left_out_with_their_resource() -> None:
    """Without a key, a partner or a replica there is no such output, here or there."""
    parameters = {"MakeDataBucket": "true", "EncryptDataWithKms": "false"}

    for name in ("DataKeyArn", "CrossAccountRoleArn", "ReplicationRoleArn"):
        assert not Stack(parameters=parameters).exists("Outputs", name)
        assert not Stack(ESTATE, {"EncryptDataWithKms": "false"}).exists("Outputs", name)


@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [
        ("DataBucketCustomName", ["", "my-data"], ["my.data", "My-data", "-x", "ab", "*"]),
        ("OrganizationId", ["", "o-abcdefghij"], ["o-*", "r-abcd", "o-ABCDEFGHIJ"]),
        ("AllowedVpcIds", ["", "vpc-12345678,vpc-0123456789abcdef0"], ["vpc-*", "vpce-12345678"]),
        ("AllowedVpcEndpointIds", ["", "vpce-12345678"], ["vpc-12345678", "vpce-1,*"]),
        (
            "AllowedIpRanges",
            ["", "203.0.113.0/24", "198.51.100.7/32,203.0.113.0/24", "172.15.0.0/16", "9.9.0.0/16"],
            [
                "10.0.0.0/16",
                "172.16.0.0/16",
                "172.31.255.0/24",
                "192.168.1.0/24",
                "127.0.0.1/32",
                "169.254.169.254/32",
                "100.64.0.0/16",
                "100.127.0.0/16",
                "0.0.0.0/16",
                "224.0.0.1/32",
                "203.0.113.0/24,10.1.0.0/16",
                "203.0.113.0/15",
                "0.0.0.0/0",
                "203.0.113.0",
                "256.0.0.0/24",
                "203.0.113.0/24,",
                "203.0.113.0/24, 198.51.100.0/24",
            ],
        ),
        (
            "ClearedRoleArns",
            ["", "arn:aws:iam::111122223333:role/A,arn:aws:iam::111122223333:role/p/B"],
            ["arn:aws:iam::111122223333:role/*", "arn:aws:iam::111122223333:root", "A"],
        ),
        (
            "SharedWithArns",
            ["", "arn:aws:iam::111122223333:root,arn:aws-cn:iam::444455556666:role/B"],
            ["*", "arn:aws:iam::111122223333:user/x", "arn:aws:iam::*:root", "111122223333"],
        ),
        ("SharedExternalId", ["", "0123456789abcdef"], ["short", "a" * 129, "with spaces in it.."]),
        ("SharedPrefix", ["shared/", "for/partner-1/"], ["", "/", "shared", "*/", "a/*/", "${x}/"]),
        (
            "Tenant1",
            ["", f"harbour=arn:aws:iam::{OTHER_ACCOUNT}:role/Harbour"],
            [
                "harbour",
                f"Harbour=arn:aws:iam::{OTHER_ACCOUNT}:role/H",
                f"harbour=arn:aws:iam::{OTHER_ACCOUNT}:role/*",
                f"*=arn:aws:iam::{OTHER_ACCOUNT}:role/H",
                f"harbour=arn:aws:iam::{OTHER_ACCOUNT}:root",
                f"a/b=arn:aws:iam::{OTHER_ACCOUNT}:role/H",
            ],
        ),
        ("ReplicationTag", ["", "replicate=yes"], ["replicate", "a=b=c", "*=*", "="]),
        ("ReplicaBucketArn", ["", "arn:aws:s3:::replica"], ["replica", "arn:aws:s3:::*"]),
        (
            "DataSyncSchedule",
            ["", "rate(1 hour)", "rate(12 hours)", "cron(0 3 * * ? *)"],
            ["rate(5 minutes)", "cron()", "at(now)"],
        ),
    ],
)
def test_pattern_takes_what_is_meant_and_nothing_that_could_widen_it(
    name: str, allowed: list[str], refused: list[str]
) -> None:
    """What goes into ARNs and policies cannot carry wildcards; addresses are public ones."""
    pattern = re.compile(ESTATE["Parameters"][name]["AllowedPattern"])

    assert [value for value in allowed if not pattern.fullmatch(value)] == []
    assert [value for value in refused if pattern.fullmatch(value)] == []


@pytest.mark.parametrize(
    ("rule", "condition", "needs"),
    [
        ("SharingNeedsAnExternalId", {"SharedWithArns": "x"}, {"SharedExternalId": "y"}),
        (
            "CleanVerdictsNeedTheScanner",
            {"DataReadsNeedCleanVerdict": "true"},
            {"ScannerRoleArn": "x", "QuarantineRoleArn": "y"},
        ),
        ("EncryptedReplicasNeedAKey", {"ReplicaBucketArn": "x"}, {"ReplicaKmsKeyArn": "y"}),
    ],
)
def test_rule_refuses_what_would_not_do_what_was_meant(
    rule: str, condition: dict[str, str], needs: dict[str, str]
) -> None:
    """CloudFormation refuses the first without the second, before it makes anything."""

    def holds(parameters: dict[str, str]) -> bool:
        stack = Stack(ESTATE, parameters)
        written = ESTATE["Rules"][rule]
        return not stack.resolve(written["RuleCondition"]) or all(
            stack.resolve(assertion["Assert"]) for assertion in written["Assertions"]
        )

    assert holds({})
    assert not holds(condition)
    assert holds({**condition, **needs})


def test_verdicts_are_guarded_under_their_own_key_alone() -> None:
    """With another StatusTagKey the policy would look at a tag that nobody writes: refused."""
    written = ESTATE["Rules"]["CleanVerdictsNeedTheScanner"]["Assertions"]
    other = Stack(ESTATE, {**ON, "StatusTagKey": "av"})

    assert not all(other.resolve(assertion["Assert"]) for assertion in written)


@pytest.mark.parametrize(
    ("parameters", "taken"),
    [
        ({}, True),
        ({"MakeDataBucket": "false"}, True),
        ({"DataReadsNeedCleanVerdict": "false"}, True),
        ({"DataBucketCustomName": "my-data", "ProtectedBuckets": "my-data"}, True),
        ({"DataBucketCustomName": "my-data"}, False),
        ({"ProtectedBuckets": "my-data"}, False),
        ({"MakeDataBucket": "true"}, False),
    ],
)
def test_data_is_not_shut_where_nobody_scans_it(parameters: dict[str, str], taken: bool) -> None:
    """The suite scans buckets by their names alone: refused before anything is made."""
    guarded = {"MakeDataBucket": "true", "DataReadsNeedCleanVerdict": "true"} if parameters else {}
    suite = Stack(parameters={**guarded, **parameters})
    rule = suite.template["Rules"]["GuardedDataMustBeScanned"]

    holds = not suite.resolve(rule["RuleCondition"]) or all(
        suite.resolve(assertion["Assert"]) for assertion in rule["Assertions"]
    )
    assert holds is taken


@pytest.mark.parametrize("template", [ESTATE, COPY], ids=["storage", "replica"])
def test_nothing_assumes_a_partition_or_region(template: dict[str, Any]) -> None:
    """The templates work in China, in GovCloud and in each Region."""
    text = str(template)

    assert not re.search(r"arn:aws(-[a-z]+)*:", text)
    assert not re.search(r"\b(us|eu|ap|sa|ca|me|af|il)-[a-z]+-\d\b", text)
    assert "amazonaws.com" not in re.sub(r"\b[a-z0-9.-]+\.amazonaws\.com\b", "", text)
