"""Where an object is kept in quarantine, how it is marked there, and the record kept beside it.

Key of the copy: `<source bucket>/<sha256 of bucket, key, version and ETag>`; nothing in it comes
from the uploader, and the same version always gets the same one, which is what makes every step
safe to repeat. The record is beside it, `<key>.json`; what does not fit into S3's 2 KB of
metadata is there in full.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from tidegate.copies import Copy
from tidegate.objectref import ObjectRef
from tidegate.stored import Stored
from tidegate.verdicts import ScanResult, to_detail

# Names and values together: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
MAX_METADATA_BYTES = 2048
MARK_PREFIX = "tidegate-"
_MAX_MARK_CHARACTERS = 256


def copy_key(ref: ObjectRef) -> str:
    """Return the key of the object's copy in the quarantine bucket."""
    identity = json.dumps([ref.bucket, ref.key, ref.version_id, ref.etag])
    return f"{ref.bucket}/{hashlib.sha256(identity.encode()).hexdigest()}"


def record_key(ref: ObjectRef) -> str:
    """Return the key of the record that is kept beside the copy."""
    return f"{copy_key(ref)}.json"


def origin_uri(ref: ObjectRef) -> str:
    """Return where the object came from as an ASCII URI."""
    version = f"?versionId={quote(ref.version_id, safe='')}" if ref.version_id else ""
    return f"s3://{ref.bucket}/{quote(ref.key)}{version}"


def marked_metadata(
    metadata: Mapping[str, str], ref: ObjectRef, result: ScanResult, now: datetime
) -> dict[str, str]:
    """Return the copy's metadata: the object's own, and as many of our marks as fit.

    An uploader's entries with our prefix are left out, lest they pass for ours.
    """
    marked = {
        name: _ascii(value) for name, value in metadata.items() if not name.startswith(MARK_PREFIX)
    }
    marks = {
        "status": result.status.value,
        "record": record_key(result.ref),
        "quarantined-at": now.isoformat(timespec="seconds"),
        "threats": quote(result.detail_text, safe=" ,.:-_")[:_MAX_MARK_CHARACTERS],
        "scanned-at": result.scanned_at.isoformat(timespec="seconds"),
        "sha256": result.sha256 or "",
        "origin": origin_uri(ref),
    }
    for name, value in marks.items():
        entry = {f"{MARK_PREFIX}{name}": value}
        if value and _bytes(marked) + _bytes(entry) <= MAX_METADATA_BYTES:
            marked |= entry
    return marked


def record(
    result: ScanResult, original: Stored | None, copy: Copy, now: datetime
) -> dict[str, Any]:
    """Return the record of where the object came from, why it is here and what proves it.

    `original` is None where the object was gone by the time that its copy was recorded.
    """
    return {
        "schemaVersion": "1.0",
        "quarantinedAt": now.isoformat(),
        "origin": origin_uri(original.ref if original else result.ref),
        "verdict": to_detail(result),
        "original": _facts(original) if original else None,
        "copy": {
            **_facts(copy.stored),
            "provenBy": list(copy.proofs),
            "notCarriedOver": list(copy.lost),
        },
    }


def recorded_proofs(record: Mapping[str, Any], stored: Stored) -> tuple[str, ...] | None:
    """Return what proved the stored copy, as its record tells; None where it tells of another."""
    copy = record.get("copy", {})
    same = (copy.get("versionId"), copy.get("eTag")) == (stored.ref.version_id, stored.ref.etag)
    return tuple(copy.get("provenBy", ())) if same else None


def _facts(stored: Stored) -> dict[str, Any]:
    return {
        "bucket": stored.ref.bucket,
        "key": stored.ref.key,
        "versionId": stored.ref.version_id,
        "eTag": stored.ref.etag,
        "bytes": stored.size_bytes,
        "storageClass": stored.storage_class,
        "lastModified": stored.modified_at.isoformat(),
        "encryption": stored.encryption or None,
        "checksums": dict(stored.checksums),
        "headers": {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in stored.headers.items()
        },
        "expires": stored.expires_text,
        "metadata": dict(stored.metadata),
        "tags": dict(stored.tags),
    }


def _ascii(value: str) -> str:
    """Return the value as S3 itself gives it back: RFC 2047 where it is not ASCII."""
    if value.isascii():
        return value
    return f"=?UTF-8?B?{base64.b64encode(value.encode()).decode()}?="


def _bytes(metadata: Mapping[str, str]) -> int:
    return sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items())
