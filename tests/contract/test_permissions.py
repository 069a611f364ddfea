"""Each role may do what its function's code calls, and nothing else.

`NEEDS` says what an AWS operation needs. Both directions are held: an operation without its
permission fails, and so does a permission without an operation. What the platform does in the
function's name is listed once, in `PLATFORM`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from functions.remediate_bucket import controls
from tests.contract import calls
from tests.contract.calls import Call
from tests.contract.cloudformation import Stack
from tests.contract.test_functions import FUNCTIONS


@dataclass(frozen=True)
class Needs:
    """IAM actions of an operation: those it always needs, and those for versions or tags."""

    always: frozenset[str]
    sometimes: frozenset[str] = frozenset()


def needs(always: str, sometimes: str = "") -> Needs:
    """Return the needs told by words; S3's service prefix is left out."""

    def actions(words: str) -> frozenset[str]:
        return frozenset(word if ":" in word else f"s3:{word}" for word in words.split())

    return Needs(actions(always), actions(sometimes))


# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html.
# ListBucket with GET and HEAD: without it S3 tells nobody that an object is missing.
NEEDS = {
    Call("s3", "get_object"): needs("GetObject ListBucket", "GetObjectVersion"),
    Call("s3", "head_object"): needs("GetObject ListBucket", "GetObjectVersion"),
    Call("s3", "get_object_tagging"): needs("GetObjectTagging", "GetObjectVersionTagging"),
    Call("s3", "put_object_tagging"): needs("PutObjectTagging", "PutObjectVersionTagging"),
    Call("s3", "put_object"): needs("PutObject"),
    Call("s3", "delete_object"): needs("DeleteObject", "DeleteObjectVersion"),
    Call("s3", "list_objects_v2"): needs("ListBucket"),
    Call("s3", "copy_object"): needs("GetObject PutObject GetObjectTagging PutObjectTagging"),
    Call("s3", "create_multipart_upload"): needs("PutObject"),
    Call("s3", "upload_part"): needs("PutObject"),
    Call("s3", "upload_part_copy"): needs("PutObject GetObject"),
    Call("s3", "complete_multipart_upload"): needs("PutObject"),
    Call("s3", "abort_multipart_upload"): needs("AbortMultipartUpload"),
    Call("s3", "list_multipart_uploads"): needs("ListBucketMultipartUploads"),
    Call("s3", "list_parts"): needs("ListMultipartUploadParts"),
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html: many a
    # configuration's action is not named like its operation, and most deletions need the Put.
    Call("s3", "list_buckets"): needs("ListAllMyBuckets"),
    Call("s3", "get_bucket_location"): needs("GetBucketLocation"),
    Call("s3", "get_bucket_acl"): needs("GetBucketAcl"),
    Call("s3", "get_bucket_encryption"): needs("GetEncryptionConfiguration"),
    Call("s3", "get_bucket_lifecycle_configuration"): needs("GetLifecycleConfiguration"),
    Call("s3", "get_bucket_logging"): needs("GetBucketLogging"),
    Call("s3", "get_bucket_notification_configuration"): needs("GetBucketNotification"),
    Call("s3", "get_bucket_ownership_controls"): needs("GetBucketOwnershipControls"),
    Call("s3", "get_bucket_policy"): needs("GetBucketPolicy"),
    Call("s3", "get_bucket_policy_status"): needs("GetBucketPolicyStatus"),
    Call("s3", "get_bucket_replication"): needs("GetReplicationConfiguration"),
    Call("s3", "get_bucket_tagging"): needs("GetBucketTagging"),
    Call("s3", "get_bucket_versioning"): needs("GetBucketVersioning"),
    Call("s3", "get_bucket_website"): needs("GetBucketWebsite"),
    Call("s3", "get_object_lock_configuration"): needs("GetBucketObjectLockConfiguration"),
    Call("s3", "get_public_access_block"): needs("GetBucketPublicAccessBlock"),
    Call("s3", "list_bucket_intelligent_tiering_configurations"): needs(
        "GetIntelligentTieringConfiguration"
    ),
    Call("s3", "list_bucket_inventory_configurations"): needs("GetInventoryConfiguration"),
    Call("s3", "list_bucket_metrics_configurations"): needs("GetMetricsConfiguration"),
    Call("s3", "put_bucket_encryption"): needs("PutEncryptionConfiguration"),
    Call("s3", "put_bucket_intelligent_tiering_configuration"): needs(
        "PutIntelligentTieringConfiguration"
    ),
    Call("s3", "put_bucket_inventory_configuration"): needs("PutInventoryConfiguration"),
    Call("s3", "put_bucket_lifecycle_configuration"): needs("PutLifecycleConfiguration"),
    Call("s3", "put_bucket_logging"): needs("PutBucketLogging"),
    Call("s3", "put_bucket_metrics_configuration"): needs("PutMetricsConfiguration"),
    Call("s3", "put_bucket_notification_configuration"): needs("PutBucketNotification"),
    Call("s3", "put_bucket_ownership_controls"): needs("PutBucketOwnershipControls"),
    Call("s3", "put_bucket_policy"): needs("PutBucketPolicy"),
    Call("s3", "put_bucket_tagging"): needs("PutBucketTagging"),
    Call("s3", "put_bucket_versioning"): needs("PutBucketVersioning"),
    Call("s3", "put_object_lock_configuration"): needs("PutBucketObjectLockConfiguration"),
    Call("s3", "put_public_access_block"): needs("PutBucketPublicAccessBlock"),
    Call("s3", "delete_bucket_encryption"): needs("PutEncryptionConfiguration"),
    Call("s3", "delete_bucket_intelligent_tiering_configuration"): needs(
        "PutIntelligentTieringConfiguration"
    ),
    Call("s3", "delete_bucket_inventory_configuration"): needs("PutInventoryConfiguration"),
    Call("s3", "delete_bucket_lifecycle"): needs("PutLifecycleConfiguration"),
    Call("s3", "delete_bucket_metrics_configuration"): needs("PutMetricsConfiguration"),
    Call("s3", "delete_bucket_ownership_controls"): needs("PutBucketOwnershipControls"),
    Call("s3", "delete_bucket_policy"): needs("DeleteBucketPolicy"),
    Call("s3", "delete_bucket_tagging"): needs("PutBucketTagging"),
    Call("s3", "delete_public_access_block"): needs("PutBucketPublicAccessBlock"),
    Call("s3control", "get_public_access_block"): needs("GetAccountPublicAccessBlock"),
    Call("s3control", "put_public_access_block"): needs("PutAccountPublicAccessBlock"),
    Call("s3control", "delete_public_access_block"): needs("PutAccountPublicAccessBlock"),
    Call("s3control", "list_access_points"): needs("ListAccessPoints"),
    Call("s3control", "get_access_point"): needs("GetAccessPoint"),
    Call("cloudtrail", "describe_trails"): needs("cloudtrail:DescribeTrails"),
    Call("cloudtrail", "get_trail_status"): needs("cloudtrail:GetTrailStatus"),
    Call("cloudtrail", "get_event_selectors"): needs("cloudtrail:GetEventSelectors"),
    Call("config", "put_evaluations"): needs("config:PutEvaluations"),
    Call("dynamodb", "query"): needs("dynamodb:Query"),
    Call("dynamodb", "delete_item"): needs("dynamodb:DeleteItem"),
    Call("sqs", "send_message"): needs("sqs:SendMessage"),
    Call("s3", "list_object_versions"): needs("ListBucketVersions"),
    Call("cloudwatch", "list_metrics"): needs("cloudwatch:ListMetrics"),
    Call("cloudwatch", "get_metric_data"): needs("cloudwatch:GetMetricData"),
    Call("pricing", "get_products"): needs("pricing:GetProducts"),
    Call("dynamodb", "put_item"): needs("dynamodb:PutItem"),
    Call("dynamodb", "update_item"): needs("dynamodb:UpdateItem"),
    Call("dynamodb", "get_item"): needs("dynamodb:GetItem"),
    Call("events", "put_events"): needs("events:PutEvents"),
    Call("sns", "publish"): needs("sns:Publish"),
    Call("sqs", "change_message_visibility"): needs("sqs:ChangeMessageVisibility"),
    Call("rekognition", "detect_labels"): needs("rekognition:DetectLabels"),
    Call("rekognition", "detect_moderation_labels"): needs("rekognition:DetectModerationLabels"),
}
# What Powertools' idempotency calls on its own table, for those who use it.
IDEMPOTENCY = {f"dynamodb:{verb}Item" for verb in ("Get", "Put", "Update", "Delete")}
IDEMPOTENT = {"LabelImage"}
# Statements on everything, for their actions know no resources.
WITHOUT_RESOURCES = {"Trace", "SeeImages"}
PLATFORM = {
    # Lambda's poller takes the messages in the function's name.
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    # Its logs, its traces.
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
}
# S3, DynamoDB and SNS use keys in the function's name.
KMS_S3 = {"kms:Decrypt", "kms:GenerateDataKey"}
KMS_DYNAMODB = {
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey*",
    "kms:ReEncrypt*",
}
EVERYTHING = {
    "KmsKeyArn": "arn:aws:kms:eu-central-1:111122223333:key/1",
    "ProtectedKmsKeyArns": "arn:aws:kms:eu-central-1:111122223333:key/2",
    "ProtectedBuckets": "one,two",
    "DefinitionsSourceBucket": "mirror",
}

# Statements that reach beyond the suite, by function, each with the reason beside it in the
# template: remediate_bucket reads and writes the configuration of any bucket of the account,
# which is its purpose, and of nothing that lies in one:
# test_remediation_reaches_configurations_and_no_objects. report_storage reports on every bucket of
# the account, so it may ask any bucket how it is configured and what lies there by name, size and
# date; it may neither read an object nor change anything: test_report_only_looks.
BEYOND = {
    "RemediateBucket": {
        "ReadConfigurations",
        "WriteConfigurations",
        "Account",
        "ReadTrails",
        "AnswerConfig",
    },
    "ReportStorage": {
        "ListBuckets",
        "ReadConfigurations",
        "ReadUploads",
        "ReadMetrics",
        "ReadPrices",
    },
}

each_function = pytest.mark.parametrize("name", FUNCTIONS)


def listed(value: Any) -> list[str]:
    """Return a policy's element as a list."""
    return value if isinstance(value, list) else [value]


def granted(stack: Stack, name: str) -> set[str]:
    """Return all actions that a function's role has on anything."""
    return {
        action
        for statement in stack.statements(f"{name}Role")
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
    }


@each_function
@pytest.mark.parametrize("parameters", [{}, EVERYTHING])
def test_role_may_do_exactly_what_the_code_calls(name: str, parameters: dict[str, str]) -> None:
    """No operation lacks its permission, no permission is without an operation."""
    operations = calls.of_function(FUNCTIONS[name])
    library = IDEMPOTENCY if name in IDEMPOTENT else set()
    required = library | {action for call in operations for action in NEEDS[call].always}
    possible = required | {action for call in operations for action in NEEDS[call].sometimes}
    role = {
        action
        for action in granted(Stack(parameters=parameters), name) - PLATFORM
        if not action.startswith("kms:")
    }

    assert required - role == set(), "the code calls what the role may not"
    assert role - possible == set(), "the role may do what the code never calls"


@each_function
def test_code_calls_only_operations_whose_needs_are_known(name: str) -> None:
    """A new operation has to be entered here, with what it needs."""
    operations = calls.of_function(FUNCTIONS[name])

    assert operations
    assert operations - set(NEEDS) == set()


def test_each_operation_known_here_is_called_by_some_function() -> None:
    """The table has nothing left over from code that is gone."""
    called = {call for folder in FUNCTIONS.values() for call in calls.of_function(folder)}

    assert set(NEEDS) - called == set()


@each_function
def test_platform_has_what_it_needs_in_the_functions_name(stack: Stack, name: str) -> None:
    """Without these Lambda cannot poll, log or trace."""
    assert granted(stack, name) >= PLATFORM


@each_function
def test_keys_are_used_only_where_there_are_any_and_through_their_service(name: str) -> None:
    """KMS rights come with the key parameters, each through S3 or DynamoDB alone."""
    without, with_keys = Stack(), Stack(parameters=EVERYTHING)
    own_keys = {"EncryptAlerts"}

    def statements(stack: Stack) -> list[dict[str, Any]]:
        return [
            statement
            for statement in stack.statements(f"{name}Role")
            if listed(statement["Action"])[0].startswith("kms:")
            and statement["Sid"] not in own_keys
        ]

    assert statements(without) == []
    assert statements(with_keys)
    for statement in statements(with_keys):
        via = statement["Condition"]["StringEquals"]["kms:ViaService"]
        allowed = KMS_DYNAMODB if via.startswith("dynamodb.") else KMS_S3
        assert via in ("s3.eu-central-1.amazonaws.com", "dynamodb.eu-central-1.amazonaws.com")
        assert set(listed(statement["Action"])) <= allowed
        assert all(arn.startswith("arn:aws:kms:") for arn in listed(statement["Resource"]))


@each_function
@pytest.mark.parametrize("parameters", [{}, EVERYTHING])
def test_no_permission_reaches_beyond_the_suite(name: str, parameters: dict[str, str]) -> None:
    """Only what knows no resources (X-Ray, Rekognition) and BEYOND is allowed on everything."""
    for statement in Stack(parameters=parameters).statements(f"{name}Role"):
        if statement["Effect"] == "Deny" or statement["Sid"] in BEYOND.get(name, set()):
            continue
        resources = listed(statement["Resource"])
        if statement["Sid"] in WITHOUT_RESOURCES:
            assert resources == ["*"]
            continue
        if set(listed(statement["Action"])) <= BEYOND.get(name, set()):
            continue
        assert not any("*" in action for action in listed(statement["Action"])) or all(
            action.startswith("kms:") for action in listed(statement["Action"])
        )
        for resource in resources:
            # A wildcard stands for the keys in one named bucket, never for a name.
            place = resource.removesuffix("/*").removeprefix("arn:*:s3:::")
            for folder in ("/releases", "/state", "/labels"):
                place = place.removesuffix(folder)
            assert "*" not in place, resource


def test_remediation_reaches_configurations_and_no_objects(stack: Stack) -> None:
    """On the account's buckets it has the controls' rights and the reader's, and none on objects.

    Both ways: what a control's calls need is granted, and of what writes to buckets everything
    is some control's, but for the deletion by which an undo leaves no policy where none was.
    """
    of_controls = frozenset().union(*(control.actions for control in controls.ALL))
    statements = {
        statement["Sid"]: statement for statement in stack.statements("RemediateBucketRole")
    }
    writes = set(statements["WriteConfigurations"]["Action"])
    account = set(statements["Account"]["Action"])

    assert of_controls <= writes | account
    assert writes - of_controls == {"s3:DeleteBucketPolicy"}
    assert all(action.startswith("s3:Get") for action in statements["ReadConfigurations"]["Action"])
    for name in ("ReadConfigurations", "WriteConfigurations"):
        assert not any(
            "Object" in action and "ObjectLock" not in action
            for action in statements[name]["Action"]
        )
        assert statements[name]["Condition"] == {
            "StringEquals": {"aws:ResourceAccount": "111122223333"}
        }
    deny = statements["NeverObjectsNorBuckets"]
    assert deny["Effect"] == "Deny"
    assert {"s3:GetObject*", "s3:PutObject*", "s3:DeleteObject*", "s3:DeleteBucket"} <= set(
        deny["Action"]
    )
    assert deny["NotResource"] == ["arn:aws:s3:::snapshotsbucket/*", "arn:aws:s3:::reportsbucket/*"]


def test_report_only_looks(stack: Stack) -> None:
    """What reaches beyond the suite only looks, and none of it shows what an object holds."""
    beyond = {
        action
        for statement in stack.statements("ReportStorageRole")
        if statement["Sid"] in BEYOND["ReportStorage"]
        for action in listed(statement["Action"])
    }

    assert beyond
    assert all(action.split(":")[1].startswith(("Get", "List")) for action in beyond)
    assert not any(action.startswith("s3:GetObject") for action in granted(stack, "ReportStorage"))


@pytest.mark.parametrize("name", ["ScanObject", "QuarantineObject", "LabelImage", "CompressLog"])
def test_existing_buckets_are_named_one_by_one(name: str) -> None:
    """ProtectedBuckets become the very buckets and objects that the roles may work on.

    The partition is a wildcard there (Fn::Join takes no function for a delimiter); an account
    lies in one partition alone, so it widens nothing.
    """
    resources = {
        resource
        for statement in Stack(parameters=EVERYTHING).statements(f"{name}Role")
        for resource in listed(statement["Resource"])
        if resource.startswith("arn:*:")
    }

    assert resources == {
        "arn:*:s3:::one",
        "arn:*:s3:::two",
        "arn:*:s3:::one/*",
        "arn:*:s3:::two/*",
    }


def test_only_those_that_copy_first_may_delete_from_protected_buckets(stack: Stack) -> None:
    """Of all functions two can remove what people uploaded; none can overwrite it."""
    able = {
        (name, action)
        for name in FUNCTIONS
        for statement in stack.statements(f"{name}Role")
        for resource in listed(statement.get("Resource", []))
        for action in listed(statement["Action"])
        if resource.startswith("arn:aws:s3:::uploadsbucket")
        and action.startswith(("s3:Delete", "s3:PutObject"))
    }

    assert able == {
        ("CompressLog", "s3:DeleteObject"),
        ("CompressLog", "s3:DeleteObjectVersion"),
        ("QuarantineObject", "s3:DeleteObject"),
        ("QuarantineObject", "s3:DeleteObjectVersion"),
        ("ScanObject", "s3:PutObjectTagging"),
        ("ScanObject", "s3:PutObjectVersionTagging"),
        ("LabelImage", "s3:PutObjectTagging"),
        ("LabelImage", "s3:PutObjectVersionTagging"),
    }


def test_idempotency_has_a_table_of_its_own(stack: Stack) -> None:
    """Deleting rows is allowed there alone: of the ledger the labeller only reads."""
    of_table = {
        (resource.rsplit(":", 1)[-1], action)
        for statement in stack.statements("LabelImageRole")
        for resource in listed(statement["Resource"])
        for action in listed(statement["Action"])
        if action.startswith("dynamodb:")
    }

    assert of_table == {("LedgerTable", "dynamodb:GetItem")} | {
        ("IdempotencyTable", action) for action in IDEMPOTENCY
    }


def test_nobody_may_analyse_faces(stack: Stack) -> None:
    """Of all that Rekognition can do, two operations are allowed, and to one function."""
    allowed = {
        (name, action)
        for name in FUNCTIONS
        for action in granted(stack, name)
        if action.startswith("rekognition:")
    }

    assert allowed == {
        ("LabelImage", "rekognition:DetectLabels"),
        ("LabelImage", "rekognition:DetectModerationLabels"),
    }


def test_definitions_are_written_by_their_updater_alone(stack: Stack) -> None:
    """The scanner can read what is published, and neither state nor anybody's own files."""
    readable = {
        resource
        for statement in stack.statements("ScanObjectRole")
        if statement["Sid"] == "ReadDefinitions"
        for resource in statement["Resource"]
    }

    assert readable == {
        "arn:aws:s3:::definitionsbucket/releases/*",
        "arn:aws:s3:::definitionsbucket/current.json",
    }
