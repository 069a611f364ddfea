"""The estate, deployed into the embedded AWS: by itself with all that it takes, and in the suite.

It knows neither Storage Lens nor DataSync nor alarms on metric math, applies of a bucket's
properties only versioning, notifications and the public access block, and does not evaluate the
condition keys of organizations and VPCs. Here is what it does know; docs/estate.md lists the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from local import command, definitions, deployment, embedded_aws, samples
from local.deployment import Stack
from local.paths import REPOSITORY
from local.verdicts import Listener
from tests.e2e.uploads import Uploads

_ACCOUNT = embedded_aws.ACCOUNT
_EXTERNAL_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
_PROTECTED = "harbour-office-data"
_ACCEPTED = {
    "AlertsTopicArn": f"arn:aws:sns:eu-central-1:{_ACCOUNT}:alerts",
    "Classification": "GUARD",
    "ArchiveTiering": "DEEP",
    "DataIntelligentTiering": "ARCHIVE",
    "DataInventory": "Daily",
    "DataLogsRetentionDays": "90",
    "DataObjectLockDays": "30",
    "DataRequestMetrics": "true",
    "DataTransferAcceleration": "true",
    "MaxDataObjects": "1000000",
    "ReplicaBucketArn": "arn:aws:s3:::tidegate-replica",
    "ReplicaKmsKeyArn": f"arn:aws:kms:eu-west-1:{_ACCOUNT}:key/1",
    "ReplicationTimeControl": "true",
    "RouteDataEvents": "true",
    "SharedAccess": "READ_WRITE",
    "SharedExternalId": _EXTERNAL_ID,
    "SharedWithArns": f"arn:aws:iam::{_ACCOUNT}:root",
    "Tenant1": f"harbour=arn:aws:iam::{_ACCOUNT}:role/Harbour",
    "Tenant4": "dockyard=arn:aws:iam::444455556666:role/Dockyard",
}
_EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def _deploy(stack: Stack, name: str, template: str, **parameters: str) -> Stack:
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    return deployment.deploy_template(
        stack.server, name, REPOSITORY / "stacks" / template, overrides
    )


@pytest.fixture(scope="module")
def estate(stack: Stack) -> Iterator[Stack]:
    """Return stacks/storage.yaml, deployed by itself with all that the embedded AWS takes."""
    deployed = _deploy(stack, "tidegate-data", "storage.yaml", **_ACCEPTED)
    yield deployed
    stack.client("cloudformation").delete_stack(StackName=deployed.name)


@pytest.fixture(scope="module")
def user(stack: Stack) -> Iterator[Callable[[str], Any]]:
    """Return clients of an IAM user who may do everything that IAM can allow."""
    iam, name = stack.client("iam"), f"everything-{uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    iam.put_user_policy(
        UserName=name, PolicyName="Everything", PolicyDocument=json.dumps(_EVERYTHING)
    )
    key = iam.create_access_key(UserName=name)["AccessKey"]
    session: Any = boto3.Session(
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        region_name=embedded_aws.REGION,
    )
    yield lambda service: session.client(service, endpoint_url=stack.server.endpoint_url)
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName=name, PolicyName="Everything")
    iam.delete_user(UserName=name)


def _refused(call: Callable[..., object], **arguments: Any) -> bool:
    """Whether AWS denies the call; any other failure is raised."""
    try:
        call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDenied", "403"):
            raise
        return True
    return False


def test_everything_that_is_known_there_deploys(estate: Stack) -> None:
    """All resources but those of unknown kinds are made; the outputs name them."""
    assert estate.outputs.keys() == {
        "DataBucketName",
        "DataLogBucketName",
        "DataKeyArn",
        "CrossAccountRoleArn",
        "ReplicationRoleArn",
        "InventoryTableName",
        "DataEventsQueueUrl",
        "DataNoticesTopicArn",
        "Tenant1AccessPointArn",
        "Tenant4AccessPointArn",
    }
    s3 = estate.client("s3")
    bucket = estate.output("DataBucketName")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    notifications = s3.get_bucket_notification_configuration(Bucket=bucket)
    topics = {item["TopicArn"] for item in notifications["TopicConfigurations"]}
    assert topics == {estate.output("DataNoticesTopicArn")}
    assert "EventBridgeConfiguration" in notifications


def test_policies_are_those_that_the_template_makes_of_the_deployed_names(estate: Stack) -> None:
    """The names that were put together beforehand are those that the resources got."""
    s3, bucket = estate.client("s3"), estate.output("DataBucketName")
    logs = json.loads(s3.get_bucket_policy(Bucket=estate.output("DataLogBucketName"))["Policy"])
    kms, key = estate.client("kms"), estate.output("DataKeyArn")
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])

    sources = {
        statement["Condition"]["ArnEquals"]["aws:SourceArn"]
        for statement in logs["Statement"]
        if statement["Effect"] == "Allow"
    }
    use = policy["Statement"][1]["Condition"]["StringLike"]
    assert sources == {f"arn:aws:s3:::{bucket}"}
    assert use["kms:EncryptionContext:aws:s3:arn"] == [
        f"arn:aws:s3:::{bucket}",
        f"arn:aws:s3:::{bucket}/*",
    ]


def test_defaults_deploy_and_leave_their_data_behind(stack: Stack) -> None:
    """Deleting the stack deletes no bucket."""
    plain = _deploy(stack, "tidegate-data-plain", "storage.yaml", DataInventory="OFF")
    assert plain.outputs.keys() == {"DataBucketName", "DataLogBucketName", "DataKeyArn"}

    stack.client("cloudformation").delete_stack(StackName=plain.name)

    for output in ("DataBucketName", "DataLogBucketName"):
        assert stack.client("s3").head_bucket(Bucket=plain.output(output))


def test_replica_deploys(stack: Stack) -> None:
    """For another account, with Object Lock and verdicts."""
    deployed = _deploy(
        stack,
        "tidegate-replica",
        "replica.yaml",
        ReplicaObjectLock="true",
        ReplicaReadsNeedCleanVerdict="true",
        SourceAccountId="444455556666",
        SourceBucketName="tidegate-data",
        AlertsTopicArn=_ACCEPTED["AlertsTopicArn"],
    )

    assert deployed.outputs.keys() == {"ReplicaBucketArn", "ReplicaKeyArn", "ReplicaBucketName"}
    stack.client("cloudformation").delete_stack(StackName=deployed.name)


@pytest.mark.parametrize(
    ("tags", "refused"),
    [
        ("classification=public", False),
        ("classification=internal&team=harbour", False),
        ("classification=restricted", True),
        ("team=harbour", True),
    ],
)
def test_guarded_data_is_shut_to_whoever_is_not_cleared(
    estate: Stack, user: Callable[[str], Any], tags: str, refused: bool
) -> None:
    """Every IAM permission there is opens neither guarded objects nor those without the tag."""
    place = {"Bucket": estate.output("DataBucketName"), "Key": f"{uuid4().hex}.txt"}
    estate.client("s3").put_object(**place, Body=b"figures", Tagging=tags)

    assert _refused(user("s3").get_object, **place) is refused
    assert not _refused(user("s3").get_object_tagging, **place)


@pytest.mark.parametrize(
    ("encryption", "refused"),
    [
        ({}, False),
        ({"ServerSideEncryption": "AES256"}, True),
        ({"ServerSideEncryption": "aws:kms:dsse"}, True),
    ],
)
def test_upload_with_the_wrong_encryption_is_refused(
    estate: Stack, user: Callable[[str], Any], encryption: dict[str, str], refused: bool
) -> None:
    """No header is right, as the bucket's own default then holds."""
    place = {"Bucket": estate.output("DataBucketName"), "Key": f"{uuid4().hex}.txt"}

    assert _refused(user("s3").put_object, **place, Body=b"x", **encryption) is refused


def test_partner_assumes_the_role_and_reaches_the_shared_prefix(
    estate: Stack, user: Callable[[str], Any]
) -> None:
    """Only with external id and source identity; only below the prefix; never to delete."""
    sts, role = user("sts"), estate.output("CrossAccountRoleArn")
    asked = {"RoleArn": role, "RoleSessionName": "partner"}
    full = {**asked, "ExternalId": _EXTERNAL_ID, "SourceIdentity": "kim"}
    assert _refused(sts.assume_role, **asked)
    assert _refused(sts.assume_role, **asked, ExternalId=_EXTERNAL_ID)
    assert _refused(sts.assume_role, **{**full, "ExternalId": "0123456789abcdef"})

    credentials = sts.assume_role(**full)["Credentials"]
    partner: Any = boto3.client(
        "s3",
        endpoint_url=estate.server.endpoint_url,
        region_name=embedded_aws.REGION,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
    bucket = estate.output("DataBucketName")
    shared = {"Bucket": bucket, "Key": f"shared/{uuid4().hex}.txt"}
    other = {"Bucket": bucket, "Key": f"archive/{uuid4().hex}.txt"}
    estate.client("s3").put_object(**other, Body=b"x", Tagging="classification=public")
    assert not _refused(partner.put_object, **shared, Body=b"offer")
    estate.client("s3").put_object(**shared, Body=b"answer", Tagging="classification=public")
    assert partner.get_object(**shared)["Body"].read() == b"answer"
    assert not _refused(partner.list_objects_v2, Bucket=bucket, Prefix="shared/")
    assert _refused(partner.list_objects_v2, Bucket=bucket)
    assert _refused(partner.get_object, **other)
    assert _refused(partner.put_object, **other, Body=b"forged")
    assert _refused(partner.delete_object, **shared)


def test_share_hands_out_the_partners_role(estate: Stack) -> None:
    """The command finds role and bucket in the stack's outputs, and narrows to one folder."""
    done = command.run(
        estate,
        *("share", "shared/team-a/", "--write", "--format", "env", "--json"),
        *("--external-id", _EXTERNAL_ID, "--source-identity", "kim"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    keys = json.loads(done.stdout)
    partner: Any = boto3.client(
        "s3",
        endpoint_url=estate.server.endpoint_url,
        region_name=embedded_aws.REGION,
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=keys["AWS_SESSION_TOKEN"],
    )
    bucket = estate.output("DataBucketName")
    assert not _refused(partner.put_object, Bucket=bucket, Key="shared/team-a/x", Body=b"offer")
    assert _refused(partner.put_object, Bucket=bucket, Key="shared/team-b/x", Body=b"offer")


def test_creation_reaches_the_queue_once(estate: Stack) -> None:
    """S3, EventBridge, rule and queue: their policies let each other in."""
    sqs, queue = estate.client("sqs"), estate.output("DataEventsQueueUrl")
    key = f"events/{uuid4().hex}.txt"
    estate.client("s3").put_object(Bucket=estate.output("DataBucketName"), Key=key, Body=b"x")

    seen = []
    while messages := sqs.receive_message(
        QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=3
    ).get("Messages"):
        seen += [json.loads(message["Body"])["detail"]["object"]["key"] for message in messages]
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    assert seen.count(key) == 1


def test_tenants_have_their_access_points(estate: Stack) -> None:
    """One for each place that is taken, named after its tenant."""
    resources = estate.client("cloudformation").describe_stack_resources(StackName=estate.name)
    made = {
        item["LogicalResourceId"]: item["PhysicalResourceId"].rpartition("-")[0]
        for item in resources["StackResources"]
        if item["ResourceType"] == "AWS::S3::AccessPoint"
    }

    assert made == {"Tenant1AccessPoint": "harbour", "Tenant4AccessPoint": "dockyard"}


def test_network_shuts_everybody_out_who_comes_from_elsewhere(
    stack: Stack, user: Callable[[str], Any]
) -> None:
    """But the root user, who can mend it."""
    deployed = _deploy(
        stack, "tidegate-data-network", "storage.yaml", AllowedIpRanges="203.0.113.0/24"
    )
    place = {"Bucket": deployed.output("DataBucketName"), "Key": "a.txt"}
    stack.client("s3").put_object(**place, Body=b"x")

    assert _refused(user("s3").get_object, **place)
    assert _refused(user("s3").put_object, **place, Body=b"y")
    assert not _refused(user("s3").get_bucket_policy, Bucket=place["Bucket"])
    assert stack.client("s3").get_object(**place)["Body"].read() == b"x"
    stack.client("cloudformation").delete_stack(StackName=deployed.name)


@pytest.fixture(scope="module")
def suite_with_data(stack: Stack) -> Iterator[Stack]:
    """Return the suite with a data bucket that it protects itself, nested in its template."""
    deployed = deployment.deploy_as(
        stack.server,
        "tidegate-with-data",
        MakeDataBucket="true",
        DataBucketCustomName=_PROTECTED,
        DataReadsNeedCleanVerdict="true",
        ProtectedBuckets=_PROTECTED,
        EncryptDataWithKms="false",
    )
    definitions.publish_test_set(deployed)
    yield deployed
    stack.client("cloudformation").delete_stack(StackName=deployed.name)


def test_nested_data_bucket_opens_what_the_suite_found_clean(
    suite_with_data: Stack, user: Callable[[str], Any]
) -> None:
    """Made, protected and scanned in one deployment: shut before the verdict, open after it."""
    assert suite_with_data.output("DataBucketName") == _PROTECTED
    uploads = Uploads(suite_with_data, _PROTECTED, f"{uuid4().hex}/")

    with Listener(suite_with_data) as listener:
        with uploads.scanning_paused():
            put = uploads.put("note.txt", b"harmless")
            early = _refused(user("s3").get_object, **put.selector)
        assert uploads.verdict(listener, put).status == "NO_THREATS_FOUND"
        infected = uploads.put("evil.com", samples.eicar())
        moved = uploads.moved(listener, infected)

    assert early
    assert user("s3").get_object(**put.selector)["Body"].read() == b"harmless"
    assert moved.outcome == "QUARANTINED"
