"""What the definitions bucket holds: which release is current, and what each release consists of.

    current.json                   {"schemaVersion", "release", "previous", "manifestSha256",
                                    "publishedAt", "verifiedAt", "heldBack"}
    releases/<id>/manifest.json    {"schemaVersion", "release", "createdAt", "engine", "origin",
                                    "signatures", "files": [{"name", "sha256", "bytes", "version"}]}
    releases/<id>/<file>           written once, never changed; the manifest is written last
    custom/<file>                  the operator's own signatures
    state/…                        what the updater keeps between its runs

Only update_definitions writes there (custom/ is the operator's). Whoever reads follows
current.json to a manifest, compares its SHA-256, and then each file's: a release that differs by
one byte from what was proven is never loaded.

Times are RFC 3339 in UTC. `verifiedAt` is when the set was last known to be the vendor's newest:
the age of the definitions counts from there. `heldBack` lists the fingerprints of contents that
an operator rolled back from, and that no scheduled run may bring back.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tidegate.errors import MisconfiguredError

SCHEMA_VERSION = "1.0"
CURRENT_KEY = "current.json"
RELEASES_PREFIX = "releases/"
CUSTOM_PREFIX = "custom/"
STATE_PREFIX = "state/"
MANIFEST_NAME = "manifest.json"
# The one file of a release that carries its id, and is therefore no part of its fingerprint.
RELEASE_CANARY_NAME = "tidegate-release.ndb"

MAX_DOCUMENT_BYTES = 1 << 20
MAX_FILES = 200
MAX_FILE_BYTES = 4 << 30

_RELEASE_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}", re.ASCII)
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


class DefinitionsError(MisconfiguredError):
    """What lies in the definitions bucket is not a release; the text says what is wrong.

    Retried slowly: an operator, or the next run of update_definitions, has to mend it.
    """


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file of a release. `version` is the database's own where its format has one."""

    name: str
    sha256: str
    size_bytes: int
    version: int | None

    def __post_init__(self) -> None:
        if not is_file_name(self.name):
            raise DefinitionsError(f"{self.name!r} is no name for a file of a release")
        if not _SHA256.fullmatch(self.sha256):
            raise DefinitionsError(f"{self.sha256!r} is no SHA-256 (of {self.name})")
        if not 0 <= self.size_bytes <= MAX_FILE_BYTES:
            raise DefinitionsError(f"{self.name} cannot have {self.size_bytes} bytes")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one release consists of, and which engine proved it. `origin` says whence it came."""

    release: str
    created_at: datetime
    engine: str
    origin: str
    signatures: int
    files: tuple[ManifestFile, ...]

    def __post_init__(self) -> None:
        _check_release_id(self.release)
        if not 0 < len(self.files) <= MAX_FILES:
            raise DefinitionsError(f"release {self.release} lists {len(self.files)} files")
        if len({file.name.casefold() for file in self.files}) != len(self.files):
            raise DefinitionsError(f"release {self.release} lists a file twice")

    @property
    def fingerprint(self) -> str:
        """The same for two releases of the same definitions, whenever they were made."""
        return fingerprint(self.files)

    @property
    def size_bytes(self) -> int:
        """The bytes of all files."""
        return sum(file.size_bytes for file in self.files)

    @classmethod
    def from_json(cls, document: bytes) -> Manifest:
        """Return the manifest; DefinitionsError where anything is missing or not as it must be."""
        fields = _Fields.parse(document, "manifest")
        return cls(
            release=fields.text("release"),
            created_at=fields.time("createdAt"),
            engine=fields.text("engine"),
            origin=fields.text("origin"),
            signatures=fields.count("signatures"),
            files=tuple(
                ManifestFile(
                    name=file.text("name"),
                    sha256=file.text("sha256"),
                    size_bytes=file.count("bytes"),
                    version=file.optional_count("version"),
                )
                for file in fields.objects("files")
            ),
        )

    def to_json(self) -> bytes:
        """Return the manifest as it is stored: the same bytes for the same manifest."""
        return _document(
            {
                "schemaVersion": SCHEMA_VERSION,
                "release": self.release,
                "createdAt": timestamp(self.created_at),
                "engine": self.engine,
                "origin": self.origin,
                "signatures": self.signatures,
                "files": [
                    {
                        "name": file.name,
                        "sha256": file.sha256,
                        "bytes": file.size_bytes,
                        "version": file.version,
                    }
                    for file in self.files
                ],
            }
        )


@dataclass(frozen=True, slots=True)
class CurrentRelease:
    """Which release is in force. `previous` is the one that a rollback goes back to."""

    release: str
    previous: str | None
    manifest_sha256: str
    published_at: datetime
    verified_at: datetime
    held_back: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_release_id(self.release)
        if self.previous is not None:
            _check_release_id(self.previous)
        for digest in (self.manifest_sha256, *self.held_back):
            if not _SHA256.fullmatch(digest):
                raise DefinitionsError(f"{digest!r} in {CURRENT_KEY} is no SHA-256")

    def age_hours(self, now: datetime) -> float:
        """Return how long ago the set was last known to be the vendor's newest."""
        return max(0.0, (now - self.verified_at).total_seconds() / 3600)

    @classmethod
    def from_json(cls, document: bytes) -> CurrentRelease:
        """Return it; DefinitionsError where anything is missing or not as it must be."""
        fields = _Fields.parse(document, CURRENT_KEY)
        return cls(
            release=fields.text("release"),
            previous=fields.optional_text("previous"),
            manifest_sha256=fields.text("manifestSha256"),
            published_at=fields.time("publishedAt"),
            verified_at=fields.time("verifiedAt"),
            held_back=fields.texts("heldBack"),
        )

    def to_json(self) -> bytes:
        """Return it as it is stored."""
        return _document(
            {
                "schemaVersion": SCHEMA_VERSION,
                "release": self.release,
                "previous": self.previous,
                "manifestSha256": self.manifest_sha256,
                "publishedAt": timestamp(self.published_at),
                "verifiedAt": timestamp(self.verified_at),
                "heldBack": list(self.held_back),
            }
        )


def manifest_key(release: str) -> str:
    """Return the S3 key of a release's manifest."""
    return file_key(release, MANIFEST_NAME)


def file_key(release: str, name: str) -> str:
    """Return the S3 key of one file of a release."""
    _check_release_id(release)
    return f"{RELEASES_PREFIX}{release}/{name}"


def is_release_id(text: str) -> bool:
    """Whether the text is an id of a release. Ids sort by time."""
    return _RELEASE_ID.fullmatch(text) is not None


def is_file_name(text: str) -> bool:
    """Whether a file of a release may have this name: one plain path component, not hidden."""
    return _FILE_NAME.fullmatch(text) is not None and text != MANIFEST_NAME


def new_release_id(now: datetime, files: Iterable[ManifestFile]) -> str:
    """Return the id for a release of these files, made now."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{fingerprint(files)[:8]}"


def fingerprint(files: Iterable[ManifestFile]) -> str:
    """Return a SHA-256 that tells two sets of definitions apart.

    A database with a version of its own counts by name and version, since the same one may be
    stored in several forms (.cvd, .cld); any other file by name and content.
    """
    lines = sorted(
        f"{file.name.rpartition('.')[0]} v{file.version}"
        if file.version is not None
        else f"{file.name} {file.sha256}"
        for file in files
        if file.name != RELEASE_CANARY_NAME
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def timestamp(moment: datetime) -> str:
    """Return the time as RFC 3339 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _document(content: dict[str, Any]) -> bytes:
    return json.dumps(content, indent=1).encode() + b"\n"


def _check_release_id(text: str) -> None:
    if not is_release_id(text):
        raise DefinitionsError(f"{text!r} is no id of a release")


@dataclass(frozen=True, slots=True)
class _Fields:
    """Reads the fields of a JSON object; each that is missing or mistyped is named."""

    values: dict[str, Any]
    subject: str

    @classmethod
    def parse(cls, document: bytes, subject: str) -> _Fields:
        if len(document) > MAX_DOCUMENT_BYTES:
            raise DefinitionsError(f"the {subject} is too large ({len(document)} bytes)")
        try:
            values = json.loads(document)
        except ValueError as error:
            raise DefinitionsError(f"the {subject} is not JSON: {error}") from error
        fields = cls._of(values, subject)
        if fields.text("schemaVersion").partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
            raise DefinitionsError(f"the {subject} is of an unknown schema version")
        return fields

    @classmethod
    def _of(cls, values: Any, subject: str) -> _Fields:
        if not isinstance(values, dict):
            raise DefinitionsError(f"the {subject} is not a JSON object")
        return cls(values, subject)

    def text(self, name: str) -> str:
        value = self.optional_text(name)
        if value is None:
            raise self._wrong(name)
        return value

    def optional_text(self, name: str) -> str | None:
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise self._wrong(name)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(self._listed(name, str))

    def count(self, name: str) -> int:
        value = self.optional_count(name)
        if value is None:
            raise self._wrong(name)
        return value

    def optional_count(self, name: str) -> int | None:
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self._wrong(name)
        return value

    def time(self, name: str) -> datetime:
        try:
            moment = datetime.fromisoformat(self.text(name))
        except ValueError as error:
            raise self._wrong(name) from error
        if moment.tzinfo is None:
            raise self._wrong(name)
        return moment

    def objects(self, name: str) -> list[_Fields]:
        return [self._of(value, self.subject) for value in self._listed(name, dict)]

    def _listed(self, name: str, kind: type) -> Sequence[Any]:
        values = self.values.get(name, [])
        if not isinstance(values, list) or not all(isinstance(value, kind) for value in values):
            raise self._wrong(name)
        return values

    def _wrong(self, name: str) -> DefinitionsError:
        return DefinitionsError(f"the {self.subject}'s {name} is missing or not as it must be")
