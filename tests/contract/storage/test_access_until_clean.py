"""Access until clean: the data bucket's statements are those of the suite's uploads bucket."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.cloudformation import Stack, load
from tests.contract.storage.estate import (
    ADMIN,
    CALL,
    CLEAN,
    DATA,
    QUARANTINE,
    REPLICA_BUCKET,
    ROOT,
    SCANNER,
    SYNCING,
    estate,
    replica,
)
from tests.contract.storage.iam import Evaluator, Request

SIDS = [
    "NoReadsUntilClean",
    "OnlyTheScannerWritesVerdicts",
    "NoCopiesThatBringVerdicts",
    "NoReplicasThatBringVerdicts",
]
TAG = "s3:ExistingObjectTag/scan-status"
TAGS = "s3:RequestObjectTagKeys"
SOURCE = "s3:x-amz-copy-source"
BUCKET = DATA.removeprefix("arn:aws:s3:::")

CASES: dict[str, tuple[str, str, dict[str, str | list[str]], list[str]]] = {
    "read before the scan": (ADMIN, "GetObject", {}, ["NoReadsUntilClean"]),
    "root reads before the scan": (ROOT, "GetObjectVersion", {}, ["NoReadsUntilClean"]),
    "read what is clean": (ADMIN, "GetObject", {TAG: "NO_THREATS_FOUND"}, []),
    "read what is infected": (ADMIN, "GetObject", {TAG: "THREATS_FOUND"}, ["NoReadsUntilClean"]),
    "read what was not scanned whole": (
        ADMIN,
        "GetObject",
        {TAG: "UNSUPPORTED"},
        ["NoReadsUntilClean"],
    ),
    "the scanner reads": (SCANNER, "GetObjectVersion", {}, []),
    "quarantine reads": (QUARANTINE, "GetObjectVersion", {TAG: "THREATS_FOUND"}, []),
    "a role whose name begins alike": (f"{SCANNER}2", "GetObject", {}, ["NoReadsUntilClean"]),
    "upload with the verdict": (
        ADMIN,
        "PutObject",
        {TAGS: ["team", "scan-status"]},
        ["OnlyTheScannerWritesVerdicts"],
    ),
    "tag in another case": (
        ADMIN,
        "PutObjectTagging",
        {TAGS: ["Scan-Status"]},
        ["OnlyTheScannerWritesVerdicts"],
    ),
    "upload with a tag of their own": (ADMIN, "PutObject", {TAGS: ["team"]}, []),
    "the scanner tags": (SCANNER, "PutObjectVersionTagging", {TAGS: ["scan-status"]}, []),
    "copy from elsewhere": (
        ADMIN,
        "PutObject",
        {SOURCE: "attacker/forged"},
        ["NoCopiesThatBringVerdicts"],
    ),
    "copy within": (ADMIN, "PutObject", {SOURCE: f"{BUCKET}/clean.txt"}, []),
    "a replica brings tags": (ADMIN, "ReplicateTags", {}, ["NoReplicasThatBringVerdicts"]),
}


@pytest.mark.parametrize("case", CASES)
def test_request_is_denied_by_the_one_statement_meant_for_it(iam: Evaluator, case: str) -> None:
    """Only what is clean opens, and only the scanner says what is."""
    principal, action, context, expected = CASES[case]
    request = Request(principal, f"s3:{action}", f"{DATA}/a", {**CALL, **context})

    assert iam.denied_by(estate(**CLEAN).policy("DataBucketPolicy"), request) == expected


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"UnsupportedAction": "ALLOW"},
        {"FailedAction": "ALLOW", "UnsupportedAction": "ALLOW"},
        {"LabelImages": "AFTER_SCAN"},
    ],
)
def test_statements_are_those_of_the_uploads_bucket(parameters: dict[str, str]) -> None:
    """What docs/security-model.md says of one holds of the other, word for word."""
    suite = Stack(parameters=parameters)
    scanner = suite.resolve({"Fn::GetAtt": ["ScanObjectRole", "Arn"]})
    quarantine = suite.resolve({"Fn::GetAtt": ["QuarantineObjectRole", "Arn"]})
    wired = load()["Resources"]["DataStack"]["Properties"]["Parameters"]["LabellerRoleArn"]
    nested = estate(
        **{
            **CLEAN,
            **{name: value for name, value in parameters.items() if name != "LabelImages"},
            "ScannerRoleArn": scanner,
            "QuarantineRoleArn": quarantine,
            "LabellerRoleArn": suite.resolve(wired),
        }
    )

    assert _statements(nested.policy("DataBucketPolicy"), BUCKET) == _statements(
        suite.policy("UploadsBucketPolicy"), "uploadsbucket"
    )


def _statements(policy: dict[str, Any], bucket: str) -> list[dict[str, Any]]:
    """Return the verdicts' statements with the bucket's name taken out and roles by ARN alone."""
    text = json.dumps([item for item in policy["Statement"] if item["Sid"] in SIDS])
    statements: list[dict[str, Any]] = json.loads(text.replace(bucket, "BUCKET"))
    for statement in statements:
        for key, values in statement.get("Condition", {}).get("ArnNotLike", {}).items():
            listed = values if isinstance(values, list) else [values]
            # The embedded AWS once named sessions; the nested stack is told the roles' ARNs.
            roles = [value for value in listed if ":assumed-role/" not in value]
            statement["Condition"]["ArnNotLike"][key] = roles
    return statements


def test_datasync_verifies_what_it_wrote_before_the_verdict(iam: Evaluator) -> None:
    """Else each transfer ends in an error; its role reads below datasync/ alone."""
    policy = estate(**CLEAN, **SYNCING).policy("DataBucketPolicy")
    role = "arn:aws:iam::111122223333:role/DataSyncRole"

    def denied(action: str, context: dict[str, str | list[str]]) -> list[str]:
        place = f"{DATA}/datasync/a"
        return iam.denied_by(policy, Request(role, f"s3:{action}", place, {**CALL, **context}))

    assert denied("GetObject", {}) == []
    assert denied("PutObject", {TAGS: ["scan-status"]}) == ["OnlyTheScannerWritesVerdicts"]


def test_without_the_switch_there_is_no_statement_about_verdicts() -> None:
    """A bucket that nobody scans is not shut for ever."""
    sids = {item["Sid"] for item in estate().policy("DataBucketPolicy")["Statement"]}

    assert sids.isdisjoint(SIDS)


def test_replica_opens_with_the_replicated_verdict_alone(iam: Evaluator) -> None:
    """Replication carries the tag over later; nobody else can set it there."""
    policy = replica(ReplicaReadsNeedCleanVerdict="true").policy("ReplicaBucketPolicy")

    def denied(action: str, context: dict[str, str | list[str]]) -> list[str]:
        place = f"arn:aws:s3:::{REPLICA_BUCKET}/a"
        return iam.denied_by(policy, Request(ADMIN, f"s3:{action}", place, {**CALL, **context}))

    assert denied("GetObject", {}) == ["NoReadsUntilClean"]
    assert denied("GetObject", {TAG: "NO_THREATS_FOUND"}) == []
    assert denied("PutObjectTagging", {TAGS: ["scan-status"]}) == ["NobodyWritesVerdicts"]
    assert denied("PutObject", {SOURCE: "x/y"}) == ["NoCopiesThatBringVerdicts"]
    assert denied("ReplicateObject", {}) == []
    assert denied("ReplicateTags", {}) == []
