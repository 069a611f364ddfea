"""Event routing: every hop lets in what comes from the hop before, and nothing comes twice."""

from __future__ import annotations

import pytest

from tests.contract.patterns import matches
from tests.contract.storage.estate import ACCOUNT, ADMIN, DATA, DATA_BUCKET, OTHER_ACCOUNT, estate
from tests.contract.storage.iam import Evaluator, Request

STACK = estate(RouteDataEvents="true")
RULE = STACK.resolve({"Fn::GetAtt": ["DataEventsRule", "Arn"]})
QUEUE = STACK.resolve({"Fn::GetAtt": ["DataEventsQueue", "Arn"]})
RESOURCES = [
    "DataEventsRule",
    "DataEventsQueue",
    "DataEventsDeadLetterQueue",
    "DataEventsQueuePolicy",
    "DataNoticesKey",
    "DataNoticesTopic",
    "DataNoticesTopicPolicy",
]


@pytest.mark.parametrize("name", RESOURCES)
def test_nothing_is_routed_unless_asked_for(name: str) -> None:
    """Off by default."""
    assert not estate().exists("Resources", name)
    assert STACK.exists("Resources", name)


def test_eventbridge_is_on_in_any_case() -> None:
    """So that the bucket can be protected by the suite, and rules be added without touching it."""
    for stack in (estate(), STACK):
        notifications = stack.properties("DataBucket")["NotificationConfiguration"]
        assert notifications["EventBridgeConfiguration"] == {"EventBridgeEnabled": True}


@pytest.mark.parametrize(
    ("source", "kind", "bucket", "routed"),
    [
        ("aws.s3", "Object Created", DATA_BUCKET, True),
        ("aws.s3", "Object Deleted", DATA_BUCKET, True),
        ("aws.s3", "Object Tags Added", DATA_BUCKET, False),
        ("aws.s3", "Object Created", "another", False),
        ("tidegate", "Object Created", DATA_BUCKET, False),
    ],
)
def test_rule_takes_creations_and_deletions_of_this_bucket(
    source: str, kind: str, bucket: str, routed: bool
) -> None:
    """And leaves out the scanner's tags, which would come after each creation."""
    event = {"source": source, "detail-type": kind, "detail": {"bucket": {"name": bucket}}}

    assert matches(STACK.properties("DataEventsRule")["EventPattern"], event) is routed


def test_no_event_comes_by_two_ways() -> None:
    """The rule has one target, and the topic's events are none of the rule's."""
    (target,) = STACK.properties("DataEventsRule")["Targets"]
    topics = STACK.properties("DataBucket")["NotificationConfiguration"]["TopicConfigurations"]
    kinds = [configuration["Event"] for configuration in topics]

    assert target["Arn"] == QUEUE
    assert len(kinds) == len(set(kinds))
    assert not any(kind.startswith(("s3:ObjectCreated", "s3:ObjectRemoved")) for kind in kinds)
    assert {configuration["Topic"] for configuration in topics} == {"DataNoticesTopic"}


def test_what_cannot_be_delivered_or_processed_is_kept() -> None:
    """Both EventBridge's and the consumer's failures end in the dead-letter queue."""
    dead = STACK.resolve({"Fn::GetAtt": ["DataEventsDeadLetterQueue", "Arn"]})
    (target,) = STACK.properties("DataEventsRule")["Targets"]

    assert target["DeadLetterConfig"] == {"Arn": dead}
    assert STACK.properties("DataEventsQueue")["RedrivePolicy"]["deadLetterTargetArn"] == dead


@pytest.mark.parametrize(
    ("principal", "context", "allowed"),
    [
        ("events.amazonaws.com", {"aws:SourceArn": RULE}, True),
        ("events.amazonaws.com", {"aws:SourceArn": f"{RULE}2"}, False),
        ("events.amazonaws.com", {}, False),
        ("s3.amazonaws.com", {"aws:SourceArn": RULE}, False),
        (f"arn:aws:iam::{OTHER_ACCOUNT}:root", {"aws:SourceArn": RULE}, False),
    ],
)
def test_queue_takes_messages_of_its_rule_alone(
    iam: Evaluator, principal: str, context: dict[str, str], allowed: bool
) -> None:
    """Nobody else's rule can fill it."""
    policy = STACK.policy("DataEventsQueuePolicy")
    request = Request(principal, "sqs:SendMessage", QUEUE, context)

    assert iam.allowed_by(policy, request) == (["RuleDelivers"] if allowed else [])
    assert iam.denied_by(policy, request) == []


@pytest.mark.parametrize(
    ("principal", "context", "allowed"),
    [
        ("s3.amazonaws.com", {"aws:SourceArn": DATA, "aws:SourceAccount": ACCOUNT}, True),
        ("s3.amazonaws.com", {"aws:SourceArn": f"{DATA}2", "aws:SourceAccount": ACCOUNT}, False),
        ("s3.amazonaws.com", {"aws:SourceArn": DATA, "aws:SourceAccount": OTHER_ACCOUNT}, False),
        ("events.amazonaws.com", {"aws:SourceArn": DATA, "aws:SourceAccount": ACCOUNT}, False),
        (ADMIN, {"aws:SourceArn": DATA, "aws:SourceAccount": ACCOUNT}, False),
    ],
)
def test_topic_takes_notices_of_the_data_bucket_alone(
    iam: Evaluator, principal: str, context: dict[str, str], allowed: bool
) -> None:
    """Of this bucket and of this account, since a bucket's ARN names none."""
    request = Request(principal, "sns:Publish", "DataNoticesTopic", context)

    assert iam.allowed_by(STACK.policy("DataNoticesTopicPolicy"), request) == (
        ["DataBucketPublishes"] if allowed else []
    )


def test_s3_may_use_the_key_of_the_topic(iam: Evaluator) -> None:
    """For this account alone; with AWS's own key for SNS it could not publish."""
    policy = STACK.properties("DataNoticesKey")["KeyPolicy"]

    def allowed(account: str) -> list[str]:
        context = {"aws:SourceAccount": account}
        return iam.allowed_by(policy, Request("s3.amazonaws.com", "kms:Decrypt", "*", context))

    assert STACK.properties("DataNoticesTopic")["KmsMasterKeyId"] == "DataNoticesKey"
    assert allowed(ACCOUNT) == ["S3Publishes"]
    assert allowed(OTHER_ACCOUNT) == []


@pytest.mark.parametrize(
    ("name", "action", "resource"),
    [
        ("DataEventsQueuePolicy", "sqs:ReceiveMessage", QUEUE),
        ("DataNoticesTopicPolicy", "sns:Publish", "DataNoticesTopic"),
    ],
)
def test_plain_http_is_denied(iam: Evaluator, name: str, action: str, resource: str) -> None:
    """Queue and topic answer over TLS alone."""
    request = Request(ADMIN, action, resource, {"aws:SecureTransport": "false"})

    assert iam.denied_by(STACK.policy(name), request) == ["TlsOnly"]


def test_topic_is_ready_before_the_bucket_names_it() -> None:
    """S3 sends a test when it is told of a topic: the policy has to be there."""
    written = STACK.template["Resources"]["DataBucket"]["Properties"]["NotificationConfiguration"]

    for configuration in written["TopicConfigurations"]["Fn::If"][1]:
        assert {"Ref": "DataNoticesTopicPolicy"} in configuration["Topic"]["Fn::Select"][1]
