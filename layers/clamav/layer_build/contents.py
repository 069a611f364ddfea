"""What the layer carries beside programs: settings, policy, certificates, licences, Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import file_types
from layer_build.debian import Apt
from layer_build.files import BuildError, install, report, within

DEBIAN_RELEASE = "12"
CERTIFICATES_PACKAGE = "ca-certificates"
LICENCE_TEXTS_PACKAGE = "base-files"
MIN_CERTIFICATES = 50
RUNTIME = (3, 13)
RUNTIME_PROGRAM = "python3.13"


def copy_certificates(root: Path, package: Path) -> None:
    """Writes one bundle of all certificates; Debian's own bundle is made only at installation."""
    certificates = sorted((package / "usr/share/ca-certificates/mozilla").glob("*.crt"))
    if len(certificates) < MIN_CERTIFICATES:
        raise BuildError(f"only {len(certificates)} CA certificates found in {package.name}")
    (root / "certs").mkdir()
    bundle = "".join(c.read_text(encoding="ascii").strip() + "\n" for c in certificates)
    (root / "certs" / "ca-bundle.crt").write_text(bundle, encoding="ascii")


def copy_own_files(source: Path, root: Path) -> None:
    """Copies the settings and the policy signatures, and writes the policy's file types."""
    (root / "etc").mkdir()
    for name in ("clamd.conf", "freshclam.conf"):
        install(source / name, root / "etc" / name, 0o644)
    (root / "policy").mkdir()
    for signatures in sorted((source / "policy").iterdir()):
        if signatures.is_file() and signatures.suffix != ".md":
            install(signatures, root / "policy" / signatures.name, 0o644)
    file_types.write_policy(next((root / "lib").glob("libclamav.so.*")), root / "policy")


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
        origin = record.get("Source", package)
        packages[package] = {
            "version": record["Version"],
            "source": origin.split(" ")[0],
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


def install_python(source: Path, target: Path, scratch: Path) -> None:
    """Installs our package and pyclamd, a source release, whose builder is pinned, too."""
    builder = scratch / "builder"
    shutil.rmtree(target, ignore_errors=True)
    pip("--target", str(builder), "-r", str(source / "build-requirements.txt"))
    pip(
        "--no-build-isolation",
        "--no-compile",
        "--target",
        str(target),
        "-r",
        str(source / "requirements.txt"),
        PYTHONPATH=str(builder),
    )
    shutil.copytree(
        source / "python" / "clamav_layer",
        target / "clamav_layer",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    compile_python(target)


def compile_python(target: Path) -> None:
    """Compiles it for Lambda, which cannot write beside /opt and would do so at every cold start.

    By hash, unchecked, since zipping changes the times; with the paths that they have in Lambda.
    Without the runtime's Python on this machine the layer works as well, and starts slower.
    """
    python = sys.executable if sys.version_info[:2] == RUNTIME else shutil.which(RUNTIME_PROGRAM)
    by_hash = ("--invalidation-mode", "unchecked-hash")
    paths = ("-s", str(target.parent), "-p", "/opt")
    command = [python or RUNTIME_PROGRAM, "-m", "compileall", "-q", *by_hash, *paths, str(target)]
    if python is None or subprocess.run(command, check=False).returncode != 0:
        report(f"the layer's Python is not compiled: {RUNTIME_PROGRAM} did not do it")


def pip(*arguments: str, **environment: str) -> None:
    """Runs pip install with every requirement held to its hash."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    environment = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore", **environment}
    done = subprocess.run([*command, *arguments], env=environment, check=False)
    if done.returncode != 0:
        raise BuildError(f"pip could not install {arguments[-1]} (see above)")
