"""What S3 tells of a stored object besides its content, and whether one is a true copy of another.

S3's checksums are base64. One of a whole object ends as base64 does; one composed of the parts'
checksums ends in "-<number of parts>" and can be compared with nothing that was cut otherwise:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from tidegate.errors import CopyMismatchError
from tidegate.objectref import ObjectRef
from tidegate.objects import ObjectState

# The content headers that S3 keeps with an object, by the names of boto3's arguments.
CONTENT_HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "WebsiteRedirectLocation",
)
_CHECKSUMS = {
    "ChecksumCRC64NVME": "CRC64NVME",
    "ChecksumCRC32C": "CRC32C",
    "ChecksumCRC32": "CRC32",
    "ChecksumSHA256": "SHA256",
    "ChecksumSHA1": "SHA1",
}
# Where S3 encrypts with its own keys or not at all, the ETag of an object that was put in one
# piece is the MD5 of its content.
_ETAG_IS_MD5 = frozenset({"", "AES256"})


@dataclass(frozen=True, slots=True)
class Stored:
    """One stored object version: all that a copy has to carry, and what proves a copy true.

    `checksums` holds those of the whole content, by algorithm. `expires_text` is the Expires
    header as it was sent, which may be no date at all.
    """

    ref: ObjectRef
    size_bytes: int
    storage_class: str
    modified_at: datetime
    headers: Mapping[str, Any]
    expires_text: str | None
    metadata: Mapping[str, str]
    tags: Mapping[str, str]
    checksums: Mapping[str, str]
    encryption: str

    @classmethod
    def of(cls, ref: ObjectRef, answer: Mapping[str, Any], tags: Mapping[str, str]) -> Self:
        """Return what a HEAD with ChecksumMode told of `ref`, with its tags."""
        state = ObjectState.of(ref, answer)
        return cls(
            ref=state.ref,
            size_bytes=state.size_bytes,
            storage_class=state.storage_class,
            modified_at=answer["LastModified"],
            headers={name: answer[name] for name in CONTENT_HEADERS if name in answer},
            expires_text=answer.get("ExpiresString"),
            metadata=dict(answer.get("Metadata", {})),
            tags=dict(tags),
            checksums={
                algorithm: answer[name]
                for name, algorithm in _CHECKSUMS.items()
                if name in answer and "-" not in answer[name]
            },
            encryption=answer.get("ServerSideEncryption", ""),
        )

    @property
    def sha256(self) -> str | None:
        """The SHA-256 of the content in hexadecimal, where S3 knows it."""
        checksum = self.checksums.get("SHA256")
        if checksum is None:
            return None
        try:
            return base64.b64decode(checksum, validate=True).hex()
        except binascii.Error:
            return None

    @property
    def md5(self) -> str | None:
        """The MD5 of the content in hexadecimal, where the ETag is that."""
        digest = self.etag_digest
        return digest if digest and "-" not in digest else None

    @property
    def etag_digest(self) -> str | None:
        """The ETag, where it is made of the content alone: of one piece, or of its parts."""
        return self.ref.etag if self.encryption in _ETAG_IS_MD5 else None


def proofs(
    copy: Stored, size_bytes: int | None, sha256: str | None, original: Stored | None
) -> tuple[str, ...]:
    """Return what proves the copy's content true, the strongest first.

    Compared are the SHA-256 that the scanner computed, whatever checksums or MD5 the original
    and the copy both have, and the size, which comes last. Raises CopyMismatchError (retried)
    where one of them differs, and where the scanner's SHA-256 is known and nothing but the size
    could be compared.
    """
    pairs: list[tuple[str, object, object]] = [("SHA256", sha256, copy.sha256)]
    if original is not None:
        pairs += [
            (algorithm, value, copy.checksums.get(algorithm))
            for algorithm, value in original.checksums.items()
            if algorithm != "SHA256" or sha256 is None
        ]
        pairs.append(("MD5", original.md5, copy.md5))
    pairs.append(("size", size_bytes, copy.size_bytes))
    compared = [pair for pair in pairs if pair[1] is not None and pair[2] is not None]
    for name, wanted, found in compared:
        if wanted != found:
            raise CopyMismatchError(
                f"the {name} of the copy {copy.ref} is {found}, that of the original is {wanted}"
            )
    names = [name for name, _, _ in compared]
    if original is not None and "-" in (original.etag_digest or ""):
        # Alike only if both were cut alike: proves much where it is, nothing where it is not.
        names[-1:-1] = ["MD5 of parts"] if original.etag_digest == copy.etag_digest else []
    if sha256 is not None and not set(names) - {"size"}:
        raise CopyMismatchError(f"S3 tells no checksum by which to prove the copy {copy.ref}")
    return tuple(names)


def differences(copy: Stored, original: Stored, metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of what the copy should carry of the original and does not.

    `metadata` is what the copy was to have; of that only what the original had is compared.
    """
    headers = [name for name, value in original.headers.items() if copy.headers.get(name) != value]
    entries = [
        f"metadata {name}"
        for name, value in original.metadata.items()
        if metadata.get(name) == value != copy.metadata.get(name)
    ]
    tags = [f"tag {name}" for name, value in original.tags.items() if copy.tags.get(name) != value]
    return (*headers, *entries, *tags)
