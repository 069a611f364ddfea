"""tidegate share: what is asked of STS, and what is given away."""

from __future__ import annotations

import json
import shlex
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fakes import (
    EXPIRES,
    KEY_ARN,
    ROLE,
    FakeAws,
    FakeCloudFormation,
    FakeSts,
    refusal,
)

OUTPUTS = {"CrossAccountRoleArn": ROLE, "DataBucketName": "data", "DataKeyArn": KEY_ARN}
STACK = ("--stack-name", "tidegate-test")
SECRETS = ("secret/with", "token==")


@pytest.fixture
def sts() -> FakeSts:
    """STS that gives what it is asked for."""
    return FakeSts()


@pytest.fixture
def aws(sts: FakeSts) -> FakeAws:
    """A stack with a cross-account role."""
    return FakeAws({"sts": sts, "cloudformation": FakeCloudFormation(OUTPUTS)})


def asked(sts: FakeSts) -> dict[str, Any]:
    """The one request."""
    (request,) = sts.asked
    return request


def test_role_is_assumed_narrowed_and_named(aws: FakeAws, sts: FakeSts, invoke: Invoke) -> None:
    """Role, bucket and key come from the stack; who is behind it stands in the request."""
    result = invoke(
        aws, "share", "team-a/", *STACK, "--external-id", "partner-7", "--duration", "1800"
    )
    assert result.exit_code == 0, result.output
    request = asked(sts)
    policy = json.loads(request.pop("Policy"))
    assert request == {
        "RoleArn": ROLE,
        "RoleSessionName": "ada",
        "SourceIdentity": "ada",
        "DurationSeconds": 1800,
        "ExternalId": "partner-7",
    }
    found = {statement["Sid"]: statement for statement in policy["Statement"]}
    assert found["Objects"]["Resource"] == "arn:aws:s3:::data/team-a/*"
    assert "s3:PutObject" not in found["Objects"]["Action"]
    assert found["Key"]["Resource"] == KEY_ARN


def test_summary_shows_no_secret(aws: FakeAws, invoke: Invoke) -> None:
    """Neither to people nor as JSON, unless a form was asked for that holds them."""
    for arguments in ((), ("--json",)):
        result = invoke(aws, "share", "team-a/", *STACK, *arguments)
        assert result.exit_code == 0, result.output
        assert not [secret for secret in SECRETS if secret in result.output]
    document = json.loads(invoke(aws, "share", "team-a/", *STACK, "--json").stdout)
    assert (document["bucket"], document["prefix"]) == ("data", "team-a/")
    assert document["access"] == {"read": True, "write": False}
    assert (document["expires"], document["packedPolicyPercent"]) == ("2026-11-25T13:00:00Z", 31)


def test_environment_can_be_taken_up_by_a_shell(aws: FakeAws, invoke: Invoke) -> None:
    """Each line is an export, quoted so that no character of a secret is the shell's."""
    result = invoke(aws, "share", "team-a/", *STACK, "--format", "env")
    lines = [shlex.split(line) for line in result.stdout.splitlines()]
    assert {line[0] for line in lines} == {"export"}
    assert dict(line[1].split("=", 1) for line in lines) == {
        "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret/with'quote",
        "AWS_SESSION_TOKEN": "token==",
        "AWS_CREDENTIAL_EXPIRATION": "2026-11-25T13:00:00Z",
    }
    as_json = invoke(aws, "share", "team-a/", *STACK, "--format", "env", "--json")
    assert json.loads(as_json.stdout) == dict(line[1].split("=", 1) for line in lines)


def test_credential_process_answers_what_an_sdk_expects(aws: FakeAws, invoke: Invoke) -> None:
    """Version 1 with the end, so that the SDK asks again; nothing else on standard output."""
    result = invoke(aws, "share", "team-a/", *STACK, "--format", "credential-process")
    assert json.loads(result.stdout) == {
        "Version": 1,
        "AccessKeyId": "ASIAEXAMPLE",
        "SecretAccessKey": "secret/with'quote",
        "SessionToken": "token==",
        "Expiration": "2026-11-25T13:00:00Z",
    }


@pytest.mark.parametrize(
    ("options", "present", "absent"),
    [
        (("--read",), "s3:GetObject", "s3:PutObject"),
        (("--write",), "s3:PutObject", "s3:GetObject"),
    ],
)
def test_access_is_what_was_asked_for(
    aws: FakeAws, sts: FakeSts, invoke: Invoke, options: tuple[str, ...], present: str, absent: str
) -> None:
    """Writing does not bring reading."""
    assert invoke(aws, "share", "team-a/", *STACK, *options).exit_code == 0
    actions = json.loads(asked(sts)["Policy"])["Statement"][2]["Action"]
    assert present in actions
    assert absent not in actions


@pytest.fixture
def signing(aws: FakeAws) -> FakeAws:
    """The same with a real client that signs, and knows the bucket's region."""

    class Located:
        def __init__(self, region: str) -> None:
            session: Any = boto3.Session(
                aws_access_key_id="ASIAEXAMPLE",
                aws_secret_access_key="s",
                aws_session_token="token==",
            )
            self.generate_presigned_url = session.client(
                "s3", region_name=region, config=Config(signature_version="s3v4")
            ).generate_presigned_url

        def get_bucket_location(self, **_: Any) -> Any:
            return {"LocationConstraint": "eu-central-1"}

    aws.clients["s3"] = Located("eu-central-1")
    return aws


def test_urls_are_signed_for_each_key_and_method(signing: FakeAws, invoke: Invoke) -> None:
    """With the session's own keys, in the bucket's region, no longer than these last."""
    result = invoke(
        signing,
        *("share", "team-a/", *STACK, "--format", "urls", "--json", "--read", "--write"),
        *("--key", "team-a/in 1.csv"),
    )
    assert result.exit_code == 0, result.output
    get, put = json.loads(result.stdout)["urls"]
    assert (get["method"], put["method"], get["key"]) == ("GET", "PUT", "team-a/in 1.csv")
    query = parse_qs(urlsplit(get["url"]).query)
    assert urlsplit(get["url"]).path.endswith("/team-a/in%201.csv")
    assert query["X-Amz-Security-Token"] == ["token=="]
    assert "/eu-central-1/s3/" in query["X-Amz-Credential"][0]
    assert get["expires"] == "2026-11-25T13:00:00Z"
    assert signing.keys[0] == "ASIAEXAMPLE"
    assert signing.regions == ["eu-central-1"]
    assert EXPIRES.tzinfo


@pytest.mark.parametrize(
    "arguments",
    [
        ("s3://data/",),
        ("s3://data",),
        ("",),
        ("team-a/", "--format", "urls"),
        ("team-a/", "--key", "team-a/x"),
        ("team-a/", "--format", "urls", "--key", "team-b/x"),
        ("team-a/", "--duration", "899"),
        ("team-a/", "--duration", "43201"),
        ("team-a/", "--format", "xml"),
        ("team-a/", "--kms-key-arn", "alias/data"),
        ("team-a/", "--source-identity", "a b"),
        ("x" * 1020,),
    ],
)
def test_request_that_cannot_be_meant_is_refused(
    aws: FakeAws, sts: FakeSts, invoke: Invoke, arguments: tuple[str, ...]
) -> None:
    """Nothing is asked of STS; the exit code is that of wrong options."""
    result = invoke(aws, "share", *arguments, *STACK)
    assert result.exit_code == 2, result.output
    assert not sts.asked


def test_whole_bucket_is_shared_when_said_so(aws: FakeAws, sts: FakeSts, invoke: Invoke) -> None:
    """Without a prefix the option has to stand for it."""
    assert invoke(aws, "share", "s3://data", *STACK, "--whole-bucket").exit_code == 0
    assert "Condition" not in json.loads(asked(sts)["Policy"])["Statement"][0]


def test_whole_request_needs_no_stack(sts: FakeSts, invoke: Invoke) -> None:
    """Role and address given, nothing is looked up; then no key is allowed either."""
    aws = FakeAws({"sts": sts})
    result = invoke(aws, "share", "s3://data/team-a/", "--role-arn", ROLE)
    assert result.exit_code == 0, result.output
    assert "Key" not in [s["Sid"] for s in json.loads(asked(sts)["Policy"])["Statement"]]
    assert invoke(aws, "share", "team-a/", "--role-arn", ROLE).exit_code == 2


def test_role_session_is_told_of_the_hour(aws: FakeAws, sts: FakeSts, invoke: Invoke) -> None:
    """From role to role STS gives an hour; more is refused here with the reason."""
    sts.arn = "arn:aws:sts::444455556666:assumed-role/Admin/ada"
    result = invoke(aws, "share", "team-a/", *STACK, "--duration", "7200")
    assert result.exit_code == 2
    assert "3600 seconds" in result.stderr
    assert invoke(aws, "share", "team-a/", *STACK).exit_code == 0


@pytest.mark.parametrize(
    ("code", "message", "status", "told"),
    [
        ("AccessDenied", "not authorized", 6, "sts:SetSourceIdentity"),
        ("PackedPolicyTooLarge", "consumes 120%", 2, "120%"),
        ("ValidationError", "DurationSeconds exceeds the MaxSessionDuration", 2, "--duration"),
        ("RegionDisabledException", "off", 1, "RegionDisabledException"),
    ],
)
def test_refusal_says_what_to_do(
    aws: FakeAws, sts: FakeSts, invoke: Invoke, code: str, message: str, status: int, told: str
) -> None:
    """Each kind of refusal has its exit code and its advice."""
    sts.refuses = refusal(code, "AssumeRole", message=message)
    result = invoke(aws, "share", "team-a/", *STACK)
    assert result.exit_code == status
    assert told in result.stderr
