"""The bucket, table, bus and queue that the measured processes use in the embedded AWS."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
from boto3.s3.transfer import TransferConfig

from local.embedded_aws import EmbeddedAws
from tidegate.definitions import (
    CURRENT_KEY,
    CurrentRelease,
    Manifest,
    ManifestFile,
    file_key,
    manifest_key,
)

TRANSFER = TransferConfig(multipart_chunksize=64 * 1024 * 1024, max_concurrency=2)
_DELETE_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Item:
    """One uploaded object, as exactly as S3 knows it."""

    bucket: str
    key: str
    version: str
    etag: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Resources:
    """What one run of the benchmarks uses, and the clients for it."""

    server: EmbeddedAws
    objects_bucket: str
    definitions_bucket: str
    archive_bucket: str
    table: str
    bus: str
    queue_url: str
    s3: Any
    dynamodb: Any

    def put(self, key: str, path: Path) -> Item:
        """Upload a file and return what it is now."""
        self.s3.upload_file(str(path), self.objects_bucket, key, Config=TRANSFER)
        state = self.s3.head_object(Bucket=self.objects_bucket, Key=key)
        return Item(
            self.objects_bucket,
            key,
            state["VersionId"],
            state["ETag"],
            state["ContentLength"],
            _sha256(path),
        )

    def ledger_row(self, item: Item) -> dict[str, Any]:
        """Return the ledger's row of the object, in DynamoDB's own notation."""
        row: dict[str, Any] = self.dynamodb.get_item(
            TableName=self.table,
            Key={"object": {"S": f"{item.bucket}/{item.key}"}, "version": {"S": item.version}},
        )["Item"]
        return row

    def tags(self, item: Item) -> list[dict[str, str]]:
        """Return the tags of the object."""
        tags: list[dict[str, str]] = self.s3.get_object_tagging(
            Bucket=item.bucket, Key=item.key, VersionId=item.version
        )["TagSet"]
        return tags

    def remove(self, item: Item) -> None:
        """Delete the object's only version, which frees the embedded AWS's memory."""
        self.s3.delete_object(Bucket=item.bucket, Key=item.key, VersionId=item.version)


def client(server: EmbeddedAws, service: str) -> Any:
    """Return a client of the embedded AWS with its root key."""
    variables = server.variables
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=server.endpoint_url,
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name=variables["AWS_DEFAULT_REGION"],
    )


@contextmanager
def resources(server: EmbeddedAws) -> Iterator[Resources]:
    """Make everything under a name of its own, and delete it afterwards."""
    name = f"tidegate-bench-{uuid4().hex[:8]}"
    s3, dynamodb = client(server, "s3"), client(server, "dynamodb")
    events, sqs = client(server, "events"), client(server, "sqs")
    location = {"LocationConstraint": server.variables["AWS_DEFAULT_REGION"]}
    buckets = [f"{name}-objects", f"{name}-definitions", f"{name}-archive"]
    for bucket in buckets:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=location)
    for bucket in (buckets[0], buckets[2]):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    _make_ledger(dynamodb, name)
    events.create_event_bus(Name=name)
    queue_url = sqs.create_queue(QueueName=name)["QueueUrl"]
    try:
        yield Resources(
            server,
            objects_bucket=buckets[0],
            definitions_bucket=buckets[1],
            archive_bucket=buckets[2],
            table=name,
            bus=name,
            queue_url=queue_url,
            s3=s3,
            dynamodb=dynamodb,
        )
    finally:
        sqs.delete_queue(QueueUrl=queue_url)
        events.delete_event_bus(Name=name)
        dynamodb.delete_table(TableName=name)
        for bucket in buckets:
            _delete_bucket(s3, bucket)


def publish(s3: Any, bucket: str, folder: Path) -> list[str]:
    """Publish a folder as the release of the same name; return the keys of its files."""
    now = datetime.now(UTC)
    files = tuple(
        ManifestFile(path.name, _sha256(path), path.stat().st_size, None)
        for path in sorted(folder.iterdir())
    )
    manifest = Manifest(folder.name, now, "synthetic", "benchmarks", 1_000_002, files).to_json()
    digest = hashlib.sha256(manifest).hexdigest()
    current = CurrentRelease(folder.name, None, digest, now, now).to_json()
    keys = [file_key(folder.name, file.name) for file in files]
    for path, key in zip(sorted(folder.iterdir()), keys, strict=True):
        s3.upload_file(str(path), bucket, key, Config=TRANSFER)
    s3.put_object(Bucket=bucket, Key=manifest_key(folder.name), Body=manifest)
    s3.put_object(Bucket=bucket, Key=CURRENT_KEY, Body=current)
    return keys


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _make_ledger(dynamodb: Any, name: str) -> None:
    """Make a table with the ledger's keys and index."""
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": "S"}
            for attribute in ("object", "version", "status", "scannedAt")
        ],
        KeySchema=[
            {"AttributeName": "object", "KeyType": "HASH"},
            {"AttributeName": "version", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-status",
                "KeySchema": [
                    {"AttributeName": "status", "KeyType": "HASH"},
                    {"AttributeName": "scannedAt", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


def _delete_bucket(s3: Any, bucket: str) -> None:
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
    versions = [
        {"Key": version["Key"], "VersionId": version["VersionId"]}
        for page in pages
        for version in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
    ]
    for first in range(0, len(versions), _DELETE_AT_ONCE):
        s3.delete_objects(
            Bucket=bucket, Delete={"Objects": versions[first : first + _DELETE_AT_ONCE]}
        )
    s3.delete_bucket(Bucket=bucket)
