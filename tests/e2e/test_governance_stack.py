"""The governance stack in the embedded AWS, which knows only a part of its types.

CloudFormation there has neither AWS Config nor CloudTrail nor Access Analyzer: the rest of the
template is held by tests/contract/governance, and docs/governance.md says what was never deployed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.deployment import Stack
from tests.contract.governance.nested import OFF, PATH

_NAME = "tidegate-governance-alone"
_RULE = f"{_NAME}-config-items"
_EVENTS = Path(__file__).parents[2] / "events" / "remediate_bucket"


@pytest.fixture(scope="module")
def queue(stack: Stack) -> Iterator[str]:
    """Deploy the template with what is known there turned on, onto a queue of its own."""
    sqs, cloudformation = stack.client("sqs"), stack.client("cloudformation")
    url: str = sqs.create_queue(QueueName=_NAME)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    changes = {
        "ForwardConfigItems": "true",
        "SuiteName": _NAME,
        "RemediateBucketQueueArn": attributes["QueueArn"],
        "RemediateBucketDeadLetterQueueArn": attributes["QueueArn"],
    }
    cloudformation.create_stack(
        StackName=_NAME,
        TemplateBody=PATH.read_text(),
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in {**OFF, **changes}.items()
        ],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=_NAME, WaiterConfig={"Delay": 1}
    )
    yield url
    cloudformation.delete_stack(StackName=_NAME)
    sqs.delete_queue(QueueUrl=url)


def test_only_what_was_asked_for_is_deployed(stack: Stack, queue: str) -> None:
    """The rule is there, and nothing whose switch is off."""
    resources = stack.client("cloudformation").list_stack_resources(StackName=_NAME)
    made = {item["LogicalResourceId"] for item in resources["StackResourceSummaries"]}

    assert queue
    assert made == {"ConfigItemRule", "RecorderIsReady"}


def test_changes_go_to_the_queue_and_its_dead_letters(stack: Stack, queue: str) -> None:
    """The rule that was deployed has its target, and keeps what cannot be delivered."""
    (target,) = stack.client("events").list_targets_by_rule(Rule=_RULE)["Targets"]

    assert target["Arn"].endswith(f":{queue.rpartition('/')[2]}")
    assert target["DeadLetterConfig"]["Arn"].endswith(f":{_NAME}")


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize(
    ("sample", "taken"),
    [
        ("config_item_change_in_sqs", True),
        ("config_item_deleted_in_sqs", True),
        ("config_item_oversized_in_sqs", True),
        ("config_non_compliant_in_sqs", False),
        ("cloudtrail_create_bucket_in_sqs", False),
        ("foreign_event_in_sqs", False),
    ],
)
def test_deployed_pattern_takes_changes_of_buckets(stack: Stack, sample: str, taken: bool) -> None:
    """A full matcher of EventBridge patterns agrees with that of the contract tests.

    Nobody may put events in AWS Config's name, there as on AWS, so that it is only asked.
    """
    events = stack.client("events")
    (record,) = json.loads((_EVENTS / f"{sample}.json").read_text())["Records"]
    answer = events.test_event_pattern(
        EventPattern=events.describe_rule(Name=_RULE)["EventPattern"], Event=record["body"]
    )

    assert answer["Result"] is taken
