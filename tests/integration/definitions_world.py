"""A definitions bucket (moto's), a mirror, a vendor, and the updater between them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger

from clamav_layer import canary
from functions.update_definitions.bucket import Bucket
from functions.update_definitions.freshclam import Freshclam
from functions.update_definitions.proof import Prover
from functions.update_definitions.releases import Releases
from functions.update_definitions.request import Action, Request, Source
from functions.update_definitions.result import Result
from functions.update_definitions.samples import harmless_files
from functions.update_definitions.service import UpdateService
from functions.update_definitions.vendor import VendorDatabases
from tests.engine_fixtures import ndb
from tests.integration.definitions_mirror import Mirror
from tests.integration.definitions_vendor import Vendor
from tidegate.definitions import CurrentRelease, Manifest, file_key, manifest_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "tidegate-definitions"
MAIN = {"main.ndb": ndb("Test.Eicar", canary.eicar())}
BYTECODE = {"bytecode.ndb": ndb("Test.Bytecode", b"stands for bytecode")}


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class World:
    """What the tests act on."""

    s3: S3Client
    vendor: Vendor
    mirror: Mirror
    work: Path
    service: UpdateService
    moments: list[datetime] = field(default_factory=list)

    @classmethod
    def make(cls, vendor: Vendor, mirror: Mirror, work: Path) -> World:
        s3 = boto3.client("s3", region_name="eu-central-1")
        s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        releases = Releases(Bucket(s3, BUCKET))
        service = UpdateService(
            releases=releases,
            open_bucket=lambda name: Bucket(s3, name),
            vendor=VendorDatabases(releases, Freshclam(mirror.url, vendor.layer), now),
            prover=Prover(harmless_files(), vendor.layer),
            custom_allowed=True,
            keep_releases=3,
            work_directory=work,
            clock=now,
            log=Logger(service="test", level="CRITICAL"),
            root=vendor.layer,
        )
        return cls(s3, vendor, mirror, work, service)

    def change(self, **changes: Any) -> None:
        """Set the service up differently."""
        self.service = replace(self.service, **changes)

    def daily(self, version: int) -> dict[str, bytes]:
        """The files of the daily database: one signature more with each version."""
        signatures = [ndb(f"Test.Daily-{n}", b"daily find %d" % n) for n in range(1, version + 1)]
        return {"daily.ndb": b"".join(signatures), "daily.ftm": self.vendor.file_types}

    def ask(self, url: str, layer: Path) -> None:
        """Have another layer's freshclam ask another mirror."""
        self.change(vendor=replace(self.service.vendor, downloader=Freshclam(url, layer)))

    def offer(self, version: int, files: Mapping[str, bytes] | None = None) -> None:
        """The vendor publishes its daily database of this version, and the difference to it."""
        new = {**self.daily(version), **(files or {})}
        self.mirror.files["main.cvd"] = self.vendor.container("main", 1, MAIN)
        self.mirror.files["bytecode.cvd"] = self.vendor.container("bytecode", 1, BYTECODE)
        self.mirror.files["daily.cvd"] = self.vendor.container("daily", version, new)
        if version > 1:
            difference = self.vendor.difference("daily", version, self.daily(version - 1), new)
            self.mirror.files[f"daily-{version}.cdiff"] = difference

    def update(self, seconds: float = 60.0) -> Result:
        return self.service.perform(Request(Action.UPDATE), lambda: seconds)

    def roll_back(self) -> Result:
        return self.service.perform(Request(Action.ROLLBACK), lambda: 60.0)

    def publish(self, files: Mapping[str, bytes], prefix: str = "incoming/test/") -> Result:
        """Publish exactly these files."""
        for item in self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", []):
            self.s3.delete_object(Bucket=BUCKET, Key=item["Key"])
        for name, content in files.items():
            self.s3.put_object(Bucket=BUCKET, Key=f"{prefix}{name}", Body=content)
        request = Request(Action.PUBLISH, Source(BUCKET, prefix))
        return self.service.perform(request, lambda: 60.0)

    def read(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()

    def current(self) -> CurrentRelease:
        return CurrentRelease.from_json(self.read("current.json"))

    def manifest(self) -> Manifest:
        return Manifest.from_json(self.read(manifest_key(self.current().release)))

    def file(self, name: str) -> bytes:
        """A file of the current release."""
        return self.read(file_key(self.current().release, name))

    def versions(self) -> dict[str, int | None]:
        return {file.name: file.version for file in self.manifest().files}

    def keys(self, prefix: str = "") -> list[str]:
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return [item["Key"] for item in found]

    def assert_whole(self) -> None:
        """What is current is complete and unaltered."""
        document = self.read(manifest_key(self.current().release))
        assert hashlib.sha256(document).hexdigest() == self.current().manifest_sha256
        for file in self.manifest().files:
            assert hashlib.sha256(self.file(file.name)).hexdigest() == file.sha256

    def corrupt(self, key: str) -> None:
        content = bytearray(self.read(key))
        content[-1] ^= 1
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=bytes(content))


class KilledError(BaseException):
    """The process is gone: no handler runs."""


@dataclass
class MortalS3:
    """An S3 client of a process that is killed before its write number `life`."""

    s3: Any
    life: int

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self.s3, name)
        if name not in ("put_object", "delete_object"):
            return method

        def write(**arguments: Any) -> Any:
            if self.life == 0:
                raise KilledError
            self.life -= 1
            return method(**arguments)

        return write
