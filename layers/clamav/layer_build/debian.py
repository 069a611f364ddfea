"""Debian's packages, fetched by apt without root and verified against its signed lists."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from layer_build.files import BuildError, report, sha256

# Fresh enough for security updates to arrive, old enough for a second build to be quick.
MAX_LISTS_AGE_SECONDS = 6 * 3600
# What a library package is called; all else among the dependencies (debconf, adduser …) serves
# the installation on a whole system and is not carried.
LIBRARY_PACKAGE = re.compile(r"^(lib[a-z0-9]|zlib1g)")


class Apt:
    """apt with lists and downloads of its own: neither root nor the host's state matters."""

    def __init__(self, cache: Path, architecture: str) -> None:
        self.architecture = architecture
        self.downloads = cache / "packages"
        self.downloads.mkdir(exist_ok=True)
        lists = cache / "lists"
        (lists / "partial").mkdir(parents=True, exist_ok=True)
        self.options = [
            f"-oDir::State::lists={lists}",
            f"-oDir::Cache={cache}",
            "-oDir::State::status=/dev/null",
            "-oAPT::Sandbox::User=",
            f"-oAPT::Architecture={architecture}",
            # Container images turn this cache off; without it each call reads all lists again.
            "-oDir::Cache::pkgcache=pkgcache.bin",
            "-oDir::Cache::srcpkgcache=srcpkgcache.bin",
        ]
        self.records: dict[str, dict[str, str]] = {}
        self.stamp = cache / "updated"
        self.update()

    def update(self) -> None:
        """Fetches the package lists unless that was done within the last hours.

        A failure is told and not final: the lists at hand may do, for example without a network.
        """
        if self.stamp.exists() and time.time() - self.stamp.stat().st_mtime < MAX_LISTS_AGE_SECONDS:
            return
        update = self.run("apt-get", "update", "-qq", check=False)
        if update.returncode == 0:
            self.stamp.touch()
        else:
            report(f"apt-get update: {update.stderr.strip()}")

    def run(
        self, program: str, *arguments: str, check: bool = True, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs apt with this object's own state; a failure becomes a BuildError."""
        done = subprocess.run(
            [program, *self.options, *arguments],
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C"},
            text=True,
            capture_output=True,
            check=False,
        )
        if check and done.returncode != 0:
            raise BuildError(f"{program} {' '.join(arguments[:3])} …: {done.stderr.strip()}")
        return done

    def look_up(self, packages: Iterable[str]) -> None:
        """Reads the fields of the packages' newest versions, with one call for all of them."""
        missing = sorted(set(packages) - self.records.keys())
        if not missing:
            return
        output = self.run("apt-cache", "show", "--no-all-versions", *missing).stdout
        for stanza in output.split("\n\n"):
            lines = (line.partition(": ") for line in stanza.splitlines() if line[:1].isalpha())
            fields = {name: value for name, _, value in lines}
            if fields:
                self.records[fields["Package"]] = fields

    def record(self, package: str) -> dict[str, str]:
        """Returns the fields of the package's newest version."""
        self.look_up([package])
        return self.records[package]

    def closure(self, wanted: Iterable[str]) -> list[str]:
        """Returns the wanted packages and all library packages that they depend on, sorted."""
        found: set[str] = set()
        level = set(wanted)
        while level:
            self.look_up(level)
            found |= level
            clauses = (
                clause.strip()
                for package in level
                for field in ("Depends", "Pre-Depends")
                for clause in self.records[package].get(field, "").split(",")
            )
            # The first alternative of a clause is Debian's own preference.
            names = {re.split(r"[ |:(]", clause, maxsplit=1)[0] for clause in clauses}
            level = {name for name in names if LIBRARY_PACKAGE.match(name)} - found
        return sorted(found)

    def unpack(self, package: str, folder: Path) -> Path:
        """Downloads the package if need be, verifies its sha256 and unpacks it."""
        record = self.record(package)
        archive = self.downloads / f"{record['SHA256']}.deb"
        if not archive.exists() or sha256(archive) != record["SHA256"]:
            with tempfile.TemporaryDirectory(dir=self.downloads) as incoming:
                wanted = f"{package}={record['Version']}"
                # A version that is gone from the mirror means that the lists are out of date.
                self.stamp.unlink(missing_ok=True)
                self.run("apt-get", "download", "-q", wanted, cwd=Path(incoming))
                self.stamp.touch()
                (downloaded,) = Path(incoming).glob("*.deb")
                if sha256(downloaded) != record["SHA256"]:
                    raise BuildError(f"{wanted}: the download is not what the signed list names")
                downloaded.replace(archive)
        folder.mkdir(parents=True)
        extract = ["dpkg-deb", "-x", str(archive), str(folder)]
        subprocess.run(extract, check=True)
        return folder
