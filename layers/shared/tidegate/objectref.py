"""Names one S3 object exactly."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tidegate.errors import MalformedEventError

MAX_KEY_BYTES = 1024
# Old buckets of us-east-1 may have upper case, underscores and up to 255 characters.
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """One S3 object, as exactly as is known: by version, else by ETag, else by name alone.

    `etag` is without quotes. The key is any text of 1 to 1024 bytes: it never reaches a shell or
    a file path.
    """

    bucket: str
    key: str
    version_id: str | None = None
    etag: str | None = None

    def __post_init__(self) -> None:
        if not _BUCKET.fullmatch(self.bucket):
            raise MalformedEventError(f"{self.bucket!r} is not the name of an S3 bucket")
        try:
            size = len(self.key.encode())
        except UnicodeEncodeError as error:
            raise MalformedEventError("the object key is not valid Unicode") from error
        if not 1 <= size <= MAX_KEY_BYTES:
            raise MalformedEventError(
                f"an object key has 1 to {MAX_KEY_BYTES} bytes of UTF-8, this one has {size}"
            )

    def __str__(self) -> str:
        version = f"?versionId={self.version_id}" if self.version_id else ""
        return f"s3://{self.bucket}/{self.key!r}{version}"
