"""Looks into a bucket, no further than a limit: unfinished uploads, and versions.

Nothing is read but names, sizes and dates. What lies beyond the limit is not guessed at: the
figures then say that they are not complete.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from functions.report_storage.storage_classes import MINIMUM_BYTES, STANDARD
from functions.report_storage.usage import (
    ABANDONED_DAYS,
    NONCURRENT_DAYS,
    REQUEST_DAYS,
    Listing,
    Stock,
    Uploads,
)
from tidegate.errors import ObjectMissingError, object_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Limits:
    """How many uploads, and how many versions, are looked at in one bucket."""

    uploads: int
    versions: int


class Contents:
    """The contents of the buckets in one region. Each call raises what object_errors does."""

    def __init__(self, s3: S3Client, limits: Limits) -> None:
        self._s3 = s3
        self._limits = limits

    def uploads(self, bucket: str, now: datetime) -> Uploads:
        """Return the unfinished uploads with the bytes of their parts."""
        sizes: dict[str, int] = defaultdict(int)
        abandoned: dict[str, int] = defaultdict(int)
        counts = {False: 0, True: 0}
        listed, complete = self._listed_uploads(bucket)
        for upload in listed:
            size_bytes, whole = self._parts(bucket, upload)
            complete = complete and whole
            given_up = upload["Initiated"] <= now - timedelta(days=ABANDONED_DAYS)
            storage_class = upload.get("StorageClass", STANDARD)
            counts[given_up] += 1
            sizes[storage_class] += size_bytes
            if given_up:
                abandoned[storage_class] += size_bytes
        return Uploads(len(listed), dict(sizes), counts[True], dict(abandoned), complete)

    def listing(self, bucket: str, now: datetime) -> Listing:
        """Return what the first versions of the bucket are, up to the limit."""
        tally, seen = _Tally(now), 0
        token: dict[str, Any] = {}
        with object_errors(f"list the versions in {bucket}"):
            while True:
                most = min(_PAGE, self._limits.versions - seen)
                answer = self._s3.list_object_versions(Bucket=bucket, MaxKeys=most, **token)
                found = [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]
                tally.add(answer)
                seen += len(found)
                if not answer.get("IsTruncated"):
                    return tally.listing(complete=True)
                if seen >= self._limits.versions or not found:
                    return tally.listing(complete=False)
                token = {
                    "KeyMarker": answer["NextKeyMarker"],
                    "VersionIdMarker": answer.get("NextVersionIdMarker", ""),
                }

    def _listed_uploads(self, bucket: str) -> tuple[list[Mapping[str, Any]], bool]:
        found: list[Mapping[str, Any]] = []
        token: dict[str, Any] = {}
        with object_errors(f"list the unfinished uploads in {bucket}"):
            while True:
                most = min(_PAGE, self._limits.uploads - len(found))
                answer = self._s3.list_multipart_uploads(
                    Bucket=bucket, MaxUploads=most, EncodingType="url", **token
                )
                key = unquote_plus if answer.get("EncodingType") == "url" else str
                found += [
                    {**upload, "Key": key(upload["Key"])} for upload in answer.get("Uploads", [])
                ]
                if not answer.get("IsTruncated"):
                    return found, True
                if len(found) >= self._limits.uploads:
                    return found, False
                token = {
                    "KeyMarker": key(answer["NextKeyMarker"]),
                    "UploadIdMarker": answer["NextUploadIdMarker"],
                }

    def _parts(self, bucket: str, upload: Mapping[str, Any]) -> tuple[int, bool]:
        """Return the bytes of the first 1,000 parts, and whether those are all.

        An upload that was ended meanwhile has none.
        """
        try:
            with object_errors(f"list the parts of an upload in {bucket}"):
                answer = self._s3.list_parts(
                    Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                )
        except ObjectMissingError:
            return 0, True
        size_bytes = sum(part["Size"] for part in answer.get("Parts", []))
        return size_bytes, not answer.get("IsTruncated", False)


@dataclass(slots=True)
class _Tally:
    """Adds versions up as they come: by key, and of each key the newest first."""

    now: datetime
    stocks: dict[str, dict[str, Stock]] = field(
        default_factory=lambda: {
            name: {} for name in ("stored", "large", "settled", "noncurrent", "expired")
        }
    )
    delete_markers: int = 0
    _key: str | None = None
    _replaced_at: datetime | None = None

    def add(self, answer: Mapping[str, Any]) -> None:
        """Add one page of S3's answer."""
        markers = answer.get("DeleteMarkers", [])
        self.delete_markers += len(markers)
        entries = [*answer.get("Versions", []), *markers]
        # Versions and delete markers come apart: put back into S3's own order.
        entries.sort(key=lambda each: (each["IsLatest"], each["LastModified"]), reverse=True)
        entries.sort(key=lambda each: str(each["Key"]).encode())
        for entry in entries:
            self._add(entry)

    def listing(self, *, complete: bool) -> Listing:
        """Return what was added up."""
        return Listing(complete=complete, delete_markers=self.delete_markers, **self.stocks)

    def _add(self, entry: Mapping[str, Any]) -> None:
        replaced_at = self._replaced_at if entry["Key"] == self._key else None
        self._key, self._replaced_at = entry["Key"], entry["LastModified"]
        if "Size" not in entry:
            return
        name, size_bytes = entry.get("StorageClass", STANDARD), entry["Size"]
        kinds = ["stored"]
        if size_bytes >= MINIMUM_BYTES:
            kinds.append("large")
        if not entry["IsLatest"]:
            kinds.append("noncurrent")
            if replaced_at and replaced_at <= self.now - timedelta(days=NONCURRENT_DAYS):
                kinds.append("expired")
        elif size_bytes >= MINIMUM_BYTES and entry["LastModified"] <= self.now - timedelta(
            days=REQUEST_DAYS
        ):
            kinds.append("settled")
        for kind in kinds:
            stock = self.stocks[kind].get(name, Stock())
            self.stocks[kind][name] = stock.plus(size_bytes)
