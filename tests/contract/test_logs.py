"""What reaches compress_log, who may write its archive, and how the archive is asked."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from functions.compress_log import days
from functions.compress_log.destination import archive_key, partition_of
from functions.compress_log.settings import MOST_BYTES
from functions.compress_log.upload import PART_BYTES
from tests.contract.cloudformation import Stack, load
from tests.contract.patterns import matches
from tests.contract.policies import Request, denied_by
from tidegate.copies import MAX_PARTS
from tidegate.objectref import ObjectRef

EVENTS = Path(__file__).parents[2] / "events" / "compress_log"
COMPRESSOR = "arn:aws:iam::111122223333:role/CompressLogRole"
SESSION = "arn:aws:sts::111122223333:assumed-role"
ADMIN = "arn:aws:iam::111122223333:role/Admin"
QUARANTINE = "arn:aws:iam::111122223333:role/QuarantineObjectRole"


def sample(name: str) -> dict[str, Any]:
    """Return the event in the one message of a sample."""
    (record,) = json.loads((EVENTS / f"{name}.json").read_text())["Records"]
    event: dict[str, Any] = json.loads(record["body"])
    return event


def pattern(stack: Stack, rule: str) -> dict[str, Any]:
    """Return a rule's pattern, which the template gives as text."""
    parsed: dict[str, Any] = json.loads(stack.properties(rule)["EventPattern"])
    return parsed


@pytest.mark.parametrize(
    ("trigger", "states"),
    [
        ("OFF", ("DISABLED", "DISABLED")),
        ("AFTER_SCAN", ("ENABLED", "DISABLED")),
        ("ON_UPLOAD", ("DISABLED", "ENABLED")),
    ],
)
def test_one_rule_at_most_is_on(trigger: str, states: tuple[str, str]) -> None:
    """Nothing is compressed and deleted unless somebody chose so, and never by two events."""
    stack = Stack(parameters={"CompressLogs": trigger})

    assert states == tuple(
        stack.properties(rule)["State"] for rule in ("CleanLogRule", "UploadedLogRule")
    )
    assert load()["Parameters"]["CompressLogs"]["Default"] == "OFF"


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("clean_verdict", True),
        ("unversioned", True),
        ("hostile_key", True),
        ("infected", False),
        ("not_a_log", False),
        ("object_created", False),
    ],
)
def test_clean_logs_are_taken_from_the_suites_bus(stack: Stack, name: str, taken: bool) -> None:
    """Only verdicts that are clean, only on keys that name a log, whatever else is in the key."""
    assert stack.properties("CleanLogRule")["EventBusName"] == "EventBus"
    assert matches(pattern(stack, "CleanLogRule"), sample(name)) == taken


@pytest.mark.parametrize("parameters", [{}, {"ProtectedBuckets": "one,two"}])
def test_uploads_are_taken_from_the_protected_buckets_alone(parameters: dict[str, str]) -> None:
    """The archive's own objects never set anything off, nor do those of a foreign bucket."""
    rule = pattern(Stack(parameters=parameters), "UploadedLogRule")
    event = sample("object_created")
    protected = parameters.get("ProtectedBuckets", "uploadsbucket").split(",")

    for bucket in (*protected, "archivebucket", "three"):
        event["detail"]["bucket"]["name"] = bucket
        assert matches(rule, event) == (bucket in protected)
    event["detail"]["bucket"]["name"] = protected[0]
    event["detail"]["object"]["key"] = "index.html"
    assert not matches(rule, event)


@pytest.mark.parametrize("rule", ["CleanLogRule", "UploadedLogRule"])
def test_each_suffix_of_the_list_is_in_the_pattern(rule: str) -> None:
    """The comma-separated parameter becomes one suffix each."""
    found = pattern(Stack(parameters={"LogKeySuffixes": ".log,.jsonl,.txt"}), rule)

    assert json.dumps([{"suffix": ".log"}, {"suffix": ".jsonl"}, {"suffix": ".txt"}]) in json.dumps(
        found
    )


def test_queue_takes_messages_from_its_two_rules_alone(stack: Stack) -> None:
    """EventBridge may send for these rules of the stack; what it cannot deliver is kept."""
    allow, deny = stack.policy("CompressLogQueuePolicy")["Statement"]
    rules = [arn.rsplit(":", 1)[-1] for arn in allow["Condition"]["ArnEquals"]["aws:SourceArn"]]

    assert rules == ["CleanLogRule", "UploadedLogRule"]
    assert (allow["Action"], allow["Principal"]) == (
        "sqs:SendMessage",
        {"Service": "events.amazonaws.com"},
    )
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    for rule in rules:
        (target,) = stack.properties(rule)["Targets"]
        assert {target["Arn"], target["DeadLetterConfig"]["Arn"]} == set(allow["Resource"])


def test_each_log_has_the_function_for_itself(stack: Stack) -> None:
    """Two logs in one invocation would share its 15 minutes, and one could use them up."""
    (source,) = stack.properties("CompressLogFunction")["Events"].values()

    assert source["Properties"]["BatchSize"] == 1
    assert stack.properties("CompressLogFunction")["Timeout"] == 900


def test_unscanned_logs_need_a_bucket_that_can_be_read() -> None:
    """ON_UPLOAD beside RequireCleanStatus would be refused by the bucket at each log."""
    rule = load()["Rules"]["UnscannedLogsMustBeReadable"]

    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "CompressLogs"}, "ON_UPLOAD"]}
    (assertion,) = rule["Assertions"]
    assert assertion["Assert"] == {"Fn::Equals": [{"Ref": "RequireCleanStatus"}, "false"]}


def test_uploads_bucket_gives_the_compressor_only_what_is_clean(stack: Stack) -> None:
    """A log that a rescan found infected cannot be read any more, whatever the event said."""

    def denied(status: str) -> list[str]:
        context = {
            "aws:SecureTransport": "true",
            "aws:PrincipalArn": COMPRESSOR,
            "s3:ExistingObjectTag/scan-status": status,
        }
        request = Request("s3:GetObjectVersion", "arn:aws:s3:::uploadsbucket/a.log", context)
        return denied_by(stack.policy("UploadsBucketPolicy"), request)

    assert denied("NO_THREATS_FOUND") == []
    assert denied("THREATS_FOUND") == ["NoReadsUntilClean"]


@pytest.mark.parametrize(
    ("principal", "statements"),
    [
        (COMPRESSOR, []),
        (f"{SESSION}/CompressLogRole/function", []),
        (ADMIN, ["OnlyCompressLogWrites"]),
        (QUARANTINE, ["OnlyCompressLogWrites"]),
        (f"{COMPRESSOR}2", ["OnlyCompressLogWrites"]),
    ],
)
@pytest.mark.parametrize("action", ["s3:PutObject", "s3:ReplicateObject"])
def test_archive_is_written_by_the_compressor_alone(
    stack: Stack, principal: str, statements: list[str], action: str
) -> None:
    """Nobody can put something else in the place of a log whose original is gone."""
    context = {"aws:SecureTransport": "true", "aws:PrincipalArn": principal}
    request = Request(action, "arn:aws:s3:::archivebucket/logs/year=2026/a.log.gz", context)

    assert denied_by(stack.policy("ArchiveBucketPolicy"), request) == statements


def test_archive_is_readable_by_who_may_by_iam(stack: Stack) -> None:
    """Athena reads in the name of who asks."""
    context = {"aws:SecureTransport": "true", "aws:PrincipalArn": ADMIN}
    request = Request("s3:GetObject", "arn:aws:s3:::archivebucket/logs/a", context)

    assert denied_by(stack.policy("ArchiveBucketPolicy"), request) == []


def test_largest_log_fits_into_the_parts_that_s3_allows() -> None:
    """At the parameter's end 10,000 parts of 8 MiB are enough."""
    assert load()["Parameters"]["MaxLogBytes"]["MaxValue"] == MOST_BYTES == MAX_PARTS * PART_BYTES


def test_table_projects_each_partition_that_the_function_makes(stack: Stack) -> None:
    """Every day from the first year to the last lies where the table looks for it."""
    table = stack.properties("LogTable")["TableInput"]
    parameters = table["Parameters"]
    projected = {
        key["Name"]: (
            [int(end) for end in parameters[f"projection.{key['Name']}.range"].split(",")],
            int(parameters[f"projection.{key['Name']}.digits"]),
        )
        for key in table["PartitionKeys"]
    }
    assert parameters["projection.enabled"] == "true"
    assert projected == {
        "year": ([days.FIRST_YEAR, days.LAST_YEAR], 4),
        "month": ([1, 12], 2),
        "day": ([1, 31], 2),
    }
    template = parameters["storage.location.template"].replace("${!", "{")
    for day in (date(days.FIRST_YEAR, 1, 1), date(2026, 11, 5), date(days.LAST_YEAR, 12, 31)):
        folder = template.format(
            **{name: f"{getattr(day, name):0{digits}}" for name, (_, digits) in projected.items()}
        )
        key = archive_key(ObjectRef("bucket", "a.log"), ".log", day, "logs", ".gz")
        assert f"s3://archivebucket/{key}".startswith(folder)
        assert folder == f"{table['StorageDescriptor']['Location']}{partition_of(day)}/"


def test_table_takes_each_line_as_it_is(stack: Stack) -> None:
    """One text column, which takes the rest of the line, whatever delimiters are in it."""
    storage = stack.properties("LogTable")["TableInput"]["StorageDescriptor"]

    assert storage["Columns"] == [{"Name": "line", "Type": "string"}]
    assert storage["SerdeInfo"]["SerializationLibrary"].endswith(".LazySimpleSerDe")
    assert storage["SerdeInfo"]["Parameters"]["serialization.last.column.takes.rest"] == "true"


@pytest.mark.parametrize(
    ("parameters", "encryption"),
    [
        ({}, {"EncryptionOption": "SSE_S3"}),
        (
            {"KmsKeyArn": "arn:aws:kms:eu-central-1:111122223333:key/1"},
            {
                "EncryptionOption": "SSE_KMS",
                "KmsKey": "arn:aws:kms:eu-central-1:111122223333:key/1",
            },
        ),
    ],
)
def test_queries_are_limited_and_their_results_encrypted(
    parameters: dict[str, str], encryption: dict[str, str]
) -> None:
    """No query can scan without end, and none can choose another place for its result."""
    stack = Stack(parameters={**parameters, "QueryScanLimitBytes": "10000000"})
    configured = stack.properties("AthenaWorkGroup")["WorkGroupConfiguration"]

    assert configured["EnforceWorkGroupConfiguration"] is True
    assert configured["BytesScannedCutoffPerQuery"] == "10000000"
    result = configured["ResultConfiguration"]
    assert result["OutputLocation"] == "s3://reportsbucket/athena/"
    assert result["EncryptionConfiguration"] == encryption


def test_without_queries_there_is_no_table() -> None:
    """QueryLogs=false leaves out table, database, workgroup and their outputs, nothing else."""
    stack = Stack(parameters={"QueryLogs": "false"})

    for name in ("LogDatabase", "LogTable", "AthenaWorkGroup"):
        assert not stack.exists("Resources", name)
        assert not stack.exists("Outputs", f"{name}Name")
    assert stack.exists("Resources", "CompressLogFunction")
