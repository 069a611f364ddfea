"""The definitions bucket, as its one writer sees it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from functions.update_definitions.bucket import Bucket, StoredFile
from functions.update_definitions.errors import ConflictingUpdateError
from tidegate.definitions import (
    CURRENT_KEY,
    CUSTOM_PREFIX,
    MAX_DOCUMENT_BYTES,
    RELEASES_PREFIX,
    STATE_PREFIX,
    CurrentRelease,
    DefinitionsError,
    Manifest,
    file_key,
    is_release_id,
    manifest_key,
)
from tidegate.errors import ObjectMissingError, ObjectReplacedError


@dataclass(frozen=True, slots=True)
class Current:
    """What current.json said when it was read.

    `release` is None where there is none yet or where it cannot be read; `fault` says why then.
    A flip replaces exactly what was read, by its ETag.
    """

    release: CurrentRelease | None
    etag: str | None
    fault: str | None = None


class Releases:
    """The releases, which of them is current, and what the updater keeps between its runs.

    Two runs at once do no harm: files are written only where none are, and of two flips that
    start from the same current.json, S3 refuses the second.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def current(self) -> Current:
        """Return what is in force."""
        found = self._bucket.read(CURRENT_KEY, MAX_DOCUMENT_BYTES)
        if found is None:
            return Current(None, None)
        document, etag = found
        try:
            return Current(CurrentRelease.from_json(document), etag)
        except DefinitionsError as error:
            return Current(None, etag, str(error))

    def flip(self, new: CurrentRelease, replaced: Current) -> None:
        """Put the new release in force; ConflictingUpdateError if another run was quicker."""
        try:
            self._bucket.replace(CURRENT_KEY, new.to_json(), replaced.etag)
        except (ObjectReplacedError, ObjectMissingError) as error:
            raise ConflictingUpdateError(
                f"another run changed {CURRENT_KEY} meanwhile; this one starts again"
            ) from error

    def manifest(self, release: str) -> tuple[Manifest, str]:
        """Return the release's manifest and its SHA-256; DefinitionsError if it is not whole."""
        found = self._bucket.read(manifest_key(release), MAX_DOCUMENT_BYTES)
        if found is None:
            raise DefinitionsError(f"release {release} has no manifest")
        document, _ = found
        manifest = Manifest.from_json(document)
        if manifest.release != release:
            raise DefinitionsError(f"the manifest of {release} is that of {manifest.release}")
        return manifest, hashlib.sha256(document).hexdigest()

    def fetch(self, manifest: Manifest, folder: Path) -> None:
        """Bring the release's files here; DefinitionsError where one is not what it was."""
        for file in manifest.files:
            key = file_key(manifest.release, file.name)
            sha256 = self._bucket.download(key, folder / file.name, file.size_bytes)
            if sha256 != file.sha256:
                raise DefinitionsError(f"{file.name} of release {manifest.release} was changed")

    def upload(self, manifest: Manifest, folder: Path) -> str:
        """Write the release, its manifest last, and return the manifest's SHA-256."""
        for file in manifest.files:
            key = file_key(manifest.release, file.name)
            self._bucket.create(key, folder / file.name, file.sha256)
        document = manifest.to_json()
        sha256 = hashlib.sha256(document).hexdigest()
        self._bucket.create(manifest_key(manifest.release), document, sha256)
        return sha256

    def ids(self) -> list[str]:
        """Return the ids of all releases, complete or not, the newest first."""
        return sorted(filter(is_release_id, self._bucket.folders(RELEASES_PREFIX)), reverse=True)

    def delete(self, release: str) -> None:
        """Delete a release, its manifest first, so that no part of it passes for a whole."""
        files = self._bucket.files(f"{RELEASES_PREFIX}{release}/")
        first = manifest_key(release)
        self._bucket.delete(sorted((file.key for file in files), key=lambda key: key != first))

    def custom_files(self) -> list[StoredFile]:
        """Return the operator's own signatures."""
        return self._bucket.files(CUSTOM_PREFIX)

    def fetch_custom(self, file: StoredFile, target: Path) -> None:
        """Bring one of the operator's files here."""
        self._bucket.download(file.key, target, file.size_bytes)

    def state(self, name: str, max_bytes: int) -> bytes:
        """Return what was kept under the name; empty where nothing was."""
        found = self._bucket.read(f"{STATE_PREFIX}{name}", max_bytes)
        return found[0] if found else b""

    def keep_state(self, name: str, content: bytes) -> None:
        """Keep something small for the next run."""
        self._bucket.overwrite(f"{STATE_PREFIX}{name}", content)
