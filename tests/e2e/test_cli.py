"""The command `tidegate` on the deployed stack, as a process of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest

from local import command, embedded_aws, samples
from local.deployment import Stack
from tests.e2e.uploads import VERDICT_SECONDS, Uploads, eventually
from tidegate.ledger import Ledger
from tidegate.objectref import ObjectRef
from tidegate_cli.waiting import Clock, Desk

EXTERNAL_ID = "partner-7"


def write(folder: Path, name: str, content: bytes) -> str:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(content)
    return str(path)


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (samples.text(), "NO_THREATS_FOUND", 0),
        (b"", "NO_THREATS_FOUND", 0),
        (samples.filler(20_000_000), "NO_THREATS_FOUND", 0),
        (samples.eicar(), "THREATS_FOUND", 3),
        (samples.encrypted_zip(samples.text()), "UNSUPPORTED", 3),
    ],
    ids=["clean", "empty", "parts", "infected", "encrypted"],
)
def test_waiting_upload_ends_with_the_verdict(
    stack: Stack, uploads: Uploads, tmp_path: Path, content: bytes, status: str, code: int
) -> None:
    """The verdict on exactly what was uploaded decides the exit code."""
    path = write(tmp_path, "file name.bin", content)
    done = command.run(stack, "upload", path, uploads.prefix, "--wait", "--json")
    assert done.returncode == code, done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert document["verdict"]["status"] == status
    assert document["object"]["key"] == f"{uploads.prefix}file name.bin"
    assert document["object"]["versionId"]


def test_infected_upload_that_is_gone_is_told_from_the_ledger(
    stack: Stack, uploads: Uploads, tmp_path: Path
) -> None:
    """The version is in quarantine before anybody looks: still not clean, and the row says why."""
    path = write(tmp_path, "invoice.com", samples.eicar())
    first = command.run(stack, "upload", path, uploads.prefix, "--json")
    assert first.returncode == 0, first.stderr
    named = json.loads(first.stdout)["object"]
    uploaded = ObjectRef(named["bucket"], named["key"], named["versionId"], named["etag"])
    table = boto3.resource(
        "dynamodb",
        endpoint_url=stack.server.endpoint_url,
        aws_access_key_id=embedded_aws.ACCESS_KEY,
        aws_secret_access_key=embedded_aws.SECRET_KEY,
        region_name=embedded_aws.REGION,
    ).Table(stack.output("LedgerTableName"))
    desk = Desk(uploads.s3, "scan-status", Ledger(table), Clock())
    assert eventually(lambda: desk.wait(uploaded, VERDICT_SECONDS).place == "quarantine")
    verdict = desk.wait(uploaded, 0)
    assert (verdict.status, verdict.clean) == ("THREATS_FOUND", False)
    assert (verdict.detail or "").startswith(samples.EICAR_NAME)


def test_upload_that_nobody_scans_ends_without_a_verdict(
    stack: Stack, uploads: Uploads, tmp_path: Path
) -> None:
    """While the scanner is held, no time-out is taken for clean."""
    path = write(tmp_path, "file", samples.text())
    with uploads.scanning_paused():
        done = command.run(stack, "upload", path, uploads.prefix, "--wait", "--timeout", "2")
    assert done.returncode == 5, done.stdout + done.stderr


@pytest.fixture
def locked(stack: Stack) -> str:
    """A bucket with Object Lock."""
    name = f"records-{uuid4().hex[:12]}"
    stack.client("s3").create_bucket(
        Bucket=name,
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
    )
    return name


def test_hold_and_retention_are_on_the_named_version(stack: Stack, locked: str) -> None:
    """Put on with the typed key, told by status, and heeded by S3."""
    s3 = stack.client("s3")
    version = s3.put_object(Bucket=locked, Key="contract", Body=b"1")["VersionId"]
    s3.put_object(Bucket=locked, Key="contract", Body=b"2")
    target = (f"s3://{locked}/contract", "--version-id", version)
    assert command.run(stack, "hold", "on", *target, typed="other\n").returncode == 4
    done = command.run(stack, "hold", "on", *target, typed="contract\n")
    assert done.returncode == 0, done.stderr
    done = command.run(stack, "hold", "retain", *target, "--days", "30", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["retention"]["mode"] == "GOVERNANCE"
    shorter = ("hold", "retain", *target, "--days", "1", "--yes")
    assert command.run(stack, *shorter).returncode == 4
    assert command.run(stack, *shorter, "--bypass-governance").returncode == 0
    status = json.loads(command.run(stack, "hold", "status", *target, "--json").stdout)
    assert status["legalHold"] is True
    assert command.run(stack, "hold", "off", *target, "--yes").returncode == 0
    unknown = command.run(stack, "hold", "on", target[0], "--version-id", "none", "--yes")
    assert unknown.returncode == 7
    assert command.run(stack, "hold", "status", target[0]).returncode == 2


@pytest.fixture
def partner(stack: Stack) -> dict[str, str]:
    """A role that may do anything in S3, for whoever knows the external id, and a bucket."""
    name = f"partner-{uuid4().hex[:12]}"
    iam, s3 = stack.client("iam"), stack.client("s3")
    trust: dict[str, Any] = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
                "Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
            }
        ],
    }
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    anything = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
    }
    iam.put_role_policy(RoleName=name, PolicyName="s3", PolicyDocument=json.dumps(anything))
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    for key in ("team-a/report", "team-b/report"):
        s3.put_object(Bucket=name, Key=key, Body=key.encode())
    return {"role": role["Arn"], "bucket": name}


def test_shared_credentials_reach_their_prefix_alone(
    stack: Stack, partner: dict[str, str], tmp_path: Path
) -> None:
    """The session policy narrows a role that may do anything to what was asked for."""
    bucket = partner["bucket"]
    asked = (
        *("share", f"s3://{bucket}/team-a/", "--role-arn", partner["role"], "--write"),
        *("--format", "env", "--json"),
    )
    refused = command.run(stack, *asked, "--external-id", "wrong")
    assert refused.returncode == 6, refused.stdout
    done = command.run(stack, *asked, "--external-id", EXTERNAL_ID)
    assert done.returncode == 0, done.stdout + done.stderr
    keys = json.loads(done.stdout)
    path = write(tmp_path, "new", samples.text())
    # Without the stack: these credentials may not look it up.
    keys["STACK_NAME"] = ""
    allowed = command.run(stack, "upload", path, f"s3://{bucket}/team-a/new", keys=keys)
    assert allowed.returncode == 0, allowed.stderr
    for elsewhere in (f"s3://{bucket}/team-b/new", f"s3://{stack.output('UploadsBucketName')}/x"):
        denied = command.run(stack, "upload", path, elsewhere, keys=keys)
        assert denied.returncode == 6, denied.stdout + denied.stderr


@pytest.fixture
def drifting(stack: Stack) -> Iterator[str]:
    """A bucket without any of what the controls ask for."""
    s3, name = stack.client("s3"), f"drifting-{uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    yield name
    s3.delete_bucket(Bucket=name)


def test_harden_plans_applies_and_takes_back(stack: Stack, drifting: str) -> None:
    """By the deployed function: shown, confirmed, changed, undone by the id alone."""
    control = ("--control", "versioning")
    planned = command.run(stack, "harden", "plan", drifting, *control)
    assert planned.returncode == 3, planned.stderr
    assert '"Status": "Enabled"' in planned.stdout
    assert command.run(stack, "harden", "apply", drifting, *control, typed="x\n").returncode == 4
    applied = command.run(
        stack, "harden", "apply", drifting, *control, "--json", typed=f"{drifting}\n"
    )
    assert applied.returncode == 0, applied.stdout + applied.stderr
    (change,) = json.loads(applied.stdout)["changes"]
    assert command.run(stack, "harden", "report", drifting, *control).returncode == 0
    undone = command.run(stack, "harden", "undo", change["change"], typed=f"{drifting}\n")
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert command.run(stack, "harden", "report", drifting, *control).returncode == 3
    again = command.run(stack, "harden", "undo", change["change"], "--yes")
    assert again.returncode == 4, again.stdout + again.stderr


def test_harden_reports_on_the_account(stack: Stack, drifting: str, tmp_path: Path) -> None:
    """Not all is well there, and the page that is named is there."""
    done = command.run(stack, "harden", "report", "--json")
    assert done.returncode == 3, done.stdout + done.stderr
    bucket, _, key = json.loads(done.stdout)["html"].removeprefix("s3://").partition("/")
    page = stack.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert drifting.encode() in page


def test_costs_brings_the_report_here(stack: Stack, tmp_path: Path) -> None:
    """The deployed function's sums, and its three files in the folder asked for."""
    done = command.run(stack, "costs", "--output", str(tmp_path / "report"), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert document["currency"] == "USD"
    assert {path.name for path in (tmp_path / "report").iterdir()} == {
        "report.json",
        "report.csv",
        "report.html",
    }
    assert stack.output("UploadsBucketName") in (tmp_path / "report" / "report.html").read_text()


def test_function_and_stack_that_are_not_there_are_told(stack: Stack) -> None:
    """A name that nothing bears ends with 7."""
    gone = command.run(stack, "harden", "report", "bucket", "--function", "no-such-function")
    assert gone.returncode == 7, gone.stdout + gone.stderr
    assert command.run(stack, "costs", "--stack-name", "no-such-stack").returncode == 7
