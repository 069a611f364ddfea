"""Who may read and write what, by the bucket policies that the template makes.

Each case is a request that IAM would otherwise allow (an administrator's, say), and the one
statement that has to stop it, or None.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.cloudformation import Stack
from tests.contract.policies import Request, denied_by

BUCKETS = ("Uploads", "Quarantine", "Definitions", "Archive", "Reports", "Snapshots")
SCANNER = "arn:aws:iam::111122223333:role/ScanObjectRole"
QUARANTINE = "arn:aws:iam::111122223333:role/QuarantineObjectRole"
LABELLER = "arn:aws:iam::111122223333:role/LabelImageRole"
UPDATER = "arn:aws:iam::111122223333:role/UpdateDefinitionsRole"
REMEDIATOR = "arn:aws:iam::111122223333:role/RemediateBucketRole"
SESSION = "arn:aws:sts::111122223333:assumed-role"
ADMIN = "arn:aws:iam::111122223333:role/Admin"
ROOT = "arn:aws:iam::111122223333:root"
INVESTIGATOR = "arn:aws:iam::111122223333:role/Investigator"
TLS = {"aws:SecureTransport": "true"}

READ = "NoReadsUntilClean"
WRITE = "OnlyTheScannerWritesVerdicts"
COPY = "NoCopiesThatBringVerdicts"
REPLICA = "NoReplicasThatBringVerdicts"


def uploads(action: str, principal: str | None, **context: str | list[str]) -> Request:
    """Return a request for an object in the uploads bucket; `tag` is its verdict tag."""
    return _request("uploadsbucket/a b+c/ü.txt", action, principal, context)


def _request(
    place: str, action: str, principal: str | None, context: dict[str, str | list[str]]
) -> Request:
    names = {
        "tag": "s3:ExistingObjectTag/scan-status",
        "tags": "s3:RequestObjectTagKeys",
        "source": "s3:x-amz-copy-source",
    }
    keys: dict[str, str | list[str]] = {names[name]: value for name, value in context.items()}
    if principal:
        keys["aws:PrincipalArn"] = principal
    return Request(f"s3:{action}", f"arn:aws:s3:::{place}", {**TLS, **keys})


UPLOADS_CASES: dict[str, tuple[Request, str | None]] = {
    # Reading
    "admin reads what was not scanned": (uploads("GetObject", ADMIN), READ),
    "root reads what was not scanned": (uploads("GetObject", ROOT), READ),
    "an anonymous or service principal reads what was not scanned": (
        uploads("GetObject", None),
        READ,
    ),
    "admin reads an old version that was not scanned": (uploads("GetObjectVersion", ADMIN), READ),
    "admin reads what is clean": (uploads("GetObject", ADMIN, tag="NO_THREATS_FOUND"), None),
    "admin reads a clean version": (
        uploads("GetObjectVersion", ADMIN, tag="NO_THREATS_FOUND"),
        None,
    ),
    "admin reads what is infected": (uploads("GetObject", ADMIN, tag="THREATS_FOUND"), READ),
    "admin reads what could not be scanned": (uploads("GetObject", ADMIN, tag="UNSUPPORTED"), READ),
    "admin reads what failed": (uploads("GetObject", ADMIN, tag="FAILED"), READ),
    "admin reads what could not be read": (uploads("GetObject", ADMIN, tag="ACCESS_DENIED"), READ),
    "the tag's case matters": (uploads("GetObject", ADMIN, tag="no_threats_found"), READ),
    "an empty tag is no verdict": (uploads("GetObject", ADMIN, tag=""), READ),
    "the scanner reads what was not scanned": (uploads("GetObjectVersion", SCANNER), None),
    "quarantine reads what is infected": (
        uploads("GetObjectVersion", QUARANTINE, tag="THREATS_FOUND"),
        None,
    ),
    "the updater reads no uploads": (uploads("GetObject", UPDATER), READ),
    "a role whose name begins like the scanner's": (uploads("GetObject", f"{SCANNER}2"), READ),
    "the scanner's session reads, as the embedded AWS names it": (
        uploads("GetObject", f"{SESSION}/ScanObjectRole/function"),
        None,
    ),
    "a session of a role whose name begins like the scanner's": (
        uploads("GetObject", f"{SESSION}/ScanObjectRole2/function"),
        READ,
    ),
    "a session that is named like the scanner's role": (
        uploads("GetObject", f"{SESSION}/Admin/ScanObjectRole/x"),
        READ,
    ),
    "anybody may look at tags": (uploads("GetObjectTagging", ADMIN), None),
    # Writing the verdict
    "admin uploads": (uploads("PutObject", ADMIN), None),
    "admin uploads with tags of their own": (uploads("PutObject", ADMIN, tags=["team"]), None),
    "admin uploads with the verdict": (
        uploads("PutObject", ADMIN, tags=["team", "scan-status"]),
        WRITE,
    ),
    "admin uploads with the detail of a verdict": (
        uploads("PutObject", ADMIN, tags=["scan-detail"]),
        WRITE,
    ),
    "admin tags with the verdict": (
        uploads("PutObjectTagging", ADMIN, tags=["scan-status"]),
        WRITE,
    ),
    "admin tags an old version with the verdict": (
        uploads("PutObjectVersionTagging", ADMIN, tags=["scan-definitions"]),
        WRITE,
    ),
    "admin uploads with the verdict in another case": (
        uploads("PutObject", ADMIN, tags=["Scan-STATUS"]),
        WRITE,
    ),
    "admin tags with the verdict in another case": (
        uploads("PutObjectTagging", ADMIN, tags=["Scan-Status"]),
        WRITE,
    ),
    "admin tags with a tag of their own": (
        uploads("PutObjectTagging", ADMIN, tags=["team"]),
        None,
    ),
    "quarantine writes no verdict": (
        uploads("PutObjectTagging", QUARANTINE, tags=["scan-status"]),
        WRITE,
    ),
    "the scanner tags with the verdict": (
        uploads("PutObjectVersionTagging", SCANNER, tags=["team", "scan-status", "scan-detail"]),
        None,
    ),
    # Copies: by default S3 takes the source's tags along
    "admin copies from another bucket": (
        uploads("PutObject", ADMIN, source="attacker/forged"),
        COPY,
    ),
    "admin copies from another bucket, with a slash": (
        uploads("PutObject", ADMIN, source="/attacker/forged?versionId=1"),
        COPY,
    ),
    "admin copies from a bucket whose name begins alike": (
        uploads("PutObject", ADMIN, source="uploadsbucket2/forged"),
        COPY,
    ),
    "admin copies from a bucket whose key looks alike": (
        uploads("PutObject", ADMIN, source="attacker/uploadsbucket/forged"),
        COPY,
    ),
    "admin copies through an access point": (
        uploads(
            "PutObject",
            ADMIN,
            source="arn:aws:s3:eu-central-1:1:accesspoint/uploadsbucket/object/a",
        ),
        COPY,
    ),
    "admin copies within the bucket": (
        uploads("PutObject", ADMIN, source="uploadsbucket/clean.txt"),
        None,
    ),
    "admin copies within the bucket, with a slash": (
        uploads("PutObject", ADMIN, source="/uploadsbucket/clean.txt?versionId=1"),
        None,
    ),
    "admin copies within the bucket and gives the verdict anew": (
        uploads("PutObject", ADMIN, source="uploadsbucket/new.txt", tags=["scan-status"]),
        WRITE,
    ),
    "a replica comes": (uploads("ReplicateObject", ADMIN), None),
    "a replica brings its tags": (uploads("ReplicateTags", ADMIN), REPLICA),
    # Never stopped, lest nobody could mend it
    "admin deletes": (uploads("DeleteObject", ADMIN), None),
    "admin changes the policy": (
        Request("s3:PutBucketPolicy", "arn:aws:s3:::uploadsbucket", TLS),
        None,
    ),
}


@pytest.mark.parametrize("case", UPLOADS_CASES)
def test_request_for_an_upload_is_denied_by_the_one_statement_meant_for_it(
    stack: Stack, case: str
) -> None:
    """The uploads bucket opens only what is clean, and takes verdicts from the scanner alone."""
    request, statement = UPLOADS_CASES[case]

    assert denied_by(stack.policy("UploadsBucketPolicy"), request) == (
        [statement] if statement else []
    )


@pytest.mark.parametrize(
    ("parameters", "readable"),
    [
        ({}, {"NO_THREATS_FOUND"}),
        ({"UnsupportedAction": "ALLOW"}, {"NO_THREATS_FOUND", "UNSUPPORTED"}),
        ({"FailedAction": "ALLOW"}, {"NO_THREATS_FOUND", "FAILED"}),
        (
            {"UnsupportedAction": "ALLOW", "FailedAction": "ALLOW"},
            {"NO_THREATS_FOUND", "UNSUPPORTED", "FAILED"},
        ),
        ({"UnsupportedAction": "QUARANTINE", "FailedAction": "QUARANTINE"}, {"NO_THREATS_FOUND"}),
    ],
)
def test_action_allow_opens_that_verdict_and_no_other(
    parameters: dict[str, str], readable: set[str]
) -> None:
    """UnsupportedAction and FailedAction widen what can be read by exactly their own verdict."""
    policy = Stack(parameters=parameters).policy("UploadsBucketPolicy")

    verdicts = ["NO_THREATS_FOUND", "THREATS_FOUND", "UNSUPPORTED", "ACCESS_DENIED", "FAILED"]
    opened = {
        verdict
        for verdict in verdicts
        if not denied_by(policy, uploads("GetObject", ADMIN, tag=verdict))
    }

    assert opened == readable
    assert denied_by(policy, uploads("GetObject", ADMIN)) == [READ]


def test_clean_status_not_required_leaves_reads_open_and_verdicts_guarded() -> None:
    """Without RequireCleanStatus everything is readable, and still only the scanner tags."""
    policy = Stack(parameters={"RequireCleanStatus": "false"}).policy("UploadsBucketPolicy")

    assert denied_by(policy, uploads("GetObject", ADMIN)) == []
    assert denied_by(policy, uploads("PutObject", ADMIN, tags=["scan-status"])) == [WRITE]


def test_other_tag_key_is_the_one_that_the_policy_guards() -> None:
    """StatusTagKey names both the tag that opens an object and the one that nobody may write."""
    policy = Stack(parameters={"StatusTagKey": "av"}).policy("UploadsBucketPolicy")
    clean = {**TLS, "aws:PrincipalArn": ADMIN, "s3:ExistingObjectTag/av": "NO_THREATS_FOUND"}
    object_arn = "arn:aws:s3:::uploadsbucket/a"

    assert denied_by(policy, Request("s3:GetObject", object_arn, clean)) == []
    assert denied_by(policy, uploads("GetObject", ADMIN, tag="NO_THREATS_FOUND")) == [READ]
    assert denied_by(policy, uploads("PutObjectTagging", ADMIN, tags=["av"])) == [WRITE]


LABELLING_CASES: dict[str, tuple[Request, str | None]] = {
    "the labeller sends the verdict again with its own tag": (
        uploads("PutObjectVersionTagging", LABELLER, tags=["team", "scan-status", "labels"]),
        None,
    ),
    "the labeller's session does, as the embedded AWS names it": (
        uploads("PutObjectTagging", f"{SESSION}/LabelImageRole/function", tags=["scan-status"]),
        None,
    ),
    "a role whose name begins like the labeller's": (
        uploads("PutObjectTagging", f"{LABELLER}2", tags=["scan-status"]),
        WRITE,
    ),
    "admin still writes no verdict": (
        uploads("PutObjectTagging", ADMIN, tags=["scan-status"]),
        WRITE,
    ),
    "the labeller reads nothing before its verdict": (uploads("GetObject", LABELLER), READ),
    "the labeller reads nothing infected": (
        uploads("GetObjectVersion", LABELLER, tag="THREATS_FOUND"),
        READ,
    ),
    "the labeller reads what is clean": (
        uploads("GetObjectVersion", LABELLER, tag="NO_THREATS_FOUND"),
        None,
    ),
}


@pytest.mark.parametrize("mode", ["AFTER_SCAN", "ON_UPLOAD"])
@pytest.mark.parametrize("case", LABELLING_CASES)
def test_labelling_opens_the_verdicts_tags_to_its_own_role_alone(case: str, mode: str) -> None:
    """PutObjectTagging replaces all tags, so the labeller must send the verdict again."""
    request, statement = LABELLING_CASES[case]
    policy = Stack(parameters={"LabelImages": mode}).policy("UploadsBucketPolicy")

    assert denied_by(policy, request) == ([statement] if statement else [])


def test_labelling_that_is_off_is_trusted_with_no_verdict(stack: Stack) -> None:
    """Nobody is let near the verdict for the sake of something that is not used."""
    request = uploads("PutObjectTagging", LABELLER, tags=["scan-status", "labels"])

    assert denied_by(stack.policy("UploadsBucketPolicy"), request) == [WRITE]


QUARANTINE_CASES: dict[str, tuple[str, str | None, str | None]] = {
    "quarantine writes": ("PutObject", QUARANTINE, None),
    "quarantine reads": ("GetObjectVersion", QUARANTINE, None),
    "root reads": ("GetObject", ROOT, "OnlyQuarantineReads"),
    "admin reads a version": ("GetObjectVersion", ADMIN, "OnlyQuarantineReads"),
    "nobody in particular reads": ("GetObject", None, "OnlyQuarantineReads"),
    "the scanner reads": ("GetObject", SCANNER, "OnlyQuarantineReads"),
    "replication takes it elsewhere": (
        "GetObjectVersionForReplication",
        ADMIN,
        "OnlyQuarantineReads",
    ),
    "admin looks at tags": ("GetObjectTagging", ADMIN, None),
    "admin plants evidence": ("PutObject", ADMIN, "OnlyQuarantineWrites"),
    "a replica comes": ("ReplicateObject", ADMIN, "OnlyQuarantineWrites"),
    "admin deletes": ("DeleteObjectVersion", ADMIN, None),
    "the investigator's role, before it is named": (
        "GetObject",
        INVESTIGATOR,
        "OnlyQuarantineReads",
    ),
}


@pytest.mark.parametrize("case", QUARANTINE_CASES)
def test_request_for_the_quarantine_is_denied_by_the_one_statement_meant_for_it(
    stack: Stack, case: str
) -> None:
    """The quarantine is read and written by its own function's role and by nobody else."""
    action, principal, statement = QUARANTINE_CASES[case]
    request = _request("quarantinebucket/x", action, principal, {})

    assert denied_by(stack.policy("QuarantineBucketPolicy"), request) == (
        [statement] if statement else []
    )


def test_named_investigator_reads_the_quarantine_and_cannot_write_it() -> None:
    """QuarantineReaderRoleArn opens the evidence for reading alone, to that role alone."""
    policy = Stack(parameters={"QuarantineReaderRoleArn": INVESTIGATOR}).policy(
        "QuarantineBucketPolicy"
    )

    def denied(action: str, principal: str) -> list[str]:
        return denied_by(policy, _request("quarantinebucket/x", action, principal, {}))

    assert denied("GetObject", INVESTIGATOR) == []
    assert denied("PutObject", INVESTIGATOR) == ["OnlyQuarantineWrites"]
    assert denied("GetObject", ADMIN) == ["OnlyQuarantineReads"]


@pytest.mark.parametrize("key", ["current.json", "releases/1/daily.cld", "state/freshclam.dat"])
@pytest.mark.parametrize("action", ["PutObject", "DeleteObject", "DeleteObjectVersion"])
def test_definitions_are_published_by_the_updater_alone(
    stack: Stack, key: str, action: str
) -> None:
    """Nobody can slip the scanners other definitions, and everybody's own part stays theirs."""
    policy = stack.policy("DefinitionsBucketPolicy")

    def denied(place: str, principal: str) -> list[str]:
        return denied_by(policy, _request(f"definitionsbucket/{place}", action, principal, {}))

    assert denied(key, ADMIN) == ["OnlyTheUpdaterPublishes"]
    assert denied(key, SCANNER) == ["OnlyTheUpdaterPublishes"]
    assert denied(key, UPDATER) == []
    assert denied("custom/own.ndb", ADMIN) == []
    assert denied("incoming/demo/own.ndb", ADMIN) == []


@pytest.mark.parametrize("action", ["PutObject", "DeleteObject", "DeleteObjectVersion"])
def test_snapshots_are_kept_by_the_remediator_alone(stack: Stack, action: str) -> None:
    """Nobody can slip an undo another former setting, or take it away; people may read it."""
    policy = stack.policy("SnapshotsBucketPolicy")

    def denied(action: str, principal: str) -> list[str]:
        place = "snapshotsbucket/changes/b/1.json"
        return denied_by(policy, _request(place, action, principal, {}))

    assert denied(action, ADMIN) == ["OnlyTheRemediatorKeepsSnapshots"]
    assert denied(action, REMEDIATOR) == []
    assert denied(action, f"{SESSION}/RemediateBucketRole/function") == []
    assert denied("GetObject", ADMIN) == []


@pytest.mark.parametrize("name", BUCKETS)
@pytest.mark.parametrize("place", ["", "/some/key"])
def test_plain_http_is_denied_everything(stack: Stack, name: str, place: str) -> None:
    """Each bucket refuses each call that does not come over TLS, even its own functions'."""
    request = Request(
        "s3:ListBucket" if not place else "s3:GetObjectTagging",
        f"arn:aws:s3:::{name.lower()}bucket{place}",
        {"aws:SecureTransport": "false", "aws:PrincipalArn": SCANNER},
    )

    assert denied_by(stack.policy(f"{name}BucketPolicy"), request) == ["TlsOnly"]


@pytest.mark.parametrize("labels", ["OFF", "AFTER_SCAN"])
def test_statements_for_existing_buckets_are_those_of_the_stacks_own(
    stack: Stack, labels: str
) -> None:
    """Output ProtectedBucketPolicyStatements says of a bucket what the own one's policy says."""
    parameters = {"FailedAction": "ALLOW", "LabelImages": labels}
    protecting = Stack(parameters={"ProtectedBuckets": "one,two", **parameters})
    own = Stack(parameters=parameters).policy("UploadsBucketPolicy")["Statement"]

    told: list[dict[str, Any]] = json.loads(
        protecting.output("ProtectedBucketPolicyStatements").replace("BUCKET_NAME", "uploadsbucket")
    )

    assert told == [statement for statement in own if statement["Sid"] != "TlsOnly"]
    assert not stack.exists("Outputs", "ProtectedBucketPolicyStatements")


@pytest.mark.parametrize("require", ["true", "false"])
def test_statements_for_existing_buckets_fit_into_an_output(require: str) -> None:
    """CloudFormation cuts no output off: 4,096 bytes are its limit."""
    long = "x" * 100
    stack = Stack(
        parameters={
            "ProtectedBuckets": "one",
            "RequireCleanStatus": require,
            "StatusTagKey": long,
            "UnsupportedAction": "ALLOW",
            "FailedAction": "ALLOW",
            "LabelImages": "AFTER_SCAN",
        }
    )

    text = stack.output("ProtectedBucketPolicyStatements")

    assert json.loads(text)
    assert len(text) < 4000


@pytest.mark.parametrize(
    "function", ["ScanObject", "QuarantineObject", "LabelImage", "UpdateDefinitions"]
)
def test_queues_take_messages_from_their_rule_alone_and_over_tls(
    stack: Stack, function: str
) -> None:
    """EventBridge may send for one rule of this stack; everything else needs IAM, and TLS."""
    allow, deny = stack.policy(f"{function}QueuePolicy")["Statement"]

    assert allow["Principal"] == {"Service": "events.amazonaws.com"}
    assert allow["Action"] == "sqs:SendMessage"
    assert len(allow["Resource"]) == 2
    rule = allow["Condition"]["ArnEquals"]["aws:SourceArn"].rsplit(":", 1)[-1]
    targets = stack.properties(rule)["Targets"]
    assert {targets[0]["Arn"], targets[0]["DeadLetterConfig"]["Arn"]} == set(allow["Resource"])
    assert (deny["Effect"], deny["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": "false"}},
    )


def test_remediation_takes_messages_from_rules_of_this_stack_and_those_within_it(
    stack: Stack,
) -> None:
    """AWS Config's rules deliver from a nested stack, whose rules' names begin with this one's."""
    allow, deny = stack.policy("RemediateBucketQueuePolicy")["Statement"]

    assert allow["Principal"] == {"Service": "events.amazonaws.com"}
    assert allow["Action"] == "sqs:SendMessage"
    assert len(allow["Resource"]) == 2
    assert allow["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {"aws:SourceArn": "arn:aws:events:eu-central-1:111122223333:rule/tidegate-*"},
    }
    assert (deny["Effect"], deny["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": "false"}},
    )


def test_embedded_aws_is_asked_for_everything_but_tls() -> None:
    """It speaks plain HTTP; all other denials stand there as on AWS."""
    embedded = Stack(parameters={"AwsEndpointUrl": "http://127.0.0.1:4566"})

    for logical_id in (
        *Stack().of_type("AWS::S3::BucketPolicy"),
        *Stack().of_type("AWS::SQS::QueuePolicy"),
        *Stack().of_type("AWS::SNS::TopicPolicy"),
    ):
        if not embedded.exists("Resources", logical_id):
            continue
        everywhere = Stack().policy(logical_id)["Statement"]
        assert embedded.policy(logical_id)["Statement"] == [
            statement for statement in everywhere if statement["Sid"] != "TlsOnly"
        ]
