"""How template.yaml nests the governance stack, and what it lets the nested rules do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.cloudformation import Stack, load
from tests.contract.governance.nested import OFF, ON, PATH
from tests.contract.policies import Request, allowed_by

ROOT: dict[str, Any] = load()
NESTED: dict[str, Any] = load(PATH)
# What the suite gives of its own.
WIRING = {
    "SuiteName": {"Ref": "AWS::StackName"},
    "RemediateBucketFunctionArn": {"Fn::GetAtt": ["RemediateBucketFunction", "Arn"]},
    "RemediateBucketQueueArn": {"Fn::GetAtt": ["RemediateBucketQueue", "Arn"]},
    "RemediateBucketDeadLetterQueueArn": {"Fn::GetAtt": ["RemediateBucketDeadLetterQueue", "Arn"]},
    "AlertsTopicArn": {"Ref": "AlertsTopic"},
}
PASSED = sorted(set(NESTED["Parameters"]) - set(WIRING) - {"AccessLogBucket"})
RULE = "arn:aws:events:eu-central-1:111122223333:rule/tidegate"


def may_send(rule: str, queue: str) -> bool:
    """Whether a queue takes what EventBridge sends for a rule."""
    stack = Stack(parameters=ON)
    request = Request(
        "sqs:SendMessage",
        stack.resolve({"Fn::GetAtt": [queue, "Arn"]}),
        {"aws:SourceArn": rule, "aws:SourceAccount": rule.split(":")[4]},
    )
    policy = stack.policy("RemediateBucketQueuePolicy")
    return bool(allowed_by(policy, "events.amazonaws.com", request))


def test_each_value_is_passed_under_its_own_name() -> None:
    """The nested stack gets all that it asks for, and nothing that it does not know."""
    passed = ROOT["Resources"]["GovernanceStack"]["Properties"]["Parameters"]

    assert passed == {
        **{name: {"Ref": name} for name in NESTED["Parameters"] if name not in WIRING},
        **WIRING,
    }


def test_nested_template_is_the_one_that_is_tested() -> None:
    """`sam build` takes it from the repository, and `sam deploy` uploads it."""
    resource = ROOT["Resources"]["GovernanceStack"]

    assert resource["Type"] == "AWS::CloudFormation::Stack"
    assert PATH.parents[1] / resource["Properties"]["TemplateURL"] == PATH


@pytest.mark.parametrize("name", PASSED)
def test_parameter_is_the_same_in_both_templates(name: str) -> None:
    """Limits and words agree; the suite's template adds the default, which is off."""
    own = dict(ROOT["Parameters"][name])

    assert str(own.pop("Default")) == OFF[name]
    assert own == NESTED["Parameters"][name]


@pytest.mark.parametrize("name", PASSED)
def test_governance_has_a_group_of_its_own_in_the_console(name: str) -> None:
    """Whoever deploys sees all of it together."""
    groups = ROOT["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    (group,) = [group for group in groups if group["Label"]["default"] == "Governance"]

    assert name in group["Parameters"]


@pytest.mark.parametrize("switch", ON)
def test_each_switch_brings_the_stack(switch: str) -> None:
    """Nothing is nested until something is turned on; then its output tells where it is."""
    for section, name in (("Resources", "GovernanceStack"), ("Outputs", "GovernanceStackArn")):
        assert not Stack().exists(section, name)
        assert Stack(parameters={switch: ON[switch]}).exists(section, name)


@pytest.mark.parametrize("queue", ["RemediateBucketQueue", "RemediateBucketDeadLetterQueue"])
@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        (f"{RULE}-config-compliance", True),
        (f"{RULE}-config-items", True),
        (f"{RULE}-config-items".replace("tidegate", "somebody"), False),
        (f"{RULE}-config-items".replace("111122223333", "444455556666"), False),
    ],
)
def test_nested_rules_may_send_to_the_queue(queue: str, rule: str, allowed: bool) -> None:
    """The queue and its dead letters take events from the nested rules, told by their names."""
    assert may_send(rule, queue) == allowed


def test_findings_that_cannot_be_told_are_kept() -> None:
    """The rule on findings may use the dead letters of remediate_bucket."""
    assert may_send(f"{RULE}-access-findings", "RemediateBucketDeadLetterQueue")


@pytest.mark.parametrize("analyzer", ["true", "false"])
def test_findings_may_be_published_where_there_are_any(analyzer: str) -> None:
    """AWS: EventBridge's statements for a topic, and for its key, take no condition."""
    stack = Stack(parameters={"AccessAnalyzer": analyzer})
    statements = [
        *stack.policy("AlertsTopicPolicy")["Statement"],
        *stack.properties("AlertsKey")["KeyPolicy"]["Statement"],
    ]
    found = [item for item in statements if item["Sid"] == "FindingsPublish"]

    assert [item["Action"] for item in found] == (
        ["sns:Publish", ["kms:Decrypt", "kms:GenerateDataKey*"]] if analyzer == "true" else []
    )
    for item in found:
        assert item["Principal"] == {"Service": "events.amazonaws.com"}
        assert "Condition" not in item
