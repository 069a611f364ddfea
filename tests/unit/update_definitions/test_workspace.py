"""The folder that a run works in is its own, and gone afterwards."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from functions.update_definitions.errors import NoSpaceError
from functions.update_definitions.workspace import require_space, workspace


def test_folder_is_removed_after_success_and_failure(tmp_path: Path) -> None:
    """Whatever happens within."""
    with workspace(tmp_path / "work") as folder:
        (folder / "file").write_bytes(b"x")
    with pytest.raises(KeyError), workspace(tmp_path / "work"):
        raise KeyError
    assert list((tmp_path / "work").iterdir()) == []


def test_leftovers_of_killed_runs_are_removed(tmp_path: Path) -> None:
    """A killed invocation's files do not fill the environment's storage for ever."""
    (tmp_path / "update-999999999-abc").mkdir()
    (tmp_path / f"update-{os.getpid()}-abc").mkdir()
    (tmp_path / f"update-{os.getppid()}-alive").mkdir()
    (tmp_path / "other").mkdir()
    with workspace(tmp_path):
        pass
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["other", f"update-{os.getppid()}-alive"]


def test_full_disk_is_named(tmp_path: Path) -> None:
    """The error tells what to change."""
    with pytest.raises(NoSpaceError, match="ephemeral storage"), workspace(tmp_path):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_other_errors_of_the_system_pass(tmp_path: Path) -> None:
    """Only a full disk is a lack of space."""
    with pytest.raises(PermissionError), workspace(tmp_path):
        raise PermissionError


def test_lack_of_space_is_told_before_the_work(tmp_path: Path) -> None:
    """More than there is cannot be asked for."""
    require_space(tmp_path, 1)
    with pytest.raises(NoSpaceError, match="are left"):
        require_space(tmp_path, 1 << 60)
