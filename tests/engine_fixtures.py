"""The built engine layer and small definitions, shared by the tests that need a real engine.

A conftest.py makes them known by importing the fixtures' names.
"""

import fcntl
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from clamav_layer import canary

REPOSITORY = Path(__file__).resolve().parents[1]
LAYER_SOURCE = REPOSITORY / "layers" / "clamav"
CACHE = REPOSITORY / ".cache" / "clamav-layer"

RELEASE = "20260102T030405Z-0123abcd"
OTHER_RELEASE = "20260203T040506Z-4567cdef"


@pytest.fixture(scope="session")
def built_clamav_layer() -> Path:
    """The layer's root, built by its own Makefile; kept until its sources change."""
    digest = hashlib.sha256()
    for path in sorted(LAYER_SOURCE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(LAYER_SOURCE)).encode() + b"\0")
            digest.update(path.read_bytes())
    layer = CACHE / digest.hexdigest()[:16]
    CACHE.mkdir(parents=True, exist_ok=True)
    # Several test processes may want it at a time.
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not layer.exists():
            for outdated in CACHE.glob("*/"):
                shutil.rmtree(outdated)
            unfinished = Path(tempfile.mkdtemp(dir=CACHE))
            build_layer(unfinished)
            unfinished.chmod(0o755)
            unfinished.rename(layer)
    return layer


def build_layer(target: Path) -> None:
    """Builds the layer from a copy of its sources, as `sam build` does."""
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "clamav"
        shutil.copytree(LAYER_SOURCE, source)
        subprocess.run(
            ["make", "--silent", "build-ClamavLayer", f"ARTIFACTS_DIR={target}"],
            cwd=source,
            env={**os.environ, "PYTHON": sys.executable},
            check=True,
        )


@pytest.fixture(scope="session")
def small_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of a few signatures; its folder's name is its id."""
    return make_release(tmp_path_factory.mktemp("releases"), RELEASE)


@pytest.fixture(scope="session")
def other_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second release, with one signature more than the first."""
    marker = ndb("Test.OnlyInOther", b"only-in-the-other-release")
    return make_release(tmp_path_factory.mktemp("releases"), OTHER_RELEASE, {"more.ndb": marker})


@pytest.fixture
def short_path() -> Iterator[Path]:
    """An empty folder whose path is short enough for a unix socket's address."""
    with tempfile.TemporaryDirectory(prefix="tg-") as folder:
        yield Path(folder)


def make_release(
    folder: Path,
    release: str = RELEASE,
    files: Mapping[str, bytes] | None = None,
    *,
    eicar: bool = True,
    token: bool = True,
) -> Path:
    """Writes a release, with or without what the canary looks for, and returns its folder."""
    target = folder / release
    target.mkdir(parents=True)
    if eicar:
        (target / "eicar.ndb").write_bytes(ndb("Test.Eicar", canary.eicar()))
    if token:
        (target / canary.RELEASE_FILE).write_bytes(canary.release_signature(release))
    for name, content in (files or {}).items():
        (target / name).write_bytes(content)
    return target


def ndb(name: str, content: bytes, *, target: int = 0) -> bytes:
    """Returns a signature that finds this content anywhere (ClamAV's .ndb format)."""
    return f"{name}:{target}:*:{content.hex()}\n".encode("ascii")


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Returns a ZIP archive with these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred_and_zipped(members: Mapping[str, bytes]) -> bytes:
    """Returns a .tar.gz archive with these members."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@cache
def slow_to_scan(members: int = 12) -> bytes:
    """Returns a small archive; the engine takes some tenths of a second for each member."""
    return zipped({f"{number}": b"a" * 50_000_000 for number in range(members)})
