"""Builds the hermetic ClamAV layer from Debian 12 packages into one folder, without root.

Result (about 95 MB):

    clamav/bin         clamd, freshclam, sigtool, setpriv
    clamav/lib         every shared library they need, and Debian's own loader
    clamav/etc         clamd.conf, freshclam.conf (templates)
    clamav/policy      signatures for what the engine would pass over in silence
    clamav/certs       the CA bundle (Mozilla's list, from Debian's ca-certificates)
    clamav/licences    copyright file of each carried package and the licence texts they refer to
    clamav/VERSIONS.json   what was carried: package, version, source, sha256
    python/            clamav_layer (ours) and pyclamd (pinned by hash)

Debian's binaries are used because they get security updates; their C library is newer than
Lambda's, which is why the loader and all libraries are carried too. apt verifies signatures of
the package lists, and this script verifies each package's sha256 against those lists.

SAM copies the source folder elsewhere before it calls make, so nothing here relies on a path
outside it. Downloads are kept in $TIDEGATE_CACHE_DIR (default: ~/.cache/tidegate).
"""

from __future__ import annotations

import argparse
import fcntl
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from layer_build.contents import (
    CERTIFICATES_PACKAGE,
    DEBIAN_RELEASE,
    LICENCE_TEXTS_PACKAGE,
    copy_certificates,
    copy_licences,
    copy_own_files,
    install_python,
    write_versions,
)
from layer_build.debian import Apt
from layer_build.files import BuildError, report
from layer_build.programs import PROGRAMS, copy_programs

SOURCE = Path(__file__).resolve().parents[1]
ARCHITECTURES = {"x86_64": ("amd64", "x86_64-linux-gnu", "ld-linux-x86-64.so.2")}
# Every file gets this time, so that two builds from the same packages are alike.
FILE_TIME = 1_577_836_800  # 2020-01-01T00:00:00Z
MAX_LAYER_BYTES = 120 * 1024 * 1024


def main() -> int:
    """Builds the layer and returns the exit code."""
    parser = argparse.ArgumentParser(description="Build the hermetic ClamAV layer.")
    parser.add_argument("target", type=Path, help="folder to fill (SAM's $ARTIFACTS_DIR)")
    target = parser.parse_args().target
    try:
        check_host()
        with cache_directory() as cache:
            build(target, cache)
    except BuildError as error:
        report(str(error))
        return 1
    return 0


def check_host(os_release: Path = Path("/etc/os-release"), *, machine: str | None = None) -> None:
    """Refuses a host on which the packages cannot be fetched, and says how to go on."""
    machine = machine or platform.machine()
    if machine not in ARCHITECTURES:
        raise BuildError(f"no build for {machine}: only {', '.join(ARCHITECTURES)} is supported")
    system = {}
    if os_release.exists():
        for line in os_release.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            system[name] = value.strip('"')
    tools = [tool for tool in ("apt-get", "apt-cache", "dpkg-deb") if shutil.which(tool) is None]
    if system.get("ID") != "debian" or system.get("VERSION_ID") != DEBIAN_RELEASE or tools:
        raise BuildError(
            f"this host is {system.get('PRETTY_NAME', 'unknown')}, and the layer is made of the "
            f"packages of Debian {DEBIAN_RELEASE}. Build it in a container, from the repository's "
            "root:\n\n"
            '    docker run --rm -v "$PWD:/src" -w /src/layers/clamav debian:bookworm sh -c \\\n'
            "        'apt-get update -qq && apt-get install -qq -y make python3-pip && \\\n"
            "         make build-ClamavLayer ARTIFACTS_DIR=/src/.aws-sam/build/ClamavLayer'\n"
        )


@contextmanager
def cache_directory() -> Iterator[Path]:
    """Gives the folder that keeps downloads from one build to the next, to one build at a time."""
    chosen = os.environ.get("TIDEGATE_CACHE_DIR")
    base = Path(chosen) if chosen else Path.home() / ".cache" / "tidegate"
    folder = base / "clamav"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def build(target: Path, cache: Path) -> None:
    """Fills the target folder with the whole layer and verifies it."""
    architecture, triplet, loader = ARCHITECTURES[platform.machine()]
    apt = Apt(cache, architecture)
    packages = apt.closure([package for package, _ in PROGRAMS.values()])
    packages += [CERTIFICATES_PACKAGE, LICENCE_TEXTS_PACKAGE]
    with tempfile.TemporaryDirectory(prefix="clamav-layer-") as scratch:
        unpacked = {p: apt.unpack(p, Path(scratch) / "packages" / p) for p in packages}
        root = target / "clamav"
        shutil.rmtree(root, ignore_errors=True)
        carried = copy_programs(root, unpacked, triplet, loader)
        copy_certificates(root, unpacked[CERTIFICATES_PACKAGE])
        copy_own_files(SOURCE, root)
        carried |= {CERTIFICATES_PACKAGE}
        copy_licences(root, carried, apt, Path(scratch))
        write_versions(root, carried, apt)
        install_python(SOURCE, target / "python", Path(scratch))
    verify(target)


def verify(target: Path) -> None:
    """Starts each program through the carried loader, checks the size and evens the file times."""
    root = target / "clamav"
    (loader,) = (root / "lib").glob("ld-linux*")
    for program in PROGRAMS:
        libraries = str(root / "lib")
        command = [str(loader), "--library-path", libraries, f"{root}/bin/{program}", "--help"]
        done = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BuildError(f"{program} does not run: {done.stdout}{done.stderr}")
    files = [path for path in walk(target) if path.is_file()]
    total = sum(path.stat().st_size for path in files)
    if total > MAX_LAYER_BYTES:
        raise BuildError(f"{total} bytes are more than the budget of {MAX_LAYER_BYTES}")
    for path in walk(target):
        os.utime(path, (FILE_TIME, FILE_TIME))
    report(f"{len(files)} files, {total / 1_000_000:.1f} MB in {target}")


def walk(folder: Path) -> Iterator[Path]:
    """Yields everything below the folder, contents before their folder."""
    return iter(sorted(folder.rglob("*"), reverse=True))


if __name__ == "__main__":
    sys.exit(main())
