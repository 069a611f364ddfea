"""The scanner's folder in ephemeral storage."""

from __future__ import annotations

import os
from pathlib import Path

from functions.scan_object.workspace import private_folder

NOBODY = 2**22 + 1  # beyond the kernel's largest process number


def test_folder_is_new_and_private(tmp_path: Path) -> None:
    """Nobody else reads what is scanned, and the parent may be missing."""
    folder = private_folder(tmp_path / "work")

    assert folder.name == f"process-{os.getpid()}"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_leftovers_of_dead_processes_are_removed(tmp_path: Path) -> None:
    """What a crash left would fill the disk; a new process may have the dead one's number."""
    for number in (NOBODY, os.getpid()):
        left = tmp_path / f"process-{number}" / "definitions"
        left.mkdir(parents=True)
        (left / "daily.cld").write_bytes(b"x")

    folder = private_folder(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    assert list(folder.iterdir()) == []


def test_folders_of_living_processes_and_other_things_stay(tmp_path: Path) -> None:
    """Another engine on the same disk goes on undisturbed."""
    (tmp_path / f"process-{os.getppid()}").mkdir()
    (tmp_path / "something-else").mkdir()

    folder = private_folder(tmp_path)

    assert {path.name for path in tmp_path.iterdir()} == {
        folder.name,
        f"process-{os.getppid()}",
        "something-else",
    }
