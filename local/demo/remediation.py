"""The demo's chapter on buckets: a badly configured one, the plan, the change, and the way back."""

import difflib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from rich.console import Console
from rich.table import Table
from rich.text import Text

from local import embedded_aws
from local.deployment import Stack

# What was in the policy before, and has to be there in the end.
_THEIRS = {
    "Sid": "TheirOwn",
    "Effect": "Allow",
    "Principal": {"AWS": "*"},
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::BUCKET/*",
    "Condition": {"StringEquals": {"aws:PrincipalAccount": "000000000000"}},
}
_CONTROLS = (
    "bucket-public-access-block",
    "tls-only",
    "versioning",
    "incomplete-uploads-aborted",
)
_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_OUTCOMES = {"PLANNED": "yellow", "APPLIED": "green", "UNDONE": "cyan"}


def show(console: Console, stack: Stack) -> int:
    """Plan, apply and undo on a bucket of the demo's own; return how many steps went wrong."""
    console.rule("A badly configured bucket, put right and taken back")
    with _bad_bucket(stack) as bucket:
        before = _configuration(stack, bucket)
        planned = _ask(stack, mode="plan", bucket=bucket, controls=list(_CONTROLS))
        _show_changes(console, f"What remediate_bucket would change on {bucket}", planned)
        untouched = _configuration(stack, bucket) == before
        applied = _ask(stack, mode="apply", bucket=bucket, controls=list(_CONTROLS))
        _show_changes(console, "What it changed, once it was told to", applied)
        after = _configuration(stack, bucket)
        _show_difference(console, before, after)
        undone = [
            _ask(stack, mode="undo", change=change["change"])["outcome"]
            for change in reversed(applied["changes"])
        ]
        restored = _configuration(stack, bucket)
    steps = {
        "The plan changed nothing": untouched,
        "Every planned change was made, and the bucket complies": _complies(applied),
        "Their own statement stayed in the policy": "TheirOwn" in json.dumps(after["policy"]),
        "Every change was taken back": set(undone) == {"UNDONE"}
        # Versioning cannot be turned off again, only suspended.
        and restored == {**before, "versioning": "Suspended"},
    }
    for step, went_well in steps.items():
        mark = "[green]✓[/]" if went_well else "[bold red]✗[/]"
        console.print(f"{mark} {step}")
    return sum(not went_well for went_well in steps.values())


@contextmanager
def _bad_bucket(stack: Stack) -> Iterator[str]:
    s3, name = stack.client("s3"), f"harbour-papers-{uuid4().hex[:8]}"
    s3.create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": embedded_aws.REGION}
    )
    s3.delete_public_access_block(Bucket=name)
    policy = {"Version": "2012-10-17", "Statement": [_THEIRS]}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy).replace("BUCKET", name))
    try:
        yield name
    finally:
        s3.delete_bucket(Bucket=name)


def _ask(stack: Stack, **payload: Any) -> dict[str, Any]:
    answer = stack.client("lambda").invoke(
        FunctionName=stack.output("RemediateBucketFunctionName"),
        Payload=json.dumps(payload).encode(),
    )
    body: dict[str, Any] = json.loads(answer["Payload"].read())
    return body


def _complies(answer: dict[str, Any]) -> bool:
    return {finding["compliance"] for finding in answer["findings"]} == {"COMPLIANT"}


def _configuration(stack: Stack, bucket: str) -> dict[str, Any]:
    """Return what S3 says of the bucket, where the demo's controls look."""
    s3 = stack.client("s3")

    def setting(read: Any, name: str) -> Any:
        try:
            return read(Bucket=bucket).get(name)
        except s3.exceptions.ClientError as error:
            if not error.response["Error"]["Code"].startswith("NoSuch"):
                raise
            return None

    policy = setting(s3.get_bucket_policy, "Policy")
    return {
        "publicAccessBlock": setting(s3.get_public_access_block, "PublicAccessBlockConfiguration"),
        "policy": json.loads(policy) if policy else None,
        "versioning": setting(s3.get_bucket_versioning, "Status"),
        "lifecycle": setting(s3.get_bucket_lifecycle_configuration, "Rules"),
    }


def _show_changes(console: Console, title: str, answer: dict[str, Any]) -> None:
    table = Table(title=title, title_justify="left", padding=(0, 1, 0, 1))
    table.add_column("Control", overflow="fold")
    table.add_column("Why", ratio=1, overflow="fold")
    table.add_column("Call", overflow="fold")
    table.add_column("Outcome")
    for change in answer["changes"]:
        outcome = Text(change["outcome"], _OUTCOMES.get(change["outcome"], "bold red"))
        table.add_row(change["control"], Text(change["reason"] or ""), change["operation"], outcome)
    console.print(table)


def _show_difference(console: Console, before: dict[str, Any], after: dict[str, Any]) -> None:
    lines = difflib.unified_diff(
        json.dumps(before, indent=2).splitlines(),
        json.dumps(after, indent=2).splitlines(),
        "before",
        "after",
        lineterm="",
        n=1,
    )
    for line in lines:
        console.print(Text(line, _STYLES.get(line[:1], "dim")))
