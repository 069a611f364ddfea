"""Keeps a run's parts, and its reports, in the reports bucket.

`remediation/runs/<run>/<part>.json` while it goes on; `remediation/<run>.json` and `.html` when
it is done. A part is written whole, and again by a run that was stopped: same key, same content.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tidegate.errors import service_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "remediation"


class Reports:
    """One bucket. Raises TransientError or MisconfiguredError."""

    def __init__(self, s3: S3Client, bucket: str, kms_key_arn: str | None) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._texts: dict[str, str] = {}
        self._encryption: Any = {}
        if kms_key_arn:
            self._encryption = {
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": kms_key_arn,
                "BucketKeyEnabled": True,
            }

    def part(self, run: str, number: int) -> dict[str, Any] | None:
        """Return a part that was finished, or None."""
        return self._get(f"{PREFIX}/runs/{run}/{number:06}.json")

    def put_part(self, run: str, number: int, document: Mapping[str, Any]) -> None:
        """Write a part."""
        key = f"{PREFIX}/runs/{run}/{number:06}.json"
        self._put(key, json.dumps(document).encode(), "application/json")

    def answer(self, run: str) -> dict[str, Any] | None:
        """Return what a run that is done has answered, or None."""
        return self._get(f"{PREFIX}/runs/{run}/answer.json")

    def put_answer(self, run: str, answer: Mapping[str, Any]) -> None:
        """Note that the run is done and people were told."""
        key = f"{PREFIX}/runs/{run}/answer.json"
        self._put(key, json.dumps(answer).encode(), "application/json")

    def publish(self, run: str, report: Mapping[str, Any], page: str) -> tuple[str, str]:
        """Write the report as JSON and as a page; return where they are."""
        key = f"{PREFIX}/{run}"
        # Without indentation: of ten thousand buckets that alone would be a fourth more to hold.
        text = json.dumps(report, separators=(",", ":"))
        self._put(f"{key}.json", text.encode(), "application/json")
        self._put(f"{key}.html", page.encode(), "text/html; charset=utf-8")
        self._texts.clear()
        return f"s3://{self._bucket}/{key}.json", f"s3://{self._bucket}/{key}.html"

    def _put(self, key: str, body: bytes, content_type: str) -> None:
        with service_errors(f"write s3://{self._bucket}/{key}"):
            self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                **self._encryption,
            )

    def _get(self, key: str) -> dict[str, Any] | None:
        with service_errors(f"read s3://{self._bucket}/{key}"):
            try:
                answer = self._s3.get_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if error.response["Error"].get("Code") != "NoSuchKey":
                    raise
                return None
        with closing(answer["Body"]) as body:
            document: dict[str, Any] = json.loads(body.read(), object_hook=self._shared)
        return document

    def _shared(self, members: dict[str, Any]) -> dict[str, Any]:
        """Return the object with each text held once: what is found is found on many buckets."""
        for name, value in members.items():
            if isinstance(value, str):
                members[name] = self._texts.setdefault(value, value)
        return members
