"""tidegate share: short-lived credentials for one bucket and prefix."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text

from tidegate_cli import address, session_policy, stack
from tidegate_cli.aws import Aws
from tidegate_cli.credentials import Credentials, assume
from tidegate_cli.errors import UsageError, aws_errors
from tidegate_cli.identity import MAX_SECONDS, MIN_SECONDS, Caller, Session, check_chaining
from tidegate_cli.options import JsonOption, StackOption
from tidegate_cli.output import Output, facts, reporting
from tidegate_cli.session_policy import Grant
from tidegate_cli.stack import Stack

# Buckets older than most regions tell theirs in these words.
_LOCATIONS = {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}


class Form(StrEnum):
    """In which form the credentials are given; SUMMARY gives none."""

    SUMMARY = "summary"
    ENV = "env"
    PROCESS = "credential-process"
    URLS = "urls"


def share(
    ctx: typer.Context,
    *,
    target: Annotated[
        str, typer.Argument(help="s3://bucket/prefix, or a prefix in the stack's data bucket.")
    ],
    form: Annotated[
        Form,
        typer.Option(
            "--format",
            help="summary shows no secret; env: export lines; credential-process: for "
            "~/.aws/config; urls: presigned, for each --key.",
        ),
    ] = Form.SUMMARY,
    read: Annotated[bool, typer.Option("--read", help="May read; so it is without --write.")] = (
        False
    ),
    write: Annotated[
        bool, typer.Option("--write", help="May write, and read only with --read.")
    ] = (False),
    key: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="Of a presigned URL, whole, beginning with the prefix."),
    ] = None,
    whole_bucket: Annotated[
        bool, typer.Option("--whole-bucket", help="Share every key: needed without a prefix.")
    ] = False,
    duration: Annotated[
        int, typer.Option(min=MIN_SECONDS, max=MAX_SECONDS, metavar="SECONDS")
    ] = 3600,
    role_arn: Annotated[
        str | None, typer.Option(metavar="ARN", help="Else the stack's CrossAccountRoleArn.")
    ] = None,
    external_id: Annotated[
        str | None,
        typer.Option(envvar="TIDEGATE_EXTERNAL_ID", help="What the role's trust policy asks for."),
    ] = None,
    source_identity: Annotated[
        str | None, typer.Option(help="Who is behind it, in the trail; else your own name.")
    ] = None,
    session_name: Annotated[str | None, typer.Option(help="Else the source identity.")] = None,
    kms_key_arn: Annotated[
        str | None, typer.Option(metavar="ARN", help="Else the stack's DataKeyArn, if it has one.")
    ] = None,
    stack_name: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    """Get credentials that end by themselves, for one bucket and prefix and nothing else.

    They come through the cross-account role, with a session policy narrowed to what is asked for
    here: the keys, their listing, the bucket's region and the use of its KMS key through S3.
    """
    with reporting(as_json=as_json) as output:
        aws: Aws = ctx.obj
        needs_stack = role_arn is None or not address.is_address(target)
        found = (
            stack.find(aws, stack_name, "--role-arn and s3://bucket/prefix")
            if needs_stack or stack_name
            else None
        )
        where = _where(target, found)
        if not where.rest and not whole_bucket:
            raise UsageError("name a prefix, or share every key with --whole-bucket")
        sts = aws.client("sts")
        with aws_errors("tell whose credentials these are"):
            caller = Caller(sts.get_caller_identity()["Arn"])
        identity = source_identity or caller.name
        session = Session(
            role_arn or _output(found, "CrossAccountRoleArn", "--role-arn"),
            external_id,
            identity,
            session_name or identity,
            duration,
        )
        check_chaining(caller, duration)
        grant = Grant(
            session.partition,
            where.bucket,
            where.rest,
            read=read or not write,
            write=write,
            kms_key_arn=kms_key_arn or (found.outputs.get("DataKeyArn") if found else None) or None,
        )
        keys = _keys(form, key or (), grant)
        credentials = assume(sts, session, session_policy.text(grant))
        match form:
            case Form.PROCESS:
                output.raw(credentials.process_answer())
            case Form.ENV:
                _give_environment(output, credentials)
            case Form.URLS:
                _give_urls(output, aws, grant, credentials, keys)
            case Form.SUMMARY:
                _summarise(output, grant, session, credentials)


def _where(target: str, found: Stack | None) -> address.Address:
    if address.is_address(target):
        return address.parse(target)
    bucket = _output(found, "DataBucketName", "s3://bucket/prefix")
    return address.parse(f"s3://{bucket}/{target}")


def _output(found: Stack | None, name: str, instead: str) -> str:
    if found is None:
        raise UsageError(f"give {instead}")
    return found.output(name, instead)


def _keys(form: Form, keys: Sequence[str], grant: Grant) -> Sequence[str]:
    if form is not Form.URLS:
        if keys:
            raise UsageError("--key goes with --format urls")
        return ()
    if not keys:
        raise UsageError("--format urls needs a --key for each URL")
    for key in keys:
        if not grant.covers(key):
            raise UsageError(f"the key {key!r} does not begin with {grant.prefix!r}")
        address.ref(grant.bucket, key)
    return keys


def _give_environment(output: Output, credentials: Credentials) -> None:
    if output.as_json:
        output.answer(credentials.environment())
    else:
        output.raw(credentials.exports())


def _give_urls(
    output: Output, aws: Aws, grant: Grant, credentials: Credentials, keys: Sequence[str]
) -> None:
    theirs = aws.credentials(
        credentials.access_key_id, credentials.secret_access_key, credentials.session_token
    )
    seconds = max(1, int((credentials.expires - datetime.now(UTC)).total_seconds()))
    s3 = _signer(theirs, grant.bucket)
    calls = [
        *([("GET", "get_object")] if grant.read else ()),
        *([("PUT", "put_object")] if grant.write else ()),
    ]
    urls = [
        {
            "key": key,
            "method": method,
            "url": s3.generate_presigned_url(
                call, Params={"Bucket": grant.bucket, "Key": key}, ExpiresIn=seconds
            ),
            # A URL ends with the credentials that signed it, whatever it says itself.
            "expires": credentials.expires_text,
        }
        for key in keys
        for method, call in calls
    ]
    if output.as_json:
        output.answer({"urls": urls})
        return
    for url in urls:
        output.raw(f"{url['method']} {url['url']}")


def _signer(theirs: Aws, bucket: str) -> Any:
    """Return a client of the bucket's own region: elsewhere a URL would not be valid."""
    s3 = theirs.client("s3", Config(signature_version="s3v4"))
    try:
        told = s3.get_bucket_location(Bucket=bucket).get("LocationConstraint")
    except (ClientError, BotoCoreError):
        # The role need not allow it; then the user's own region has to be the right one.
        return s3
    return theirs.in_region(_LOCATIONS.get(told, told)).client(
        "s3", Config(signature_version="s3v4")
    )


def _summarise(output: Output, grant: Grant, session: Session, credentials: Credentials) -> None:
    where = f"s3://{grant.bucket}/{grant.prefix}*"
    output.answer(
        {
            "bucket": grant.bucket,
            "prefix": grant.prefix,
            "access": {"read": grant.read, "write": grant.write},
            "kmsKeyArn": grant.kms_key_arn,
            "roleArn": session.role_arn,
            "sourceIdentity": session.source_identity,
            "sessionName": session.session_name,
            "accessKeyId": credentials.access_key_id,
            "expires": credentials.expires_text,
            "packedPolicyPercent": credentials.packed_percent,
        },
        facts(
            [
                ("Shared", where),
                ("May", grant.access),
                ("KMS key", grant.kms_key_arn or "none: objects under a customer's key stay shut"),
                ("Role", session.role_arn),
                ("In the trail", session.source_identity),
                ("Until", credentials.expires_text),
            ]
        ),
        Text("No secret is shown: --format env, credential-process or urls gives them.", "dim"),
    )
