"""What remediate_bucket does on the deployed stack, with the rights that its role has."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local import embedded_aws
from local.deployment import Stack
from tests.e2e.test_permissions import _lacking

_EVENT_SECONDS = 60.0
BLOCK = "bucket-public-access-block"
ALL_ON = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)


class Remediator:
    """The deployed function, and one bucket that is badly configured."""

    def __init__(self, stack: Stack, bucket: str) -> None:
        self.stack = stack
        self.bucket = bucket
        self.s3 = stack.client("s3")

    def ask(self, **payload: Any) -> dict[str, Any]:
        """Invoke the function directly."""
        answer = self.stack.client("lambda").invoke(
            FunctionName=self.stack.output("RemediateBucketFunctionName"),
            Payload=json.dumps(payload).encode(),
        )
        body: dict[str, Any] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, body
        return body

    def about(self, mode: str, *controls: str, **more: Any) -> dict[str, Any]:
        """Ask for a mode on this bucket."""
        named = {"controls": list(controls)} if controls else {}
        return self.ask(mode=mode, bucket=self.bucket, **named, **more)

    def send(self, body: dict[str, Any]) -> None:
        """Put an event in the function's queue, as EventBridge does."""
        self.stack.client("sqs").send_message(
            QueueUrl=self.stack.output("RemediateBucketQueueUrl"), MessageBody=json.dumps(body)
        )

    def block(self) -> dict[str, bool] | None:
        """Return the bucket's public access block."""
        try:
            answer = self.s3.get_public_access_block(Bucket=self.bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchPublicAccessBlockConfiguration":
                raise
            return None
        block: dict[str, bool] = answer["PublicAccessBlockConfiguration"]
        return block

    def policy(self) -> dict[str, Any]:
        """Return the bucket's policy."""
        policy: dict[str, Any] = json.loads(self.s3.get_bucket_policy(Bucket=self.bucket)["Policy"])
        return policy

    def tag(self, **tags: str) -> None:
        """Replace the bucket's tags."""
        tag_set = [{"Key": key.replace("_", "-"), "Value": tags[key]} for key in tags]
        self.s3.put_bucket_tagging(Bucket=self.bucket, Tagging={"TagSet": tag_set})


@pytest.fixture
def remediator(stack: Stack) -> Iterator[Remediator]:
    """Return the function with a bucket that nobody hardened, and that is gone afterwards."""
    made = Remediator(stack, f"harbour-{uuid4().hex[:12]}")
    made.s3.create_bucket(
        Bucket=made.bucket,
        CreateBucketConfiguration={"LocationConstraint": embedded_aws.REGION},
    )
    made.s3.delete_public_access_block(Bucket=made.bucket)
    yield made
    made.s3.delete_bucket(Bucket=made.bucket)


def outcomes(answer: dict[str, Any]) -> dict[str, str]:
    """Return the outcome for each control that has something to change."""
    return {change["control"]: change["outcome"] for change in answer["changes"]}


def compliance(answer: dict[str, Any], control: str) -> str:
    """Return what a control found."""
    (found,) = [item for item in answer["findings"] if item["control"] == control]
    told: str = found["compliance"]
    return told


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + _EVENT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came to be so"
        time.sleep(0.2)


def call_event(stack: Stack, bucket: str, issuer: str = "Admin") -> dict[str, Any]:
    """Return CloudTrail's record of the deletion of a public access block."""
    account = stack.client("sts").get_caller_identity()["Account"]
    role = f"arn:aws:iam::{account}:role/{issuer}"
    return {
        "id": str(uuid4()),
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.s3",
        "account": account,
        "region": embedded_aws.REGION,
        "detail": {
            "eventName": "DeleteBucketPublicAccessBlock",
            "eventSource": "s3.amazonaws.com",
            "userIdentity": {
                "type": "AssumedRole",
                "arn": f"arn:aws:sts::{account}:assumed-role/{issuer}/jane",
                "sessionContext": {"sessionIssuer": {"arn": role}},
            },
            "requestParameters": {"bucketName": bucket},
        },
    }


def test_bad_bucket_is_planned_applied_and_undone(remediator: Remediator) -> None:
    """The plan changes nothing, applying it makes the bucket compliant, undoing restores it."""
    planned = remediator.about("plan", BLOCK, "tls-only", "versioning")
    assert set(outcomes(planned).values()) == {"PLANNED"}
    assert remediator.block() is None

    applied = remediator.about("apply", BLOCK, "tls-only", "versioning")
    assert set(outcomes(applied).values()) == {"APPLIED"}
    for control in (BLOCK, "tls-only", "versioning"):
        assert compliance(applied, control) == "COMPLIANT"
    assert remediator.block() == ALL_ON
    assert remediator.policy()["Statement"]

    for change in reversed(applied["changes"]):
        undone = remediator.ask(mode="undo", change=change["change"])
        assert undone["outcome"] == "UNDONE"
    assert remediator.block() is None
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        remediator.policy()


def test_undo_refuses_once_somebody_else_changed_the_setting(remediator: Remediator) -> None:
    """What was configured after the change stays."""
    (change,) = remediator.about("apply", BLOCK)["changes"]
    theirs = {**ALL_ON, "RestrictPublicBuckets": False}
    remediator.s3.put_public_access_block(
        Bucket=remediator.bucket, PublicAccessBlockConfiguration=theirs
    )

    undone = remediator.ask(mode="undo", change=change["change"])

    assert undone["outcome"] == "REFUSED"
    assert remediator.block() == theirs


def test_record_and_snapshot_of_a_change_are_kept(stack: Stack, remediator: Remediator) -> None:
    """The table has the row, the versioned bucket the former setting, with the same hash."""
    (change,) = remediator.about("apply", BLOCK)["changes"]
    row = stack.client("dynamodb").get_item(
        TableName=stack.output("ChangesTableName"),
        Key={"bucket": {"S": remediator.bucket}, "entry": {"S": f"record#{change['change']}"}},
    )["Item"]
    answer = remediator.s3.get_object(
        Bucket=stack.output("SnapshotsBucketName"), Key=row["snapshot"]["S"]
    )
    snapshot = json.loads(answer["Body"].read())

    assert row["outcome"] == {"S": "APPLIED"}
    assert snapshot["before"] is None
    assert snapshot["beforeSha256"] == row["beforeSha256"]["S"]
    assert answer["VersionId"]


def test_event_in_the_queue_only_plans_by_default(remediator: Remediator) -> None:
    """The stack's default applies nothing; with the bucket's own profile an event does."""
    table = remediator.stack.client("dynamodb")
    name = remediator.stack.output("ChangesTableName")
    profile = {"bucket": {"S": remediator.bucket}, "entry": {"S": "profile"}}
    assert outcomes(remediator.about("plan", BLOCK)) == {BLOCK: "PLANNED"}
    table.put_item(TableName=name, Item={**profile, "apply": {"L": [{"S": BLOCK}]}})

    remediator.send(call_event(remediator.stack, remediator.bucket))
    wait_for(lambda: remediator.block() == ALL_ON)
    rows = table.query(
        TableName=name,
        KeyConditionExpression="#b = :b AND begins_with(entry, :e)",
        ExpressionAttributeNames={"#b": "bucket"},
        ExpressionAttributeValues={":b": {"S": remediator.bucket}, ":e": {"S": "record#"}},
    )["Items"]

    assert [row["control"]["S"] for row in rows] == [BLOCK]
    assert rows[0]["trigger"]["M"]["event"] == {"S": "DeleteBucketPublicAccessBlock"}


def test_exempt_bucket_is_left_alone(remediator: Remediator) -> None:
    """The tag keeps the control from the bucket, and the answer says why and until when."""
    remediator.tag(
        tidegate_exempt=f"controls={BLOCK} until=2099-12-31 approver=jane reason=public data"
    )

    answer = remediator.about("apply", BLOCK, "versioning")

    assert outcomes(answer) == {BLOCK: "REFUSED", "versioning": "APPLIED"}
    assert remediator.block() is None
    (exemption,) = answer["exemptions"]
    assert (exemption["until"], exemption["approver"]) == ("2099-12-31", "jane")


def test_exemption_that_cannot_be_understood_keeps_everything_as_it_is(
    remediator: Remediator,
) -> None:
    """Without its end an exemption is no exemption, and nothing is changed until it is mended."""
    remediator.tag(tidegate_exempt="please leave alone")

    answer = remediator.about("apply", BLOCK)

    assert outcomes(answer) == {BLOCK: "REFUSED"}
    assert answer["exemptions"][0]["valid"] is False
    assert remediator.block() is None


def test_bucket_of_a_template_gets_the_patch_and_not_the_change(remediator: Remediator) -> None:
    """What Terraform deploys is changed there; who insists can force it."""
    remediator.tag(managed_by="terraform")

    (refused,) = remediator.about("apply", BLOCK)["changes"]
    assert refused["outcome"] == "REFUSED"
    assert "aws_s3_bucket_public_access_block" in refused["patch"]
    assert remediator.block() is None

    (forced,) = remediator.about("apply", BLOCK, force=True)["changes"]
    assert forced["outcome"] == "APPLIED"
    assert remediator.block() == ALL_ON


def test_report_on_all_buckets_is_written(stack: Stack, remediator: Remediator) -> None:
    """Every bucket of the account is in the JSON and on the page, and none is changed."""
    answer = remediator.ask(mode="report")
    bucket, _, key = answer["json"].removeprefix("s3://").partition("/")
    made = json.loads(remediator.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    page = remediator.s3.get_object(Bucket=bucket, Key=key.replace(".json", ".html"))

    assert answer["complete"]
    assert bucket == stack.output("ReportsBucketName")
    assert remediator.bucket in {row["bucket"] for row in made["buckets"]}
    assert remediator.bucket in page["Body"].read().decode()
    assert page["ContentType"].startswith("text/html")
    assert remediator.block() is None


def test_role_without_the_right_to_read_is_unknown_and_without_the_right_to_write_fails(
    stack: Stack, remediator: Remediator
) -> None:
    """What is denied is never compliant, and a denied call is a failed change."""
    with _lacking(stack, "RemediateBucketRole", {"s3:GetBucketPolicy"}):
        answer = remediator.about("apply", "tls-only")
    assert compliance(answer, "tls-only") == "UNKNOWN"
    assert answer["changes"] == []

    with _lacking(stack, "RemediateBucketRole", {"s3:PutBucketPublicAccessBlock"}):
        answer = remediator.about("apply", BLOCK)
    assert outcomes(answer) == {BLOCK: "FAILED"}
    assert compliance(answer, BLOCK) == "NON_COMPLIANT"
