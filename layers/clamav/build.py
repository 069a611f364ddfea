# ruff: noqa: INP001  # run by make, not imported
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
import hashlib
import json
import os
import platform
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parent
DEBIAN_RELEASE = "12"
ARCHITECTURES = {"x86_64": ("amd64", "x86_64-linux-gnu", "ld-linux-x86-64.so.2")}
PROGRAMS = {
    "clamd": ("clamav-daemon", "usr/sbin/clamd"),
    "freshclam": ("clamav-freshclam", "usr/bin/freshclam"),
    "sigtool": ("clamav", "usr/bin/sigtool"),
    # Ties the life of clamd to that of the process that started it.
    "setpriv": ("util-linux", "usr/bin/setpriv"),
}
CERTIFICATES_PACKAGE = "ca-certificates"
LICENCE_TEXTS_PACKAGE = "base-files"
# What a library package is called; all else among the dependencies (debconf, adduser …) serves
# the installation on a whole system and is not carried.
LIBRARY_PACKAGE = re.compile(r"^(lib[a-z0-9]|zlib1g)")
# Every file gets this time, so that two builds from the same packages are alike.
FILE_TIME = 1_577_836_800  # 2020-01-01T00:00:00Z
MAX_LAYER_BYTES = 120 * 1024 * 1024
MIN_CERTIFICATES = 50
# ELF: kinds of segments, tags of the dynamic section.
SEGMENT_LOADED, SEGMENT_DYNAMIC = 1, 2
TAG_NEEDED, TAG_STRINGS = 1, 5


class BuildError(Exception):
    """The layer cannot be built here; the message says why and what to do."""


def main() -> int:
    """Builds the layer and returns the exit code."""
    parser = argparse.ArgumentParser(description="Build the hermetic ClamAV layer.")
    parser.add_argument("target", type=Path, help="folder to fill (SAM's $ARTIFACTS_DIR)")
    target = parser.parse_args().target
    try:
        check_host()
        build(target, cache_directory())
    except BuildError as error:
        report(str(error))
        return 1
    return 0


def report(message: str) -> None:
    """Tells the person who builds; SAM shows what is on the error output."""
    sys.stderr.write(f"clamav layer: {message}\n")


def check_host() -> None:
    """Refuses a host on which the packages cannot be fetched, and says how to go on."""
    machine = platform.machine()
    if machine not in ARCHITECTURES:
        raise BuildError(f"no build for {machine}: only {', '.join(ARCHITECTURES)} is supported")
    system = {}
    if Path("/etc/os-release").exists():
        for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines():
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


def cache_directory() -> Path:
    """Returns the folder that keeps downloads from one build to the next."""
    chosen = os.environ.get("TIDEGATE_CACHE_DIR")
    base = Path(chosen) if chosen else Path.home() / ".cache" / "tidegate"
    folder = base / "clamav"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


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
        copy_own_files(root)
        carried |= {CERTIFICATES_PACKAGE}
        copy_licences(root, carried, apt, Path(scratch))
        write_versions(root, carried, apt)
        install_python(target / "python", Path(scratch))
    verify(target)


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
        update = self.run("apt-get", "update", "-qq", check=False)
        if update.returncode != 0:
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
                self.run("apt-get", "download", "-q", wanted, cwd=Path(incoming))
                (downloaded,) = Path(incoming).glob("*.deb")
                if sha256(downloaded) != record["SHA256"]:
                    raise BuildError(f"{wanted}: the download is not what the signed list names")
                downloaded.replace(archive)
        folder.mkdir(parents=True)
        extract = ["dpkg-deb", "-x", str(archive), str(folder)]
        subprocess.run(extract, check=True)
        return folder


def copy_programs(root: Path, unpacked: dict[str, Path], triplet: str, loader: str) -> set[str]:
    """Copies the programs, the libraries that they need and the loader; returns the packages used.

    Libraries are stored under the names that programs ask for, as plain files: links may not
    survive the way of a layer.
    """
    available: dict[str, tuple[str, Path]] = {}
    for package, folder in unpacked.items():
        for place in (f"lib/{triplet}", f"usr/lib/{triplet}", "lib64"):
            for library in sorted((folder / place).glob("*.so*")):
                available.setdefault(library.name, (package, within(library, folder)))
    carried: set[str] = set()
    needed = [loader]
    (root / "bin").mkdir(parents=True)
    (root / "lib").mkdir()
    for program, (package, path) in PROGRAMS.items():
        source = unpacked[package] / path
        install(source, root / "bin" / program, 0o755)
        carried.add(package)
        needed += needed_libraries(source)
    done: set[str] = set()
    while needed:
        name = needed.pop()
        if name in done:
            continue
        done.add(name)
        if name not in available:
            raise BuildError(f"no package among the dependencies carries {name}")
        package, library = available[name]
        install(library, root / "lib" / name, 0o755)
        carried.add(package)
        needed += needed_libraries(library)
    return carried


def within(path: Path, folder: Path) -> Path:
    """Returns what the path stands for, with absolute links read inside the unpacked package."""
    while path.is_symlink():
        link = path.readlink()
        path = folder / link.relative_to("/") if link.is_absolute() else path.parent / link
    return path


def needed_libraries(program: Path) -> list[str]:
    """Returns the names of the shared libraries that a 64-bit ELF file asks for (DT_NEEDED)."""
    data = program.read_bytes()
    if data[:6] != b"\x7fELF\x02\x01":
        raise BuildError(f"{program.name} is no 64-bit little-endian ELF file")
    (header_offset,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    segments = [
        struct.unpack_from("<IIQQQQ", data, header_offset + index * size) for index in range(count)
    ]
    dynamic = next((segment for segment in segments if segment[0] == SEGMENT_DYNAMIC), None)
    if dynamic is None:
        return []
    entries = list(struct.iter_unpack("<qQ", data[dynamic[2] : dynamic[2] + dynamic[5]]))
    strings = next(value for tag, value in entries if tag == TAG_STRINGS)
    # The table's address in memory → its place in the file.
    start = next(
        strings - address + offset
        for kind, _, offset, address, _, length in segments
        if kind == SEGMENT_LOADED and address <= strings < address + length
    )
    names = [start + value for tag, value in entries if tag == TAG_NEEDED]
    return [data[name : data.index(b"\0", name)].decode("ascii") for name in names]


def copy_certificates(root: Path, package: Path) -> None:
    """Writes one bundle of all certificates; Debian's own bundle is made only at installation."""
    certificates = sorted((package / "usr/share/ca-certificates/mozilla").glob("*.crt"))
    if len(certificates) < MIN_CERTIFICATES:
        raise BuildError(f"only {len(certificates)} CA certificates found in {package.name}")
    (root / "certs").mkdir()
    bundle = "".join(c.read_text(encoding="ascii").strip() + "\n" for c in certificates)
    (root / "certs" / "ca-bundle.crt").write_text(bundle, encoding="ascii")


def copy_own_files(root: Path) -> None:
    """Copies the configuration templates and the policy signatures."""
    (root / "etc").mkdir()
    for name in ("clamd.conf", "freshclam.conf"):
        install(SOURCE / name, root / "etc" / name, 0o644)
    (root / "policy").mkdir()
    for signatures in sorted((SOURCE / "policy").iterdir()):
        if signatures.is_file() and signatures.suffix != ".md":
            install(signatures, root / "policy" / signatures.name, 0o644)


def copy_licences(root: Path, carried: set[str], apt: Apt, scratch: Path) -> None:
    """Copies the copyright file of each carried package and the texts that these refer to."""
    for package in sorted(carried):
        folder = scratch / "packages" / package / "usr/share/doc" / package
        if folder.is_symlink():
            # For example libgcc-s1, whose documents are those of gcc-12-base.
            other = folder.readlink().name
            place = scratch / "documents" / other
            unpacked = place if place.exists() else apt.unpack(other, place)
            folder = unpacked / "usr/share/doc" / other
        copyright_file = folder / "copyright"
        if not copyright_file.is_file():
            raise BuildError(f"{package} has no copyright file")
        install(copyright_file, root / "licences" / package / "copyright", 0o644)
    texts = scratch / "packages" / LICENCE_TEXTS_PACKAGE / "usr/share/common-licenses"
    for text in sorted(texts.iterdir()):
        if text.is_file():
            install(within(text, texts), root / "licences" / "common-licenses" / text.name, 0o644)


def write_versions(root: Path, carried: set[str], apt: Apt) -> None:
    """Records what was carried, so that a scan result can be traced to the code that made it."""
    packages = {}
    for package in sorted(carried):
        record = apt.record(package)
        source = record.get("Source", package)
        packages[package] = {
            "version": record["Version"],
            "source": source.split(" ")[0],
            "sha256": record["SHA256"],
        }
    versions = {
        "engine": packages["clamav-daemon"]["version"].split("+")[0],
        "debian": DEBIAN_RELEASE,
        "architecture": apt.architecture,
        "sources": "https://snapshot.debian.org/package/<source>/<version>/",
        "packages": packages,
    }
    text = json.dumps(versions, indent=2) + "\n"
    (root / "VERSIONS.json").write_text(text, encoding="utf-8")


def install_python(target: Path, scratch: Path) -> None:
    """Installs our package and pyclamd, a source release, whose builder is pinned, too."""
    builder = scratch / "builder"
    shutil.rmtree(target, ignore_errors=True)
    pip("--target", str(builder), "-r", str(SOURCE / "build-requirements.txt"))
    pip(
        "--no-build-isolation",
        "--no-compile",
        "--target",
        str(target),
        "-r",
        str(SOURCE / "requirements.txt"),
        PYTHONPATH=str(builder),
    )
    shutil.copytree(
        SOURCE / "python" / "clamav_layer",
        target / "clamav_layer",
        ignore=shutil.ignore_patterns("__pycache__"),
    )


def pip(*arguments: str, **environment: str) -> None:
    """Runs pip install with every requirement held to its hash."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    environment = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore", **environment}
    done = subprocess.run([*command, *arguments], env=environment, check=False)
    if done.returncode != 0:
        raise BuildError(f"pip could not install {arguments[-1]} (see above)")


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


def install(source: Path, target: Path, mode: int) -> None:
    """Copies a file's content and sets its mode."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


def sha256(path: Path) -> str:
    """Returns the file's sha256 in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
