"""The command as a wheel: built, installed in a folder of its own, and run from there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from local.paths import REPOSITORY, TOOLS

# Holds the build backend; .venv has no need of it.
_BUILDER = TOOLS / "sam" / "bin" / "python"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of the source, without any network.

    The build backend keeps what it packed beside the source, and packs that again.
    """
    folder, copy = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("source")
    for part in ("cli", "layers/shared/tidegate"):
        unbuilt = shutil.ignore_patterns("build", "*.egg-info", "__pycache__")
        shutil.copytree(REPOSITORY / part, copy / part, ignore=unbuilt)
    subprocess.run(
        [
            *(str(_BUILDER), "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"),
            *("--no-build-isolation", "--wheel-dir", str(folder), str(copy / "cli")),
        ],
        check=True,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    (built,) = folder.iterdir()
    return built


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Path:
    """Unpack it, as an installation does with a wheel of Python alone."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the wheel's content and this environment's packages, and no source."""
    return subprocess.run(
        [sys.executable, "-P", *arguments],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder), "COLUMNS": "100"},
        cwd=folder,
        capture_output=True,
        check=False,
        text=True,
    )


def test_wheel_holds_all_that_the_command_imports(installed: Path) -> None:
    """The command runs, and both packages come from the wheel."""
    done = run(installed, "-m", "tidegate_cli", "upload", "--help")
    assert done.returncode == 0, done.stderr
    assert "--wait" in done.stdout
    where = run(installed, "-c", "import tidegate; print(tidegate.__file__)")
    assert where.stdout.startswith(str(installed))


def test_wheel_brings_the_command_tidegate(wheel: Path) -> None:
    """Installing it puts `tidegate` on the path, and what it needs beside it."""
    with zipfile.ZipFile(wheel) as archive:
        names = {Path(name).name: name for name in archive.namelist()}
        points = archive.read(names["entry_points.txt"]).decode()
        needs = archive.read(names["METADATA"]).decode()
    assert "tidegate = tidegate_cli.main:run" in points
    for package in ("boto3", "rich", "typer"):
        assert f"Requires-Dist: {package}>=" in needs
    assert not [name for name in names.values() if "test" in name]


def test_wheel_ends_with_the_documented_code(installed: Path) -> None:
    """As a process of its own, wrong input ends with 2."""
    done = run(installed, "-m", "tidegate_cli", "upload", "-", "s3://bucket/key")
    assert done.returncode == 2
    assert "UsageError" in done.stderr
