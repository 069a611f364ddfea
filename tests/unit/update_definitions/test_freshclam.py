"""Reading freshclam.dat, and which freshclam.conf is written."""

from __future__ import annotations

import struct
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from functions.update_definitions.errors import DownloadError, UntrustedDefinitionsError
from functions.update_definitions.freshclam import Freshclam, cooldown_end
from tidegate.errors import MisconfiguredError, TidegateError


def state(seconds: int, magic: bytes = b"FreshClamData") -> bytes:
    """A freshclam.dat as freshclam 1.4.6 writes it: 90 bytes."""
    head = magic + struct.pack("<I", 1) + b"5f6d0c5e-0000-4000-8000-000000000000\0"
    return head + bytes(7) + struct.pack("<q", seconds) + bytes(21)


def layer(folder: Path, script: str) -> Path:
    """A layer whose loader is a shell script that stands for freshclam."""
    for name in ("lib", "bin", "etc", "certs"):
        (folder / "clamav" / name).mkdir(parents=True)
    loader = folder / "clamav" / "lib" / "ld-linux-x86-64.so.2"
    loader.write_text(f"#!/bin/sh\n{script}\n")
    loader.chmod(0o755)
    (folder / "clamav" / "etc" / "freshclam.conf").write_text("Foreground yes\n")
    return folder


def all_new(*but: str) -> str:
    """What freshclam says of databases that are up to date."""
    names = [name for name in ("main", "daily", "bytecode") if name not in but]
    return "\n".join(f"echo '{name}.cld database is up-to-date (version: 1, x)'" for name in names)


@pytest.fixture
def databases(tmp_path: Path) -> Path:
    folder = tmp_path / "vendor"
    folder.mkdir()
    return folder


def test_cooldown_end_is_read_from_freshclam_dat() -> None:
    """The time stands where freshclam 1.4.6 puts it."""
    assert len(state(0)) == 90
    assert cooldown_end(state(1_795_348_800)) == datetime.fromtimestamp(1_795_348_800, UTC)


@pytest.mark.parametrize(
    "content", [b"", b"x", state(0), state(-5), state(99, b"SomethingElse"), state(1)[:60]]
)
def test_state_without_a_cool_down_is_none(content: bytes) -> None:
    """Nothing there, nothing readable, nothing set."""
    assert cooldown_end(content) is None


def test_cool_down_beyond_all_dates_lasts_for_ever() -> None:
    """A number that is no date does not let the vendor be asked."""
    assert cooldown_end(state(1 << 60)) == datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("mirror", "no_dns"),
    [
        ("database.clamav.net", False),
        ("https://database.clamav.net", False),
        ("http://127.0.0.1:8080", True),
        ("mirror.example.com", True),
        ("clamav.net.example.com", True),
    ],
)
def test_vendors_dns_is_asked_for_the_vendors_hosts_alone(
    tmp_path: Path, databases: Path, mirror: str, *, no_dns: bool
) -> None:
    """A mirror of one's own may lag behind the vendor's announcement."""
    script = f'echo "$@" > {tmp_path}/arguments\n{all_new()}'
    Freshclam(mirror, layer(tmp_path / "layer", script)).run(databases, 5)
    assert ("--no-dns" in (tmp_path / "arguments").read_text()) is no_dns
    lines = (tmp_path / "vendor.conf").read_text().splitlines()
    assert lines[0] == "Foreground yes"
    assert f"DatabaseMirror {mirror}" in lines
    assert f"DatabaseDirectory {databases}" in lines


def test_database_behind_the_vendor_is_named_and_left(tmp_path: Path, databases: Path) -> None:
    """Exit code 0 alone does not mean that all is new."""
    (databases / "daily.cld").write_bytes(b"x")
    freshclam = Freshclam("database.clamav.net", layer(tmp_path / "layer", all_new("daily")))
    assert freshclam.run(databases, 5) == {"daily"}
    assert (databases / "daily.cld").exists()


def test_success_without_a_word_is_no_success(tmp_path: Path, databases: Path) -> None:
    """In a cool-down freshclam does nothing and exits with 0."""
    freshclam = Freshclam("database.clamav.net", layer(tmp_path / "layer", "exit 0"))
    assert freshclam.run(databases, 5) == {"main", "daily", "bytecode"}


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (5, DownloadError),
        (7, UntrustedDefinitionsError),
        (11, DownloadError),
        (9, MisconfiguredError),
        (126, MisconfiguredError),
    ],
)
def test_exit_code_becomes_a_named_error_with_its_words(
    tmp_path: Path, databases: Path, code: int, kind: type[TidegateError]
) -> None:
    """What freshclam said of it is in the error."""
    script = f"echo 'Reading'; echo 'ERROR: the reason'; exit {code}"
    with pytest.raises(kind, match=rf"ended with {code}.*ERROR: the reason"):
        Freshclam("mirror", layer(tmp_path / "layer", script)).run(databases, 5)


def ends(process: int, *, within_seconds: float) -> bool:
    """Whether the process is gone, or waits only to be buried, in time."""
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{process}/stat").read_text().split()[2]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_freshclam_that_does_not_end_is_ended_with_its_children(
    tmp_path: Path, databases: Path
) -> None:
    """The time given is kept, and nothing goes on running."""
    script = f"sleep 30 & echo $! > {tmp_path}/child; wait"
    with pytest.raises(DownloadError, match="did not end within 1 s"):
        Freshclam("mirror", layer(tmp_path / "layer", script)).run(databases, 1)
    child = int((tmp_path / "child").read_text())
    assert ends(child, within_seconds=5)
