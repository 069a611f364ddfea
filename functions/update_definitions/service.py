"""Updates, publishes and rolls back releases: what a request means, step by step.

Whatever fails on the way, or is cut short, leaves the current release in force: files are written
under a new id, and the one write that changes anything for a reader is the flip of current.json
at the end, on condition that nobody else changed it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from clamav_layer import layout
from functions.update_definitions.admission import admit
from functions.update_definitions.bucket import Bucket, StoredFile
from functions.update_definitions.candidate import Candidate, assemble, identify, refuse_older
from functions.update_definitions.errors import (
    CoolingDownError,
    InadmissibleFileError,
    NoEarlierReleaseError,
)
from functions.update_definitions.proof import Proven
from functions.update_definitions.releases import Current, Releases
from functions.update_definitions.request import Action, Request, Source
from functions.update_definitions.result import Outcome, Result
from functions.update_definitions.vendor import VendorDatabases
from functions.update_definitions.workspace import require_space, workspace
from tidegate.definitions import CurrentRelease, DefinitionsError, Manifest

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

MAX_SOURCE_BYTES = 2 << 30
# Beside a release there must be room for its successor, and for one unpacked database.
SPACE_FACTOR = 3
MAX_HELD_BACK = 20


class Prover(Protocol):
    """Proves a release's folder by an engine."""

    def prove(self, release: Path, work: Path, timeout_seconds: float) -> Proven:
        """Return, or raise UnprovenDefinitionsError."""


@dataclass(frozen=True, slots=True)
class UpdateService:
    """Carries requests out, one at a time. `open_bucket` gives the bucket of a source."""

    releases: Releases
    open_bucket: Callable[[str], Bucket]
    vendor: VendorDatabases
    prover: Prover
    custom_allowed: bool
    keep_releases: int
    work_directory: Path
    clock: Callable[[], datetime]
    log: Logger
    root: Path = layout.ROOT

    def perform(self, request: Request, seconds_left: Callable[[], float]) -> Result:
        """Carry the request out within the time, and return what is in force then."""
        current = self.releases.current()
        if current.fault:
            self.log.error("current.json is unreadable", extra={"error_text": current.fault})
        match request:
            case Request(Action.ROLLBACK):
                return self._roll_back(current, seconds_left)
            case Request(Action.PUBLISH, source) if source is not None:
                return self._publish_source(current, source, seconds_left)
            case _:
                return self._update(current, seconds_left)

    def age_hours(self) -> float | None:
        """Return how old the definitions in force are; None where there are none."""
        release = self.releases.current().release
        return release.age_hours(self.clock()) if release else None

    def _update(self, current: Current, seconds_left: Callable[[], float]) -> Result:
        try:
            self.vendor.refuse_in_cooldown()
            with workspace(self.work_directory) as work:
                return self._update_in(work, current, seconds_left)
        except CoolingDownError as error:
            return self._result(Action.UPDATE, Outcome.COOLING_DOWN, current, until=error.until)

    def _update_in(self, work: Path, current: Current, seconds_left: Callable[[], float]) -> Result:
        last, files = self._take_last(current, work)
        fetched = self.vendor.fetch(files, work / "vendor", seconds_left)
        paths = [*fetched.paths, *self._custom(work)]
        mark, old = identify(paths), current.release
        if last and mark == last.fingerprint:
            if fetched.behind:
                return self._result(Action.UPDATE, Outcome.BEHIND, current, last)
            return self._confirm(Action.UPDATE, current, last)
        if old and mark in old.held_back:
            return self._result(Action.UPDATE, Outcome.HELD_BACK, current)
        candidate = self._assemble(paths, work, self.vendor.downloader.mirror)
        result = self._publish(Action.UPDATE, candidate, current, last, seconds_left)
        if fetched.behind:
            self.log.warning("not the newest", extra={"databases": sorted(fetched.behind)})
        return result

    def _publish_source(
        self, current: Current, source: Source, seconds_left: Callable[[], float]
    ) -> Result:
        bucket = self.open_bucket(source.bucket)
        offered = bucket.files(source.prefix)
        for file in offered:
            admit(file.name, custom_allowed=self.custom_allowed)
        size_bytes = sum(file.size_bytes for file in offered)
        if size_bytes > MAX_SOURCE_BYTES:
            raise InadmissibleFileError(f"{source} holds more than {MAX_SOURCE_BYTES} bytes")
        with workspace(self.work_directory) as work:
            require_space(work, SPACE_FACTOR * size_bytes)
            last, _ = self._take_last(current, work)
            folder = work / "source"
            folder.mkdir()
            for file in offered:
                bucket.download(file.key, folder / file.name, file.size_bytes)
            paths = [*folder.iterdir(), *self._custom(work)]
            candidate = self._assemble(paths, work, str(source))
            if last and candidate.fingerprint == last.fingerprint:
                return self._confirm(Action.PUBLISH, current, last)
            return self._publish(Action.PUBLISH, candidate, current, last, seconds_left)

    def _roll_back(self, current: Current, seconds_left: Callable[[], float]) -> Result:
        if current.release is None:
            raise NoEarlierReleaseError(current.fault or "no release was ever published")
        if current.release.previous is None:
            raise NoEarlierReleaseError(f"there is none before {current.release.release}")
        manifest, sha256 = self.releases.manifest(current.release.previous)
        with workspace(self.work_directory) as work:
            require_space(work, manifest.size_bytes)
            folder = work / manifest.release
            folder.mkdir()
            self.releases.fetch(manifest, folder)
            proven = self.prover.prove(folder, work / "engine", seconds_left())
        held_back = (*current.release.held_back, *self._fingerprint(current.release.release))
        new = CurrentRelease(
            release=manifest.release,
            previous=self._before(manifest.release, held_back),
            manifest_sha256=sha256,
            published_at=self.clock(),
            # Until the release that is taken back came, this one was the vendor's newest.
            verified_at=min(current.release.published_at, self.clock()),
            held_back=held_back[-MAX_HELD_BACK:],
        )
        self.releases.flip(new, current)
        return self._result(
            Action.ROLLBACK, Outcome.ROLLED_BACK, Current(new, None), manifest, proven
        )

    def _take_last(self, current: Current, work: Path) -> tuple[Manifest | None, list[Path]]:
        """Bring the current release here. None if there is none, or it is no longer whole.

        Then everything is taken anew, and what is published mends it.
        """
        if current.release is None:
            return None, []
        folder = work / "last"
        folder.mkdir()
        try:
            manifest, sha256 = self.releases.manifest(current.release.release)
            if sha256 != current.release.manifest_sha256:
                raise DefinitionsError(f"the manifest of {manifest.release} was changed")
            require_space(work, SPACE_FACTOR * manifest.size_bytes)
            self.releases.fetch(manifest, folder)
        except DefinitionsError as error:
            self.log.exception("the current release is damaged", extra={"error_text": str(error)})
            return None, []
        return manifest, list(folder.iterdir())

    def _custom(self, work: Path) -> list[Path]:
        """Return the operator's own signatures; none, with a warning, where not allowed."""
        files = self.releases.custom_files()
        if files and not self.custom_allowed:
            self.log.warning(
                "custom/ is ignored: AllowCustomSignatures is false", extra={"files": len(files)}
            )
            return []
        folder = work / "custom"
        folder.mkdir()
        return [self._custom_file(file, folder) for file in files]

    def _custom_file(self, file: StoredFile, folder: Path) -> Path:
        admit(file.name, custom_allowed=True)
        self.releases.fetch_custom(file, folder / file.name)
        return folder / file.name

    def _assemble(self, paths: list[Path], work: Path, origin: str) -> Candidate:
        folder = work / "candidate"
        return assemble(paths, folder, origin, custom_allowed=self.custom_allowed, root=self.root)

    def _publish(
        self,
        action: Action,
        candidate: Candidate,
        current: Current,
        last: Manifest | None,
        seconds_left: Callable[[], float],
    ) -> Result:
        if last:
            refuse_older(candidate, last)
        now = self._moment_after(current)
        folder = candidate.release_folder(now)
        proven = self.prover.prove(folder, folder.with_name("engine"), seconds_left())
        manifest = candidate.manifest(folder, now, proven.engine_version)
        old = current.release
        new = CurrentRelease(
            release=manifest.release,
            # A damaged release is nothing to go back to.
            previous=(old.release if last else old.previous) if old else None,
            manifest_sha256=self.releases.upload(manifest, folder),
            published_at=now,
            verified_at=self.clock(),
            held_back=tuple(
                mark for mark in (old.held_back if old else ()) if mark != manifest.fingerprint
            ),
        )
        self.releases.flip(new, current)
        self._prune(new)
        return self._result(action, Outcome.PUBLISHED, Current(new, None), manifest, proven)

    def _confirm(self, action: Action, current: Current, manifest: Manifest) -> Result:
        """Note that what is in force is what was offered."""
        if current.release is None:
            raise DefinitionsError("there is no current release to confirm")
        new = replace(current.release, verified_at=self.clock())
        self.releases.flip(new, current)
        self._prune(new)
        return self._result(action, Outcome.UP_TO_DATE, Current(new, None), manifest)

    def _moment_after(self, current: Current) -> datetime:
        """Return now, or just after the current release's id where that is later.

        Ids sort by time, and a release comes after those that it follows, whatever the clocks.
        """
        if current.release is None:
            return self.clock()
        stamp, _, _ = current.release.release.partition("-")
        last = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return max(self.clock(), last + timedelta(seconds=1))

    def _fingerprint(self, release: str) -> tuple[str, ...]:
        try:
            return (self.releases.manifest(release)[0].fingerprint,)
        except DefinitionsError as error:
            self.log.exception("not held back", extra={"error_text": str(error)})
            return ()

    def _before(self, release: str, held_back: tuple[str, ...]) -> str | None:
        """Return the newest whole release before the given one that may be gone back to."""
        for earlier in self.releases.ids():
            if earlier < release:
                fingerprint = self._fingerprint(earlier)
                if fingerprint and fingerprint[0] not in held_back:
                    return earlier
        return None

    def _prune(self, current: CurrentRelease) -> None:
        ids = self.releases.ids()
        kept = {*ids[: self.keep_releases], current.release, current.previous}
        for release in ids:
            if release not in kept:
                self.releases.delete(release)

    def _result(
        self,
        action: Action,
        outcome: Outcome,
        current: Current,
        manifest: Manifest | None = None,
        proven: Proven | None = None,
        until: datetime | None = None,
    ) -> Result:
        release = current.release
        return Result(
            action=action,
            outcome=outcome,
            release=release.release if release else None,
            previous=release.previous if release else None,
            signatures=manifest.signatures if manifest else None,
            verified_at=release.verified_at if release else None,
            cooling_down_until=until,
            engine_resident_bytes=proven.resident_bytes if proven else None,
        )
