"""The folder from which one engine loads."""

from pathlib import Path

import pytest

from clamav_layer.definitions import compose
from clamav_layer.errors import DefinitionsError


def folder(path: Path, *names: str) -> Path:
    """Makes a folder with these files."""
    path.mkdir()
    for name in names:
        (path / name).write_text(name)
    return path


def test_release_and_policy_are_joined_without_the_manifest(tmp_path: Path) -> None:
    """The engine sees the release's signatures and the policy's, and nothing else."""
    release = folder(tmp_path / "release", "daily.cld", "manifest.json")
    policy = folder(tmp_path / "policy", "canary.ndb")

    compose(release, policy, tmp_path / "database")

    files = {path.name: path.read_text() for path in (tmp_path / "database").iterdir()}
    assert files == {"daily.cld": "daily.cld", "canary.ndb": "canary.ndb"}


def test_release_cannot_replace_the_policy(tmp_path: Path) -> None:
    """A release with a file of the policy's name is refused."""
    release = folder(tmp_path / "release", "canary.ndb")
    policy = folder(tmp_path / "policy", "canary.ndb")

    with pytest.raises(DefinitionsError, match=r"canary\.ndb is in the release and in the policy"):
        compose(release, policy, tmp_path / "database")


@pytest.mark.parametrize("missing", ["release", "policy"])
def test_empty_folder_is_refused(tmp_path: Path, missing: str) -> None:
    """An engine without definitions, or without the policy, is never composed."""
    folders = {name: folder(tmp_path / name, "x.ndb") for name in ("release", "policy")}
    (folders[missing] / "x.ndb").rename(tmp_path / "x.ndb")

    with pytest.raises(DefinitionsError, match="holds no signatures"):
        compose(folders["release"], folders["policy"], tmp_path / "database")


def test_missing_folder_is_named(tmp_path: Path) -> None:
    """A release that is not there is refused with its path."""
    policy = folder(tmp_path / "policy", "x.ndb")

    with pytest.raises(DefinitionsError, match="gone cannot be read"):
        compose(tmp_path / "gone", policy, tmp_path / "database")


@pytest.mark.parametrize(
    ("brought", "table"),
    [("test.ndb", "whole"), ("daily.cld", "changes"), ("daily.cvd", "changes")],
)
def test_table_of_file_types_fits_the_release(tmp_path: Path, brought: str, table: str) -> None:
    """Beside the vendor's table the policy's changes are loaded, without it the whole table."""
    release = folder(tmp_path / "release", brought)
    policy = folder(tmp_path / "policy", "canary.ndb")
    (policy / "types.ftm").write_text("changes")
    (folder(policy / "builtin") / "types.ftm").write_text("whole")

    compose(release, policy, tmp_path / "database")

    names = {path.name for path in (tmp_path / "database").iterdir()}
    assert names == {brought, "canary.ndb", "types.ftm"}
    assert (tmp_path / "database" / "types.ftm").read_text() == table
