"""Fetches clamscan from Debian: the layer carries clamd alone, and (b) compares with clamscan."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from benchmarks.artifacts import Artifacts
from benchmarks.errors import BenchmarkError

_PATH_IN_PACKAGE = Path("usr/bin/clamscan")


def fetch(artifacts: Artifacts, cache: Path) -> list[str]:
    """Return the command that runs clamscan with the layer's loader and libraries.

    The program comes from the very package from which the layer's own programs come, proven by
    its digest, and is kept in the cache.
    """
    package = artifacts.engine_package
    program = cache / f"clamscan-{package['sha256'][:16]}"
    if not program.exists():
        _download(package, cache, program)
    loader, *arguments = artifacts.command("clamscan")
    return [loader, *arguments[:-1], str(program)]


def _download(package: dict[str, str], cache: Path, program: Path) -> None:
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise BenchmarkError(
                f"clamscan comes from a Debian package, and {tool} is missing here"
            )
    lists = cache / "apt"
    (lists / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    # Lists of our own: neither root nor the state of the host's matters.
    options = [
        f"-oDir::State::lists={lists / 'lists'}",
        f"-oDir::Cache={lists}",
        "-oDir::State::status=/dev/null",
        "-oAPT::Sandbox::User=",
    ]
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        _run(["apt-get", *options, "update", "-qq"], folder)
        _run(["apt-get", *options, "download", "-qq", f"clamav={package['version']}"], folder)
        (archive,) = Path(folder).glob("clamav_*.deb")
        if hashlib.sha256(archive.read_bytes()).hexdigest() != package["sha256"]:
            raise BenchmarkError(f"{archive.name} is not the package from which the layer is made")
        _run(["dpkg-deb", "-x", str(archive), f"{folder}/unpacked"], folder)
        (Path(folder) / "unpacked" / _PATH_IN_PACKAGE).replace(program)


def _run(command: list[str], folder: str) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "LC_ALL": "C"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BenchmarkError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}")
