"""Puts a candidate together from verified files, and describes it by a manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from clamav_layer import canary, layout
from functions.update_definitions import containers
from functions.update_definitions.admission import SIGNED_CONTAINERS, Kind, admit, refuse_twins
from functions.update_definitions.errors import InadmissibleFileError, OlderDefinitionsError
from tidegate.definitions import (
    RELEASE_CANARY_NAME,
    Manifest,
    ManifestFile,
    fingerprint,
    new_release_id,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Files that may become a release. `origin` says whence they came."""

    files: tuple[ManifestFile, ...]
    signatures: int
    folder: Path
    origin: str

    @property
    def fingerprint(self) -> str:
        """Tells this set of definitions from others."""
        return fingerprint(self.files)

    def release_folder(self, now: datetime) -> Path:
        """Give the candidate its id and the canary of that id, and return its folder."""
        release = new_release_id(now, self.files)
        folder = self.folder.rename(self.folder.with_name(release))
        (folder / RELEASE_CANARY_NAME).write_bytes(canary.release_signature(release))
        return folder

    def manifest(self, folder: Path, now: datetime, engine: str) -> Manifest:
        """Return the manifest of the release in the folder that `release_folder` gave."""
        return Manifest(
            release=folder.name,
            created_at=now,
            engine=engine,
            origin=self.origin,
            signatures=self.signatures,
            files=(*self.files, _described(folder / RELEASE_CANARY_NAME, None)),
        )


def assemble(
    paths: Iterable[Path],
    folder: Path,
    origin: str,
    *,
    custom_allowed: bool,
    root: Path = layout.ROOT,
) -> Candidate:
    """Verify the files, move them into the new folder, each in its quickest form.

    Raises InadmissibleFileError or UntrustedDefinitionsError, and says which file.
    """
    folder.mkdir()
    ordered = sorted(paths, key=lambda path: path.name)
    if not ordered:
        raise InadmissibleFileError(f"{origin} holds no definitions")
    refuse_twins(path.name for path in ordered)
    files, signatures = [], 0
    for path in ordered:
        if admit(path.name, custom_allowed=custom_allowed) is Kind.SIGNED_CONTAINER:
            header = containers.verify(path, root)
            moved = containers.unpack(path, folder, root)
            files.append(_described(moved, header.version))
            signatures += header.signatures
        else:
            moved = path.rename(folder / path.name)
            files.append(_described(moved, None))
            signatures += _count_lines(moved)
    return Candidate(tuple(files), signatures, folder, origin)


def identify(paths: Iterable[Path]) -> str:
    """Return the fingerprint that a candidate of these files would have, without verifying it."""
    return fingerprint(
        _described(
            path,
            containers.read_header(path).version if path.suffix in SIGNED_CONTAINERS else None,
        )
        for path in paths
    )


def refuse_older(candidate: Candidate, current: Manifest) -> None:
    """Raise OlderDefinitionsError where a vendor's database in force is newer than the offered.

    Also where it is missing from a set that has others of the vendor's. A set of custom
    signatures alone is an operator's decision.
    """
    offered = versions(candidate.files)
    for name, version in versions(current.files).items():
        if offered and name not in offered:
            raise OlderDefinitionsError(
                f"{name} is in force and missing from {candidate.origin}: publish all of a set"
            )
        if offered and offered[name] < version:
            raise OlderDefinitionsError(
                f"{name} {offered[name]} is older than {version}, which is in force. "
                'To go back, invoke this function with {"action": "rollback"}'
            )


def versions(files: Iterable[ManifestFile]) -> dict[str, int]:
    """Return the versions of the vendor's databases by their names without the ending."""
    return {
        Path(file.name).stem: file.version
        for file in files
        if file.version is not None and Path(file.name).suffix in SIGNED_CONTAINERS
    }


def _described(path: Path, version: int | None) -> ManifestFile:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return ManifestFile(path.name, sha256, path.stat().st_size, version)


def _count_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for line in file if line.strip() and not line.startswith(b"#"))
