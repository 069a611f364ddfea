"""Keeps, in a versioned bucket, what each setting was before it was changed.

Key `changes/<bucket>/<change>.json`. The document is written before the setting is, and read
back by an undo, which checks it against the hash in the change's record.
"""

from __future__ import annotations

import base64
import hashlib
import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.remediate_bucket.change import Change
from functions.remediate_bucket.errors import SnapshotError
from functions.remediate_bucket.sections import fingerprint
from tidegate.errors import service_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Snapshots:
    """One bucket. Raises TransientError or MisconfiguredError."""

    def __init__(self, s3: S3Client, bucket: str, kms_key_arn: str | None) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._encryption: Any = {}
        if kms_key_arn:
            self._encryption = {
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": kms_key_arn,
                "BucketKeyEnabled": True,
            }

    def put(self, change: Change) -> str:
        """Keep what the setting was; return where."""
        key = f"changes/{change.bucket}/{str(change.id).rpartition(':')[2]}.json"
        document = {
            "schemaVersion": "1.0",
            "change": change.id,
            "bucket": change.bucket,
            "region": change.region,
            "section": change.section.value,
            "identifier": change.identifier,
            "at": change.at.isoformat(),
            "before": change.before,
            "beforeSha256": change.before_sha256,
        }
        body = json.dumps(document, indent=2).encode()
        with service_errors(f"keep the snapshot of {change.id}"):
            self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                ContentType="application/json",
                ChecksumSHA256=base64.b64encode(hashlib.sha256(body).digest()).decode(),
                **self._encryption,
            )
        return key

    def before(self, change: Change) -> Any:
        """Return what the setting was before the change, proven by its hash, or SnapshotError."""
        with service_errors(f"read the snapshot of {change.id}"):
            try:
                answer = self._s3.get_object(Bucket=self._bucket, Key=str(change.snapshot))
            except ClientError as error:
                if error.response["Error"].get("Code") != "NoSuchKey":
                    raise
                raise SnapshotError(f"there is no snapshot of {change.id}") from error
        with closing(answer["Body"]) as body:
            document = json.loads(body.read())
        if document["change"] != change.id or (
            fingerprint(document["before"]) != change.before_sha256
        ):
            raise SnapshotError(f"the snapshot of {change.id} is not what was recorded")
        return document["before"]
