"""Which way an upload takes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.cli.fakes import FakeAws, FakeCloudFormation
from tidegate_cli import route
from tidegate_cli.errors import MissingError, UsageError
from tidegate_cli.route import Manager

FILE = Path("folder/minutes.txt")


def with_stack(**outputs: str) -> FakeAws:
    """AWS with one stack."""
    return FakeAws({"cloudformation": FakeCloudFormation(outputs), "s3": object()})


@pytest.mark.parametrize(
    ("target", "bucket", "key"),
    [
        ("s3://other/a/b.txt", "other", "a/b.txt"),
        ("s3://other/a/", "other", "a/minutes.txt"),
        ("s3://other", "other", "minutes.txt"),
        ("s3://other//a%20b+c", "other", "/a%20b+c"),
        (None, "uploads", "minutes.txt"),
        ("in/", "uploads", "in/minutes.txt"),
        ("in/other.txt", "uploads", "in/other.txt"),
    ],
)
def test_target_names_bucket_and_key(target: str | None, bucket: str, key: str) -> None:
    """A whole address, or a key in the stack's bucket; the file's name where one is left out."""
    found = route.destination(
        with_stack(UploadsBucketName="uploads"), target, FILE, "tidegate-test"
    )
    assert (found.bucket, found.key) == (bucket, key)


def test_whole_address_needs_no_stack() -> None:
    """Nothing is asked of CloudFormation where nothing is looked up."""
    assert route.destination(FakeAws(), "s3://other/a", FILE, None).stack is None


def test_target_without_bucket_and_stack_is_refused() -> None:
    """The error says what to give."""
    with pytest.raises(UsageError, match="STACK_NAME"):
        route.destination(FakeAws(), "a", FILE, None)


def test_stack_that_is_not_there_or_has_no_uploads_bucket_is_told() -> None:
    """One that protects existing buckets has none of its own."""
    with pytest.raises(MissingError, match="no stack"):
        route.destination(with_stack(), None, FILE, "another")
    with pytest.raises(MissingError, match="LedgerTableName"):
        route.destination(with_stack(LedgerTableName="ledger"), None, FILE, "tidegate-test")


@pytest.mark.parametrize("target", ["s3://x/" + "k" * 1025, "s3://UP!/key", "s3:///key"])
def test_name_that_s3_does_not_take_is_refused(target: str) -> None:
    """Bucket and key are checked before anything is sent."""
    with pytest.raises(UsageError):
        route.destination(FakeAws(), target, FILE, None)


def test_acceleration_sets_the_client_and_refuses_dots() -> None:
    """The accelerated endpoint is a setting of the client, and no bucket with a dot has one."""
    aws = with_stack()
    route.client(aws, "uploads", accelerate=True)
    assert aws.configs["s3"].s3 == {"use_accelerate_endpoint": True}
    route.client(aws, "up.loads", accelerate=False)
    assert aws.configs["s3"].s3 is None
    with pytest.raises(UsageError, match="dot"):
        route.client(aws, "up.loads", accelerate=True)


def s3_at(url: str) -> Any:
    """A client of that endpoint."""
    return SimpleNamespace(meta=SimpleNamespace(endpoint_url=url))


AWS_URL, OWN_URL = "https://s3.eu-central-1.amazonaws.com", "http://127.0.0.1:4566"


@pytest.mark.parametrize(
    ("url", "manager", "accelerate", "installed", "used"),
    [
        (AWS_URL, Manager.AUTO, False, True, True),
        (AWS_URL, Manager.CRT, False, True, True),
        (AWS_URL, Manager.AUTO, False, False, False),
        (AWS_URL, Manager.CLASSIC, False, True, False),
        (AWS_URL, Manager.AUTO, True, True, False),
        (OWN_URL, Manager.AUTO, False, True, False),
        ("https://s3.amazonaws.com.evil.example", Manager.AUTO, False, True, False),
    ],
)
def test_manager_in_c_is_used_where_it_heeds_the_settings(
    url: str, manager: Manager, accelerate: bool, installed: bool, used: bool
) -> None:
    """boto3 makes that client anew, without endpoint and acceleration."""
    found = route.use_crt(
        s3_at(url), manager, accelerate=accelerate, wait=False, installed=installed
    )
    assert found is used


def test_verdict_is_never_waited_for_through_the_manager_in_c() -> None:
    """It tells no version, and before the verdict nobody may read the object to find it."""
    known = {"accelerate": False, "wait": True, "installed": True}
    assert not route.use_crt(s3_at(AWS_URL), Manager.AUTO, **known)
    with pytest.raises(UsageError, match="version"):
        route.use_crt(s3_at(AWS_URL), Manager.CRT, **known)


@pytest.mark.parametrize(
    ("url", "accelerate", "installed"),
    [(AWS_URL, False, False), (AWS_URL, True, True), (OWN_URL, False, True)],
)
def test_manager_in_c_that_does_not_fit_is_refused(
    url: str, accelerate: bool, installed: bool
) -> None:
    """Asked for by name it is used or refused, never silently left out."""
    with pytest.raises(UsageError, match="awscrt"):
        route.use_crt(
            s3_at(url), Manager.CRT, accelerate=accelerate, wait=False, installed=installed
        )
