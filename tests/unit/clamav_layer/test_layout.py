"""Where the layer's parts are, wherever the layer is."""

import stat
from pathlib import Path

import pytest

import clamav_layer
from clamav_layer import layout


def layer_at(root: Path, mode: int) -> Path:
    """Writes a layer's loader with this mode and returns its path."""
    loader = root / "clamav" / "lib" / layout.LOADER
    loader.parent.mkdir(parents=True)
    loader.write_bytes(b"loader")
    loader.chmod(mode)
    return loader


def test_root_is_two_folders_above_the_package() -> None:
    """The root follows from the package's own place: /opt/python/clamav_layer → /opt."""
    assert Path(clamav_layer.__file__).parents[2] == layout.ROOT


def test_programs_run_through_the_layers_loader(tmp_path: Path) -> None:
    """A command names the loader, the libraries and the program by full path."""
    loader = layer_at(tmp_path, 0o755)

    command = layout.command("clamd", "--version", root=tmp_path)

    library, program = tmp_path / "clamav" / "lib", tmp_path / "clamav" / "bin" / "clamd"
    assert command == [str(loader), "--library-path", str(library), str(program), "--version"]


def test_lost_permission_is_given_back(tmp_path: Path) -> None:
    """A loader that lost its execute permission on the way gets it back."""
    loader = layer_at(tmp_path, 0o644)

    assert layout.prepare(tmp_path) == loader
    assert stat.S_IMODE(loader.stat().st_mode) == 0o755


def test_loader_on_a_read_only_file_system_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the permission cannot be given back, an executable copy is used."""
    loader = layer_at(tmp_path, 0o644)
    change_mode = Path.chmod

    def refuse(path: Path, mode: int) -> None:
        if path == loader:
            raise OSError(30, "Read-only file system")
        change_mode(path, mode)

    monkeypatch.setattr(Path, "chmod", refuse)
    copy = layout.prepare(tmp_path)

    assert copy != loader
    assert copy.read_bytes() == b"loader"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o700


def test_environment_inherits_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller's credentials do not reach a program that reads hostile files."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    environment = layout.environment(Path("/layer"))

    assert set(environment) == {"PATH", "LANG", "TZ", "CURL_CA_BUNDLE", "SSL_CERT_FILE"}
    assert environment["CURL_CA_BUNDLE"] == "/layer/clamav/certs/ca-bundle.crt"
