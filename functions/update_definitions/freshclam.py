"""Runs freshclam, the vendor's downloader, and tells what came of it.

Observed with freshclam 1.4.6 against a mirror of our own:

- 403 and 429 make it write the end of a cool-down into freshclam.dat: 24 h after a 403; after a
  429, Retry-After where given, else 4 h. Its exit code is then 17, 11 or 0; in a later run, still
  in the cool-down, it asks nobody and exits with 0. So freshclam.dat is what is believed.
- 5: no connection, or a download that broke off. 11: no answer of use (404, 5xx). 7: a database
  that is not signed or was altered. 8: a database that does not load.
- A difference (.cdiff) that is wrong makes it fetch the whole database. But where only the latest
  difference is missing, it leaves the database as it is and exits with 0. So what counts as new is
  what it names as up-to-date or updated, and nothing else.
- DatabaseMirror takes a host or a URL, and fetches differences. Without DNS (--no-dns) it asks
  the mirror by If-Modified-Since. The vendor's DNS record is of use for the vendor's hosts alone:
  a mirror that lags behind it would count as broken.
"""

from __future__ import annotations

import os
import re
import signal
import struct
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from clamav_layer import layout
from functions.update_definitions.errors import (
    DownloadError,
    UnprovenDefinitionsError,
    UntrustedDefinitionsError,
)
from tidegate.errors import MisconfiguredError, TidegateError

DATABASES = ("main", "daily", "bytecode")
STATE_NAME = "freshclam.dat"
MAX_STATE_BYTES = 4096

_VENDOR_DOMAIN = ".clamav.net"
_CONTAINERS = frozenset({".cvd", ".cld"})
_MAX_WORDS = 1000
_NEW = re.compile(r"^(\w+)\.c[lv]d (?:updated|database is up-to-date) \(version: ", re.MULTILINE)
# Magic, then version and UUID (37 bytes), then time_t behind its padding.
_STATE = struct.Struct("<13s4x37s7xq")
_STATE_MAGIC = b"FreshClamData"
_ERRORS: dict[int, tuple[type[TidegateError], str]] = {
    5: (DownloadError, "no connection to the mirror, or it broke off"),
    6: (DownloadError, "an empty answer"),
    7: (UntrustedDefinitionsError, "a database is not signed by the vendor, or was altered"),
    8: (UnprovenDefinitionsError, "a database does not load"),
    11: (DownloadError, "the mirror does not answer as it should, or lacks a database"),
    12: (DownloadError, "the mirror has older databases than announced"),
    14: (DownloadError, "a difference could not be applied"),
}


@dataclass(frozen=True, slots=True)
class Freshclam:
    """The layer's freshclam, set to one mirror (a host or a URL)."""

    mirror: str
    root: Path = layout.ROOT

    def run(self, folder: Path, timeout_seconds: float) -> frozenset[str]:
        """Bring the databases in the folder up to date, by differences where it can.

        Returns the names of those that are still behind the mirror. The folder holds the last
        ones, and freshclam.dat, which is written anew. Raises DownloadError,
        UntrustedDefinitionsError, UnprovenDefinitionsError or MisconfiguredError with
        freshclam's own words; look for a cool-down first, whatever it did.
        """
        deadline = time.monotonic() + timeout_seconds
        behind = self._run_once(folder, timeout_seconds)
        if not behind or self._is_vendors() or is_cooling_down(folder):
            return behind
        # A private mirror may have no differences at all. The vendor's has them in a while, and
        # limits whole downloads.
        for path in folder.iterdir():
            if path.stem in behind and path.suffix in _CONTAINERS:
                path.unlink()
        return self._run_once(folder, deadline - time.monotonic())

    def _run_once(self, folder: Path, timeout_seconds: float) -> frozenset[str]:
        log = folder.with_suffix(".log")
        with log.open("wb") as output:
            code = self._run(self._command(folder), output.fileno(), timeout_seconds)
        text = log.read_text("utf-8", "replace")
        if code is None:
            raise DownloadError(
                f"freshclam did not end within {timeout_seconds:.0f} s: {_words(text)}"
            )
        if code != 0:
            kind, meaning = _ERRORS.get(code, (MisconfiguredError, "it cannot work here"))
            raise kind(f"freshclam ended with {code}, {meaning}: {_words(text)}")
        return frozenset(DATABASES) - set(_NEW.findall(text))

    def _command(self, folder: Path) -> list[str]:
        configuration = folder.with_suffix(".conf")
        fixed = (self.root / "clamav" / "etc" / "freshclam.conf").read_text("utf-8")
        lines = [
            fixed,
            f"DatabaseDirectory {folder}",
            f"DatabaseMirror {self.mirror}",
            # Of use where it runs as root, and then it must not look for a user of its own.
            "DatabaseOwner root",
        ]
        configuration.write_text("\n".join(lines) + "\n", "utf-8")
        arguments = [f"--config-file={configuration}", "--stdout"]
        if not self._is_vendors():
            arguments.append("--no-dns")
        return layout.command("freshclam", *arguments, root=self.root)

    def _is_vendors(self) -> bool:
        url = self.mirror if "//" in self.mirror else f"//{self.mirror}"
        return (urlsplit(url).hostname or "").endswith(_VENDOR_DOMAIN)

    def _run(self, command: list[str], output: int, timeout_seconds: float) -> int | None:
        """Return its exit code; None if it had to be ended, with all that it started."""
        process = subprocess.Popen(
            command,
            env=layout.environment(self.root),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def is_cooling_down(folder: Path) -> bool:
    """Whether the freshclam.dat in the folder says that a cool-down is on."""
    state = folder / STATE_NAME
    until = cooldown_end(state.read_bytes()) if state.exists() else None
    return until is not None and until > datetime.now(UTC)


def cooldown_end(state: bytes) -> datetime | None:
    """Return when freshclam may ask the mirror again, from its freshclam.dat; None: at once."""
    if len(state) < _STATE.size:
        return None
    magic, _, seconds = _STATE.unpack_from(state)
    if magic != _STATE_MAGIC or seconds <= 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return datetime.max.replace(tzinfo=UTC)


def _words(log: str) -> str:
    """Return what freshclam warned of, on one line."""
    lines = [line.strip() for line in log.splitlines()]
    telling = [line for line in lines if line.startswith(("ERROR:", "WARNING:"))]
    return " | ".join(telling or lines[-3:])[-_MAX_WORDS:]
