"""Reads s3://bucket/key as people write it."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.errors import MalformedEventError
from tidegate.objectref import ObjectRef
from tidegate_cli.errors import UsageError

_SCHEME = "s3://"


@dataclass(frozen=True, slots=True)
class Address:
    """A bucket, and what stands behind it: a key, a prefix or nothing."""

    bucket: str
    rest: str

    def __str__(self) -> str:
        return f"{_SCHEME}{self.bucket}/{self.rest}"


def is_address(text: str) -> bool:
    """Whether the text names a bucket, and not a key or a file."""
    return text.startswith(_SCHEME)


def parse(text: str) -> Address:
    """Return bucket and rest. The key is taken as it is written: nothing is decoded."""
    if not is_address(text):
        raise UsageError(f"{text!r} is not of the form s3://bucket/key")
    bucket, _, rest = text.removeprefix(_SCHEME).partition("/")
    ref(bucket, rest or "-")
    return Address(bucket, rest)


def parse_object(text: str) -> Address:
    """Return the address of one object."""
    address = parse(text)
    if not address.rest:
        raise UsageError(f"{text!r} names no object: s3://bucket/key")
    return address


def ref(bucket: str, key: str, version_id: str | None = None, etag: str | None = None) -> ObjectRef:
    """Return the object's exact name; UsageError where S3 would not take bucket or key."""
    try:
        return ObjectRef(bucket, key, version_id, etag)
    except MalformedEventError as error:
        raise UsageError(str(error)) from error
