"""Keeps the documents about images in the reports bucket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tidegate.errors import service_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Sidecars:
    """JSON documents in one bucket. A refusal there is a MisconfiguredError."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, key: str, document: Mapping[str, Any]) -> None:
        """Write the document. Safe to repeat: the bucket keeps the earlier version."""
        with service_errors(f"write s3://{self._bucket}/{key}"):
            self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=json.dumps(document, indent=2).encode(),
                ContentType="application/json",
            )

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the document, or None where there is none that can be read as one."""
        with service_errors(f"read s3://{self._bucket}/{key}"):
            try:
                answer = self._s3.get_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if error.response["Error"].get("Code") != "NoSuchKey":
                    raise
                return None
            with closing(answer["Body"]) as body:
                content = body.read()
        try:
            document = json.loads(content)
        except ValueError:
            return None
        return document if isinstance(document, dict) else None
