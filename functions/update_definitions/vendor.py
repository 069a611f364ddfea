"""The vendor's databases: brought up to date from the last ones, cool-downs honoured and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from functions.update_definitions.admission import SIGNED_CONTAINERS
from functions.update_definitions.errors import CoolingDownError, DownloadError
from functions.update_definitions.freshclam import (
    DATABASES,
    MAX_STATE_BYTES,
    STATE_NAME,
    cooldown_end,
)
from functions.update_definitions.releases import Releases
from tidegate.errors import TidegateError


class Downloader(Protocol):
    """Brings the databases in a folder up to date (freshclam)."""

    @property
    def mirror(self) -> str:
        """Where they come from."""

    def run(self, folder: Path, timeout_seconds: float) -> frozenset[str]:
        """Update the folder, and its freshclam.dat; return what is still behind the mirror."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The databases' files, and the names of those that the mirror has newer but not to give."""

    paths: tuple[Path, ...]
    behind: frozenset[str]


@dataclass(frozen=True, slots=True)
class VendorDatabases:
    """Fetches them. freshclam.dat is kept in the bucket: it holds the cool-down, and the
    identity by which the vendor knows this client, whichever environment it runs in.
    """

    releases: Releases
    downloader: Downloader
    clock: Callable[[], datetime]

    def refuse_in_cooldown(self) -> None:
        """Raise CoolingDownError if the vendor must not be asked yet."""
        self._refuse_by(self._state())

    def fetch(
        self, last: Iterable[Path], folder: Path, seconds_left: Callable[[], float]
    ) -> Fetched:
        """Move the last release's databases into the new folder and bring them up to date.

        Raises CoolingDownError where a cool-down began meanwhile, else what the downloader does.
        """
        folder.mkdir()
        for path in last:
            if path.stem in DATABASES and path.suffix in SIGNED_CONTAINERS:
                path.rename(folder / path.name)
        before, kept = self._state(), folder / STATE_NAME
        if before:
            kept.write_bytes(before)
        behind, failure = frozenset[str](), None
        try:
            behind = self.downloader.run(folder, seconds_left())
        except TidegateError as error:
            failure = error
        state = kept.read_bytes() if kept.exists() else b""
        if state and state != before:
            self.releases.keep_state(STATE_NAME, state)
        # Neither exit code nor words tell a cool-down from other failures, or from success.
        self._refuse_by(state)
        if failure:
            raise failure
        paths = tuple(path for path in folder.iterdir() if path.suffix in SIGNED_CONTAINERS)
        if missing := set(DATABASES) - {path.stem for path in paths}:
            raise DownloadError(f"freshclam brought no {', '.join(sorted(missing))}")
        return Fetched(paths, behind)

    def _state(self) -> bytes:
        return self.releases.state(STATE_NAME, MAX_STATE_BYTES)

    def _refuse_by(self, state: bytes) -> None:
        until = cooldown_end(state)
        if until and until > self.clock():
            raise CoolingDownError(until)
