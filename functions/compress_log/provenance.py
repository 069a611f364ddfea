"""What a compressed log says of its original, in its metadata and in the ledger.

S3 keeps 2 KB of metadata with an object. Ours come first, for a repeat knows the copy by them; of
the original's own as many as fit come after. All of them are in the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from tidegate.stored import Stored

# Names and values together: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
MAX_METADATA_BYTES = 2048
MARK_PREFIX = "tidegate-"
# A key of 1,024 bytes has up to 3,072 characters when quoted.
_MAX_ORIGIN_CHARACTERS = 1024


def marks(original: Stored, sha256: str) -> dict[str, str]:
    """Return what the copy says of the content: which one it is, and how to prove it."""
    return {
        f"{MARK_PREFIX}size": str(original.size_bytes),
        f"{MARK_PREFIX}sha256": sha256,
        f"{MARK_PREFIX}etag": original.ref.etag or "",
        f"{MARK_PREFIX}version": original.ref.version_id or "null",
    }


def metadata(original: Stored, sha256: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the copy's metadata, and the names of the original's that have no room in it.

    An uploader's entries with our prefix are left out, lest they pass for ours.
    """
    kept = marks(original, sha256)
    origin = f"s3://{original.ref.bucket}/{quote(original.ref.key)}"
    more = {
        f"{MARK_PREFIX}modified": original.modified_at.astimezone(UTC).isoformat(),
        f"{MARK_PREFIX}content-type": str(original.headers.get("ContentType", "")),
        f"{MARK_PREFIX}origin": origin if len(origin) <= _MAX_ORIGIN_CHARACTERS else "",
    }
    own = {name: value for name, value in original.metadata.items() if name.startswith(MARK_PREFIX)}
    theirs = {name: value for name, value in original.metadata.items() if name not in own}
    lost = [*own]
    for name, value in {**more, **theirs}.items():
        fits = _bytes(kept) + _bytes({name: value}) <= MAX_METADATA_BYTES
        if fits and value.isascii() and (value or name in theirs):
            kept[name] = value
        elif name in theirs:
            lost.append(name)
    return kept, tuple(sorted(lost))


def facts(original: Stored) -> dict[str, Any]:
    """Return all that S3 told of the original, for the ledger: the copy may not carry it all."""
    return {
        "bytes": original.size_bytes,
        "storageClass": original.storage_class,
        "lastModified": original.modified_at.isoformat(),
        "headers": {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in original.headers.items()
        },
        "metadata": dict(original.metadata),
        "tags": dict(original.tags),
        "checksums": dict(original.checksums),
    }


def is_of(copy: Stored, original: Stored) -> bool:
    """Whether the copy says that it was made of this very original."""
    wanted = marks(original, copy.metadata.get(f"{MARK_PREFIX}sha256", ""))
    return all(copy.metadata.get(name) == value for name, value in wanted.items())


def told_sha256(copy: Stored) -> str:
    """Return the SHA-256 of the original that the copy tells, or nothing."""
    return copy.metadata.get(f"{MARK_PREFIX}sha256", "")


def _bytes(entries: Mapping[str, str]) -> int:
    return sum(len(name.encode()) + len(value.encode()) for name, value in entries.items())
