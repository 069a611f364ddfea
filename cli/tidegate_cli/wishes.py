"""How an uploaded object is to be kept, and whether S3 and the scanner can do with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from tidegate.tags import MAX_TAGS, MAX_VALUE_CHARACTERS, legal_value
from tidegate_cli.errors import UsageError
from tidegate_cli.waiting import DETAIL_TAG, RELEASE_TAG


class Checksum(StrEnum):
    """What S3 proves each part by."""

    CRC64NVME = "CRC64NVME"
    CRC32C = "CRC32C"
    CRC32 = "CRC32"
    SHA1 = "SHA1"
    SHA256 = "SHA256"


class Encryption(StrEnum):
    """With whose key S3 encrypts. One's own (SSE-C) is left out: the scanner could not read."""

    S3 = "AES256"
    KMS = "aws:kms"
    KMS_TWICE = "aws:kms:dsse"


class StorageClass(StrEnum):
    """Where S3 keeps the object."""

    STANDARD = "STANDARD"
    STANDARD_IA = "STANDARD_IA"
    ONEZONE_IA = "ONEZONE_IA"
    INTELLIGENT_TIERING = "INTELLIGENT_TIERING"
    GLACIER_IR = "GLACIER_IR"
    GLACIER = "GLACIER"
    DEEP_ARCHIVE = "DEEP_ARCHIVE"


# Python alone computes the others.
_NEED_CRT = (Checksum.CRC64NVME, Checksum.CRC32C)
# In these the scanner cannot read: the verdict would be UNSUPPORTED.
_UNREADABLE = (StorageClass.GLACIER, StorageClass.DEEP_ARCHIVE)
_MAX_TAG_NAME_CHARACTERS = 128
_METADATA_NAME = re.compile(r"[A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asked for; None leaves it to the bucket. Tags and metadata are name=value."""

    content_type: str
    tags: Sequence[str] = ()
    metadata: Sequence[str] = ()
    encryption: Encryption | None = None
    kms_key: str | None = None
    storage_class: StorageClass | None = None
    checksum: Checksum | None = None

    def arguments(self, *, status_tag: str, wait: bool, crt: bool) -> dict[str, Any]:
        """Return the arguments of PutObject; UsageError says which wish cannot be met."""
        if self.kms_key and self.encryption is Encryption.S3:
            raise UsageError("--kms-key goes with --sse aws:kms or aws:kms:dsse")
        checksum = self.checksum or (Checksum.CRC64NVME if crt else Checksum.CRC32)
        if checksum in _NEED_CRT and not crt:
            raise UsageError(f"{checksum} needs awscrt: pip install './cli[crt]'")
        if wait and self.storage_class in _UNREADABLE:
            raise UsageError(f"the scanner cannot read {self.storage_class}: leave out --wait")
        chosen = {
            "ChecksumAlgorithm": checksum.value,
            "ContentType": self.content_type,
            "ServerSideEncryption": self.encryption or (Encryption.KMS if self.kms_key else None),
            "SSEKMSKeyId": self.kms_key,
            "StorageClass": self.storage_class,
            "Metadata": _metadata(self.metadata),
            "Tagging": urlencode(_tags(self.tags, status_tag, room=MAX_TAGS - int(wait))),
        }
        return {name: value for name, value in chosen.items() if value}


def _tags(given: Sequence[str], status_tag: str, *, room: int) -> dict[str, str]:
    tags = _pairs(given, "--tag")
    reserved = {status_tag.lower(), DETAIL_TAG, RELEASE_TAG}
    for name, value in tags.items():
        if name.lower() in reserved:
            raise UsageError(f"the tag {name} is the scanner's: nobody else may write it")
        if (
            len(name) > _MAX_TAG_NAME_CHARACTERS
            or legal_value(name) != name.strip()
            or name.lower().startswith("aws:")
        ):
            raise UsageError(f"S3 takes no tag of the name {name!r}")
        if len(value) > MAX_VALUE_CHARACTERS or legal_value(value) != value.strip():
            raise UsageError(f"S3 takes no tag of the value {value!r}")
    if len(tags) > room:
        raise UsageError(f"{len(tags)} tags: at most {room}, so that the verdict has room")
    return tags


def _metadata(given: Sequence[str]) -> dict[str, str]:
    metadata = _pairs(given, "--metadata")
    for name, value in metadata.items():
        if not _METADATA_NAME.fullmatch(name) or not value.isascii() or not value.isprintable():
            raise UsageError(
                f"metadata are printable ASCII, names of letters, digits and -: {name}={value!r}"
            )
    return metadata


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in given:
        name, separator, value = text.partition("=")
        if not name or not separator:
            raise UsageError(f"{option} {text!r} is not of the form name=value")
        if name in pairs:
            raise UsageError(f"{option} {name} is given twice")
        pairs[name] = value
    return pairs
