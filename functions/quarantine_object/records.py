"""Keeps the record beside each quarantined copy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tidegate.copies import Target
from tidegate.errors import service_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Records:
    """JSON documents in the quarantine bucket. A refusal there is a MisconfiguredError."""

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3

    def put(self, place: Target, document: Mapping[str, Any]) -> None:
        """Write the record at `place`. Safe to repeat: the bucket keeps the earlier version."""
        encryption: Any = {}
        if place.kms_key_arn:
            encryption = {
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": place.kms_key_arn,
                "BucketKeyEnabled": True,
            }
        with service_errors(f"write the record {place.ref}"):
            self._s3.put_object(
                Bucket=place.bucket,
                Key=place.key,
                Body=json.dumps(document, indent=2).encode(),
                ContentType="application/json",
                **encryption,
            )

    def get(self, place: Target) -> dict[str, Any] | None:
        """Return the record at `place`, or None where there is none."""
        with service_errors(f"read the record {place.ref}"):
            try:
                answer = self._s3.get_object(Bucket=place.bucket, Key=place.key)
            except ClientError as error:
                if error.response["Error"].get("Code") != "NoSuchKey":
                    raise
                return None
        with closing(answer["Body"]) as body:
            document: dict[str, Any] = json.loads(body.read())
        return document
