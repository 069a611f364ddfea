"""Keeps reports in the reports bucket: three files for each day, and a pointer to the newest.

    storage/<account>/<date>/report.html, report.csv, report.json
    storage/<account>/latest.json                     {"schemaVersion", "date", …, "json", …}
    storage/<account>/<date>/<digest>/report.*        a report on named buckets alone

The pointer is written last: whoever follows it finds all three. A day's second report takes the
first one's place; the bucket keeps versions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from tidegate.errors import service_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Place:
    """Where one report is kept. `pointer` is None where it is on named buckets alone."""

    prefix: str
    pointer: str | None

    @classmethod
    def of(cls, account_id: str, day: date, buckets: Iterable[str] | None) -> Place:
        """Return the place; the same buckets on the same day have the same one."""
        root = f"storage/{account_id}"
        if buckets is None:
            return cls(f"{root}/{day}", f"{root}/latest.json")
        digest = hashlib.sha256(json.dumps(sorted(buckets)).encode()).hexdigest()[:_DIGITS]
        return cls(f"{root}/{day}/{digest}", None)


class Archive:
    """The reports bucket. A missing permission there is a MisconfiguredError."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def keep(
        self, place: Place, page: str, table: str, document: Mapping[str, Any]
    ) -> dict[str, str]:
        """Write the three files, and return where each is."""
        self._put(f"{place.prefix}/report.html", page, "text/html; charset=utf-8")
        self._put(f"{place.prefix}/report.csv", table, "text/csv; charset=utf-8")
        text = json.dumps(document, indent=1, ensure_ascii=False)
        self._put(f"{place.prefix}/report.json", text, "application/json")
        return {
            kind: f"s3://{self._bucket}/{place.prefix}/report.{kind}"
            for kind in ("json", "csv", "html")
        }

    def point(self, place: Place, answer: Mapping[str, Any]) -> None:
        """Let the pointer tell of this report, where it is one on the whole account."""
        if place.pointer:
            self._put(place.pointer, json.dumps(answer, indent=1), "application/json")

    def _put(self, key: str, text: str, content_type: str) -> None:
        with service_errors(f"write the report s3://{self._bucket}/{key}"):
            self._s3.put_object(
                Bucket=self._bucket, Key=key, Body=text.encode(), ContentType=content_type
            )
