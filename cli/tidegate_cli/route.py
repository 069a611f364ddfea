"""Which way an upload takes: to which bucket, by which endpoint, with which transfer manager."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config

from tidegate_cli import address, transfer
from tidegate_cli.aws import Aws
from tidegate_cli.errors import UsageError
from tidegate_cli.stack import Stack, find


class Manager(StrEnum):
    """boto3's transfer managers: in C (awscrt) or in Python. AUTO: the first where it fits."""

    AUTO = "auto"
    CRT = "crt"
    CLASSIC = "classic"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the object goes; `stack` is None where its name was not asked for."""

    bucket: str
    key: str
    stack: Stack | None


def destination(aws: Aws, target: str | None, file: Path, stack_name: str | None) -> Destination:
    """Return bucket and key. A target that ends in / gets the file's name."""
    named = address.parse(target) if target and address.is_address(target) else None
    stack = find(aws, stack_name, "s3://bucket/key") if stack_name or not named else None
    if named:
        bucket, key = named.bucket, named.rest
    else:
        bucket = stack.output("UploadsBucketName", "s3://bucket/key") if stack else ""
        key = target or ""
    key = f"{key}{file.name}" if not key or key.endswith("/") else key
    address.ref(bucket, key)
    return Destination(bucket, key, stack)


def client(aws: Aws, bucket: str, *, accelerate: bool) -> Any:
    """Return the S3 client for the upload."""
    pool = Config(max_pool_connections=2 * transfer.CONCURRENCY)
    if not accelerate:
        return aws.client("s3", pool)
    if "." in bucket:
        raise UsageError(
            f"{bucket} has a dot in its name: S3 has no accelerated endpoint for such buckets"
        )
    return aws.client("s3", pool.merge(Config(s3={"use_accelerate_endpoint": True})))


def use_crt(s3: Any, manager: Manager, *, accelerate: bool, wait: bool, installed: bool) -> bool:
    """Whether the manager in C carries the file.

    boto3 makes its client for it anew, without the user's endpoint and without acceleration: then
    the file would go elsewhere. Nor does it tell the version, which can be looked up only by who
    may read the object: with the bucket policy of the suite nobody before the verdict.
    """
    if manager is Manager.CRT and wait:
        raise UsageError("awscrt tells no version, and a verdict is on one: leave out --manager")
    heeded = not accelerate and is_aws(s3.meta.endpoint_url)
    if manager is Manager.CRT and not installed:
        raise UsageError("--manager crt needs awscrt: pip install './cli[crt]'")
    if manager is Manager.CRT and not heeded:
        raise UsageError("awscrt heeds neither --accelerate nor an endpoint of one's own")
    return manager is not Manager.CLASSIC and installed and heeded and not wait


def is_aws(endpoint_url: str) -> bool:
    """Whether the endpoint is one of AWS's own."""
    host = urlsplit(endpoint_url).hostname or ""
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))
