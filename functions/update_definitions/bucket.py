"""Files in S3: lists those under a prefix, brings them here verified, writes each only once."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tidegate.definitions import MAX_FILES, DefinitionsError
from tidegate.errors import (
    AccessDeniedError,
    MisconfiguredError,
    ObjectMissingError,
    ObjectReplacedError,
    object_errors,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One object directly under a prefix. `name` is its key without the prefix."""

    key: str
    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket. Every method raises tidegate's errors, with bucket and key in their text.

    Refused access is a MisconfiguredError here: these are buckets of the suite or its operator.
    """

    s3: S3Client
    name: str

    def read(self, key: str, max_bytes: int) -> tuple[bytes, str] | None:
        """Return a small object and its ETag; None where there is none."""
        answer = self._get(key)
        if answer is None:
            return None
        with closing(answer["Body"]) as body, object_errors(f"read s3://{self.name}/{key}"):
            content = body.read(max_bytes + 1)
        if len(content) > max_bytes:
            raise DefinitionsError(f"s3://{self.name}/{key} is larger than {max_bytes} bytes")
        return content, answer["ETag"]

    def download(self, key: str, target: Path, max_bytes: int) -> str:
        """Write the object to a new file and return its SHA-256; DefinitionsError if too long."""
        answer = self._get(key)
        if answer is None:
            raise DefinitionsError(f"s3://{self.name}/{key} is missing")
        digest = hashlib.sha256()
        left = max_bytes
        with (
            closing(answer["Body"]) as body,
            target.open("xb") as file,
            object_errors(f"read s3://{self.name}/{key}"),
        ):
            for chunk in body.iter_chunks(_CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    raise DefinitionsError(f"s3://{self.name}/{key} is longer than it should be")
                digest.update(chunk)
                file.write(chunk)
        return digest.hexdigest()

    def files(self, prefix: str) -> list[StoredFile]:
        """Return the objects directly under the prefix, MAX_FILES at most."""
        with _access(), object_errors(f"list s3://{self.name}/{prefix}"):
            answer = self.s3.list_objects_v2(
                Bucket=self.name, Prefix=prefix, Delimiter="/", MaxKeys=MAX_FILES + 1
            )
        found = [
            StoredFile(item["Key"], item["Key"].removeprefix(prefix), item["Size"])
            for item in answer.get("Contents", [])
            if item["Key"] != prefix
        ]
        if answer.get("IsTruncated"):
            raise DefinitionsError(f"s3://{self.name}/{prefix} holds more than {MAX_FILES} files")
        return found

    def folders(self, prefix: str) -> list[str]:
        """Return the names of the folders directly under the prefix, in order."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=prefix, Delimiter="/"
        )
        with _access(), object_errors(f"list s3://{self.name}/{prefix}"):
            return [
                folder["Prefix"].removeprefix(prefix).rstrip("/")
                for page in pages
                for folder in page.get("CommonPrefixes", [])
            ]

    def create(self, key: str, content: bytes | Path, sha256: str) -> None:
        """Write an object that never changes again.

        If it is there already with the same content, from a run that was cut short, all is well;
        with other content it is a DefinitionsError.
        """
        try:
            with _content(content) as body:
                self._put(key, body, sha256, {"IfNoneMatch": "*"})
        except ObjectReplacedError as error:
            if self._sha256(key) != sha256:
                raise DefinitionsError(f"s3://{self.name}/{key} holds something else") from error

    def replace(self, key: str, content: bytes, etag: str | None) -> None:
        """Write the object if it is still what was read (None: absent).

        Raises ObjectReplacedError where it is not.
        """
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        self._put(key, content, hashlib.sha256(content).hexdigest(), condition)

    def overwrite(self, key: str, content: bytes) -> None:
        """Write the object, whatever is there."""
        self._put(key, content, hashlib.sha256(content).hexdigest(), {})

    def delete(self, keys: list[str]) -> None:
        """Delete the objects; what is gone already is no error."""
        for key in keys:
            with _access(), object_errors(f"delete s3://{self.name}/{key}"):
                self.s3.delete_object(Bucket=self.name, Key=key)

    def _get(self, key: str) -> GetObjectOutputTypeDef | None:
        try:
            with _access(), object_errors(f"read s3://{self.name}/{key}"):
                return self.s3.get_object(Bucket=self.name, Key=key)
        except ObjectMissingError:
            return None

    def _put(
        self, key: str, body: bytes | BinaryIO, sha256: str, condition: dict[str, str]
    ) -> None:
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        with _access(), object_errors(f"write s3://{self.name}/{key}"):
            self.s3.put_object(
                Bucket=self.name,
                Key=key,
                Body=body,
                ChecksumSHA256=checksum,
                **condition,  # type: ignore[arg-type]
            )

    def _sha256(self, key: str) -> str | None:
        answer = self._get(key)
        if answer is None:
            return None
        digest = hashlib.sha256()
        with closing(answer["Body"]) as body, object_errors(f"read s3://{self.name}/{key}"):
            for chunk in body.iter_chunks(_CHUNK_BYTES):
                digest.update(chunk)
        return digest.hexdigest()


@contextmanager
def _access() -> Iterator[None]:
    try:
        yield
    except AccessDeniedError as error:
        raise MisconfiguredError(f"{error}. Grant this function's role the action") from error


def _content(content: bytes | Path) -> BinaryIO:
    return content.open("rb") if isinstance(content, Path) else io.BytesIO(content)
