"""Scheduled updates with the real freshclam, sigtool and clamd, from a mirror of our own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from moto import mock_aws

from functions.update_definitions.errors import (
    DownloadError,
    OlderDefinitionsError,
    UnprovenDefinitionsError,
    UntrustedDefinitionsError,
)
from functions.update_definitions.result import Outcome
from functions.update_definitions.vendor import Downloader
from tests.engine_fixtures import ndb
from tests.integration.definitions_mirror import Fault, Mirror, running_mirror
from tests.integration.definitions_vendor import Vendor
from tests.integration.definitions_world import BUCKET, MAIN, World
from tidegate.definitions import RELEASE_CANARY_NAME, file_key, manifest_key

CONTAINERS = {"main.cld", "daily.cld", "bytecode.cld"}


@pytest.fixture(scope="module")
def vendor(built_clamav_layer: Path) -> Iterator[Vendor]:
    with TemporaryDirectory(prefix="tg-vendor-") as folder:
        yield Vendor.make(built_clamav_layer, Path(folder) / "layer")


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with running_mirror() as mirror:
        yield mirror


@pytest.fixture
def world(
    vendor: Vendor, mirror: Mirror, short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        world = World.make(vendor, mirror, short_path)
        world.offer(1)
        yield world
        assert list(short_path.iterdir()) == []


def test_first_run_publishes_all_databases_in_the_quickest_form(world: World) -> None:
    """Without any release, all is downloaded, proven and published as uncompressed .cld."""
    result = world.update()
    assert result.outcome is Outcome.PUBLISHED
    assert result.signatures == 3
    assert result.engine_resident_bytes
    assert world.versions() == {
        "main.cld": 1,
        "daily.cld": 1,
        "bytecode.cld": 1,
        RELEASE_CANARY_NAME: None,
    }
    assert all(world.file(name)[512:].startswith(b"COPYING") for name in CONTAINERS)
    assert "1.4" in world.manifest().engine
    world.assert_whole()


def test_next_version_is_fetched_as_a_difference(world: World) -> None:
    """With the last release at hand, only headers and the differences are downloaded."""
    world.update()
    world.mirror.asked.clear()
    world.offer(2)
    world.offer(3)
    result = world.update()
    assert result.outcome is Outcome.PUBLISHED
    assert world.versions()["daily.cld"] == 3
    assert world.mirror.asked == [
        "[daily.cvd]",
        "daily-2.cdiff",
        "daily-3.cdiff",
        "[main.cvd]",
        "[bytecode.cvd]",
    ]
    assert b"daily find 3".hex().encode() in world.file("daily.cld")
    world.assert_whole()


@pytest.mark.parametrize("not_modified", [False, True])
def test_up_to_date_set_is_only_confirmed(world: World, *, not_modified: bool) -> None:
    """Nothing new at the vendor's: verifiedAt moves on and nothing else changes."""
    world.update()
    before = world.current()
    world.mirror.not_modified = not_modified
    world.change(clock=lambda: datetime.now(UTC) + timedelta(hours=1))
    result = world.update()
    assert result.outcome is Outcome.UP_TO_DATE
    assert world.current().verified_at > before.verified_at
    assert replace(world.current(), verified_at=before.verified_at) == before


def test_tampered_difference_is_not_applied(world: World) -> None:
    """A difference with a wrong signature makes freshclam fetch the whole, signed database."""
    world.update()
    world.offer(2)
    world.mirror.files["daily-2.cdiff"] = _altered(world.mirror.files["daily-2.cdiff"], 40)
    assert world.update().outcome is Outcome.PUBLISHED
    assert "daily.cvd" in world.mirror.asked
    assert world.versions()["daily.cld"] == 2


def test_tampered_database_never_becomes_current(world: World) -> None:
    """A database altered by one bit is refused, and the error says so."""
    world.update()
    before = world.current()
    world.offer(2)
    del world.mirror.files["daily-2.cdiff"]
    world.mirror.files["daily.cvd"] = _altered(world.mirror.files["daily.cvd"], -20)
    with pytest.raises(UntrustedDefinitionsError, match=r"not signed by the vendor.*daily"):
        world.update()
    assert world.current() == before


def test_database_signed_by_somebody_else_is_refused(
    world: World, built_clamav_layer: Path
) -> None:
    """The layer as it is shipped trusts ClamAV's vendor, and not the one of these tests."""
    world.ask(world.mirror.url, built_clamav_layer)
    with pytest.raises(UntrustedDefinitionsError, match="not signed by the vendor"):
        world.update()
    assert world.keys("releases/") == []


@pytest.mark.parametrize(
    ("fault", "hours"),
    [(Fault(403), 24), (Fault(403, retry_after_seconds=60), 24), (Fault(429), 4)],
    ids=["403", "403 with Retry-After", "429"],
)
def test_refusal_begins_a_cool_down_that_is_kept(world: World, fault: Fault, hours: int) -> None:
    """After 403 or 429 nobody is asked for as long as freshclam says, not by another run."""
    world.mirror.faults["*"] = fault
    result = world.update()
    assert result.outcome is Outcome.COOLING_DOWN
    until = result.cooling_down_until
    assert until
    assert abs(until - datetime.now(UTC) - timedelta(hours=hours)) < timedelta(minutes=1)
    asked = len(world.mirror.asked)
    assert world.update().outcome is Outcome.COOLING_DOWN
    assert len(world.mirror.asked) == asked


def test_mirror_is_asked_again_after_the_cool_down(world: World) -> None:
    """429 with Retry-After: until then nobody is asked, afterwards the update goes through."""
    world.mirror.faults["*"] = Fault(429, retry_after_seconds=4)
    until = world.update().cooling_down_until
    assert until
    world.mirror.faults.clear()
    assert world.update().cooling_down_until == until
    time.sleep(min(8.0, max(0.0, (until - datetime.now(UTC)).total_seconds()) + 0.1))
    assert world.update().outcome is Outcome.PUBLISHED


def test_refusal_in_the_midst_is_a_cool_down(world: World) -> None:
    """A refusal after the first database counts as well, and nothing half is published."""
    world.mirror.faults["main.cvd"] = Fault(429)
    assert world.update().outcome is Outcome.COOLING_DOWN
    assert world.keys("releases/") == []


@pytest.mark.parametrize(
    "fault",
    [Fault(truncated=True), Fault(500), Fault(404), Fault(503)],
    ids=["truncated", "500", "404", "503"],
)
def test_failed_download_leaves_the_current_release(world: World, fault: Fault) -> None:
    """A download that breaks off or is answered by an error is retried, and changes nothing."""
    world.update()
    before = world.current()
    world.offer(2)
    world.mirror.faults["daily.cvd"] = fault
    del world.mirror.files["daily-2.cdiff"]
    with pytest.raises(DownloadError, match="freshclam ended with"):
        world.update()
    assert world.current() == before


def test_unreachable_mirror_is_an_error_that_is_retried(world: World) -> None:
    """Nobody listens there."""
    world.ask("http://127.0.0.1:9", world.vendor.layer)
    with pytest.raises(DownloadError, match="Couldn't connect"):
        world.update()


def test_mute_mirror_is_given_up_in_time(world: World) -> None:
    """A mirror that never answers ends with the time given, not with the function's."""
    world.mirror.faults["*"] = Fault(mute=True)
    started = time.monotonic()
    with pytest.raises(DownloadError, match="did not end within 2 s"):
        world.update(seconds=2.0)
    assert time.monotonic() - started < 10


def test_set_that_flags_harmless_files_is_refused(world: World) -> None:
    """A signature that finds a PDF's beginning would block everybody's files."""
    world.update()
    before = world.current()
    world.offer(2, {"daily.ndb": ndb("Test.Mistake", b"%PDF-1.4")})
    with pytest.raises(UnprovenDefinitionsError, match=r"block harmless.*PDF.*Test.Mistake"):
        world.update()
    assert world.current() == before


def test_set_that_does_not_load_is_refused(world: World) -> None:
    """A signed database that the engine cannot read is no release."""
    world.update()
    before = world.current()
    world.offer(2, {"daily.ndb": b"Test.Malformed:0:*:zz\n"})
    with pytest.raises((UnprovenDefinitionsError, UntrustedDefinitionsError)):
        world.update()
    assert world.current() == before


def test_set_without_eicar_is_refused(world: World) -> None:
    """A set that does not find the standard test file is not believed to find anything."""
    harmless = {"main.ndb": ndb("Test.Something", b"something else")}
    world.mirror.files["main.cvd"] = world.vendor.container("main", 1, harmless)
    with pytest.raises(UnprovenDefinitionsError, match="EICAR"):
        world.update()
    assert world.keys("releases/") == []


def test_damaged_release_in_the_bucket_is_mended(world: World) -> None:
    """A file altered in the bucket makes the next run take all anew and publish it."""
    world.update()
    damaged = world.current().release
    world.corrupt(file_key(damaged, "main.cld"))
    result = world.update()
    assert result.outcome is Outcome.PUBLISHED
    assert world.current().release > damaged
    assert world.current().previous is None
    world.assert_whole()


def test_damaged_manifest_in_the_bucket_is_mended(world: World) -> None:
    """The same goes for a manifest that is not the one that was published."""
    world.update()
    world.corrupt(manifest_key(world.current().release))
    assert world.update().outcome is Outcome.PUBLISHED
    world.assert_whole()


def test_unreadable_current_json_is_replaced(world: World) -> None:
    """A current.json that is no JSON is as good as none."""
    world.s3.put_object(Bucket=BUCKET, Key="current.json", Body=b"{")
    assert world.update().outcome is Outcome.PUBLISHED
    world.assert_whole()


def test_operators_signatures_join_the_vendors(world: World) -> None:
    """What lies in custom/ is part of the release, and dropped when no longer allowed."""
    signature = ndb("Test.Custom", b"found by the operator alone")
    world.s3.put_object(Bucket=BUCKET, Key="custom/own.ndb", Body=signature)
    world.update()
    assert world.file("own.ndb") == signature
    world.change(custom_allowed=False)
    assert world.update().outcome is Outcome.PUBLISHED
    assert "own.ndb" not in world.versions()


def test_rolled_back_set_stays_held_back_until_the_vendor_moves_on(world: World) -> None:
    """A scheduled run does not undo a rollback; the vendor's next set is taken."""
    world.update()
    good = world.current().release
    world.offer(2)
    world.update()
    bad = world.current()
    result = world.roll_back()
    assert result.outcome is Outcome.ROLLED_BACK
    assert world.current().release == good
    # It was the vendor's newest until the other came, whose moment is up to a second ahead of the
    # clock where two releases fall into one second.
    assert bad.verified_at <= world.current().verified_at <= bad.published_at
    assert world.update().outcome is Outcome.HELD_BACK
    assert world.current().release == good
    world.offer(3)
    assert world.update().outcome is Outcome.PUBLISHED
    assert world.versions()["daily.cld"] == 3
    assert world.current().release not in (good, bad.release)


def test_vendors_database_older_than_ours_is_not_taken(world: World) -> None:
    """A mirror that goes back in time changes nothing."""
    world.offer(2)
    world.update()
    world.mirror.files["daily.cvd"] = world.vendor.container("daily", 1, world.daily(1))
    assert world.update().outcome is Outcome.UP_TO_DATE
    assert world.versions()["daily.cld"] == 2


def test_private_mirror_without_differences_is_followed(world: World) -> None:
    """A database whose latest difference the mirror lacks is fetched whole."""
    world.update()
    files = {**MAIN, "more.ndb": ndb("Test.More", b"more of the main set")}
    world.mirror.files["main.cvd"] = world.vendor.container("main", 2, files)
    assert world.update().outcome is Outcome.PUBLISHED
    assert world.versions()["main.cld"] == 2


@dataclass
class Lagging:
    """A mirror that announces a newer daily database than it has."""

    downloader: Downloader
    mirror: str = "lagging"

    def run(self, folder: Path, timeout_seconds: float) -> frozenset[str]:
        return self.downloader.run(folder, timeout_seconds) | {"daily"}


def test_mirror_that_lags_confirms_nothing(world: World) -> None:
    """The set grows old as long as the mirror cannot deliver what it announces."""
    world.update()
    before = world.current()
    vendor = world.service.vendor
    world.change(vendor=replace(vendor, downloader=Lagging(vendor.downloader)))
    assert world.update().outcome is Outcome.BEHIND
    assert world.current() == before


def test_signed_databases_are_published_without_any_setting(world: World) -> None:
    """An offline mirror's files need no permission: the vendor signed them."""
    world.change(custom_allowed=False)
    assert world.publish(_databases(world, 2)).outcome is Outcome.PUBLISHED
    assert world.versions()["daily.cld"] == 2
    assert world.mirror.asked == []
    world.assert_whole()


def test_altered_database_is_not_published(world: World) -> None:
    """The error names the file."""
    files = _databases(world, 1)
    with pytest.raises(UntrustedDefinitionsError, match=r"main\.cvd is not signed"):
        world.publish({**files, "main.cvd": _altered(files["main.cvd"], -9)})
    assert world.keys("releases/") == []


def test_older_database_is_not_published(world: World) -> None:
    """The way back is a rollback; a replayed old set is refused."""
    world.publish(_databases(world, 2))
    with pytest.raises(OlderDefinitionsError, match="daily 1 is older than 2"):
        world.publish(_databases(world, 1))


def test_incomplete_set_is_not_published_over_a_complete_one(world: World) -> None:
    """A forgotten file must not weaken what is in force."""
    files = _databases(world, 1)
    world.publish(files)
    del files["daily.cvd"]
    with pytest.raises(OlderDefinitionsError, match="daily is in force and missing"):
        world.publish(files)


def test_custom_set_that_the_engine_cannot_read_is_refused(world: World) -> None:
    """What the engine says of it is in the error."""
    with pytest.raises(UnprovenDefinitionsError, match=r"own\.ndb: Malformed database"):
        world.publish({**MAIN, "own.ndb": b"Test.Malformed:0:*:zz\n"})
    assert world.keys("releases/") == []


def _databases(world: World, version: int) -> dict[str, bytes]:
    world.offer(version)
    return {name: content for name, content in world.mirror.files.items() if name.endswith(".cvd")}


def _altered(content: bytes, position: int) -> bytes:
    changed = bytearray(content)
    changed[position] ^= 1
    return bytes(changed)
