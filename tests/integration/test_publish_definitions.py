"""Releases published from files, rolled back, pruned, raced for and cut short."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from aws_lambda_powertools import Logger
from moto import mock_aws

from clamav_layer import canary
from functions.update_definitions.bucket import Bucket
from functions.update_definitions.errors import (
    ConflictingUpdateError,
    InadmissibleFileError,
    NoEarlierReleaseError,
    UnprovenDefinitionsError,
)
from functions.update_definitions.proof import Proven
from functions.update_definitions.releases import Releases
from functions.update_definitions.request import Action, Request, Source
from functions.update_definitions.result import Outcome, Result
from functions.update_definitions.service import UpdateService
from functions.update_definitions.vendor import VendorDatabases
from tests.engine_fixtures import ndb
from tests.integration.definitions_world import BUCKET, KilledError, MortalS3
from tidegate.definitions import (
    RELEASE_CANARY_NAME,
    CurrentRelease,
    DefinitionsError,
    Manifest,
    file_key,
    manifest_key,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
EICAR = {"eicar.ndb": ndb("Test.Eicar", canary.eicar())}
SOURCE = "incoming/test/"


@dataclass
class FakeProver:
    """Finds every candidate good, or bad if told so, and can do something meanwhile."""

    bad: str | None = None
    proven: list[str] = field(default_factory=list)
    meanwhile: Any = None

    def prove(self, release: Path, work: Path, timeout_seconds: float) -> Proven:
        if self.meanwhile:
            self.meanwhile()
        if self.bad:
            raise UnprovenDefinitionsError(self.bad)
        assert (release / RELEASE_CANARY_NAME).read_bytes() == canary.release_signature(
            release.name
        )
        self.proven.append(release.name)
        return Proven("1.4.6", 100_000_000, 1.0)


@dataclass
class NoDownloader:
    """A mirror with nothing; these tests publish from files."""

    mirror: str = "none"

    def run(self, folder: Path, timeout_seconds: float) -> frozenset[str]:
        raise AssertionError("not asked for")


@dataclass
class Desk:
    """An updater on moto's S3 with a prover that needs no engine."""

    s3: Any
    prover: FakeProver
    service: UpdateService
    now: datetime = NOON

    @classmethod
    def make(cls, work: Path) -> Desk:
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=BUCKET)
        prover, releases = FakeProver(), Releases(Bucket(s3, BUCKET))
        desk = cls(s3, prover, cast("UpdateService", None))
        desk.service = UpdateService(
            releases=releases,
            open_bucket=lambda name: Bucket(s3, name),
            vendor=VendorDatabases(releases, NoDownloader(), lambda: desk.now),
            prover=prover,
            custom_allowed=True,
            keep_releases=2,
            work_directory=work,
            clock=lambda: desk.now,
            log=Logger(service="test", level="CRITICAL"),
        )
        return desk

    def publish(self, files: Mapping[str, bytes], s3: Any = None) -> Result:
        """Publish exactly these files, an hour after what came before."""
        self.now += timedelta(hours=1)
        for key in self.keys(SOURCE):
            self.s3.delete_object(Bucket=BUCKET, Key=key)
        for name, content in files.items():
            self.s3.put_object(Bucket=BUCKET, Key=f"{SOURCE}{name}", Body=content)
        service = self.service
        if s3 is not None:
            service = replace(service, releases=Releases(Bucket(s3, BUCKET)))
        request = Request(Action.PUBLISH, Source(BUCKET, SOURCE))
        return service.perform(request, lambda: 60.0)

    def roll_back(self) -> Result:
        self.now += timedelta(hours=1)
        return self.service.perform(Request(Action.ROLLBACK), lambda: 60.0)

    def keys(self, prefix: str = "") -> list[str]:
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return [item["Key"] for item in found]

    def current(self) -> CurrentRelease:
        body = self.s3.get_object(Bucket=BUCKET, Key="current.json")["Body"]
        return CurrentRelease.from_json(body.read())

    def manifest(self) -> Manifest:
        key = manifest_key(self.current().release)
        return Manifest.from_json(self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())


def numbered(number: int) -> dict[str, bytes]:
    """The set of this number."""
    return {**EICAR, "own.ndb": ndb(f"Test.Own{number}", b"own %d" % number)}


@pytest.fixture
def desk(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield Desk.make(short_path)
        assert list(short_path.iterdir()) == []


def test_published_files_become_the_release(desk: Desk) -> None:
    """The files, the canary and the manifest are stored, and current.json names them."""
    result = desk.publish(numbered(1))
    assert result.to_json() == {
        "action": "publish",
        "outcome": "PUBLISHED",
        "release": desk.current().release,
        "signatures": 2,
        "verifiedAt": "2026-11-22T13:00:00Z",
        "engineResidentBytes": 100_000_000,
    }
    release = desk.current().release
    assert release.startswith("20261122T130000Z-")
    assert {file.name for file in desk.manifest().files} == {
        "eicar.ndb",
        "own.ndb",
        RELEASE_CANARY_NAME,
    }
    assert desk.manifest().origin == f"s3://{BUCKET}/{SOURCE}"


def test_same_files_again_are_only_confirmed(desk: Desk) -> None:
    """Publishing what is in force makes no second release."""
    desk.publish(numbered(1))
    first = desk.current()
    assert desk.publish(numbered(1)).outcome is Outcome.UP_TO_DATE
    assert desk.current() == replace(first, verified_at=desk.now)


def test_unproven_candidate_leaves_no_trace(desk: Desk) -> None:
    """What the engine refuses is not even stored."""
    desk.publish(numbered(1))
    before = desk.keys("releases/")
    desk.prover.bad = "the EICAR test file is not found"
    with pytest.raises(UnprovenDefinitionsError, match="EICAR"):
        desk.publish(numbered(2))
    assert desk.keys("releases/") == before


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("own.ndb", "not signed by the vendor"),
        ("own.fp", "allow-list"),
        ("own.sfp", "allow-list"),
        ("own.ign2", "allow-list"),
        ("own.wdb", "allow-list"),
        ("own.cud", "without the vendor's signature"),
    ],
)
def test_unsigned_file_is_refused_unless_allowed(desk: Desk, name: str, reason: str) -> None:
    """With AllowCustomSignatures=false only what the vendor signed is taken."""
    desk.service = replace(desk.service, custom_allowed=False)
    with pytest.raises(InadmissibleFileError, match=reason):
        desk.publish({name: b"x"})
    assert desk.keys("releases/") == []


@pytest.mark.parametrize("name", ["own.cbc", "own.cfg", "own.ftm", "readme.txt", "no ending"])
def test_file_of_another_kind_is_refused_always(desk: Desk, name: str) -> None:
    """Programs, settings, file types and what is no signature are never taken."""
    with pytest.raises(InadmissibleFileError):
        desk.publish({**EICAR, name: b"x"})


def test_empty_source_is_refused(desk: Desk) -> None:
    """A prefix that holds nothing is a mistake, and no empty release."""
    with pytest.raises(InadmissibleFileError, match="no definitions"):
        desk.publish({})


def test_operators_file_of_the_same_name_is_refused(desk: Desk) -> None:
    """custom/ does not replace a file of the source in silence."""
    desk.s3.put_object(Bucket=BUCKET, Key="custom/own.ndb", Body=b"Other:0:*:6161\n")
    with pytest.raises(InadmissibleFileError, match="twice"):
        desk.publish(numbered(1))


def test_rollback_goes_back_and_on_going_back(desk: Desk) -> None:
    """Each rollback takes the release before, until none is left."""
    desk.service = replace(desk.service, keep_releases=10)
    releases = []
    for number in (1, 2, 3):
        desk.publish(numbered(number))
        releases.append(desk.current().release)
    assert desk.roll_back().release == releases[1]
    assert desk.current().previous == releases[0]
    assert desk.roll_back().release == releases[0]
    with pytest.raises(NoEarlierReleaseError):
        desk.roll_back()
    assert desk.current().release == releases[0]
    assert len(desk.current().held_back) == 2


def test_rollback_without_any_release_says_so(desk: Desk) -> None:
    """There is nothing to go back to."""
    with pytest.raises(NoEarlierReleaseError, match="ever published"):
        desk.roll_back()


def test_rollback_to_a_damaged_release_changes_nothing(desk: Desk) -> None:
    """What is gone back to is verified and proven like anything new."""
    desk.publish(numbered(1))
    key = file_key(desk.current().release, "own.ndb")
    desk.publish(numbered(2))
    before = desk.current()
    desk.s3.put_object(Bucket=BUCKET, Key=key, Body=ndb("Test.Own9", b"own 9"))
    with pytest.raises(DefinitionsError, match="was changed"):
        desk.roll_back()
    assert desk.current() == before


def test_held_back_set_may_be_published_by_an_operator(desk: Desk) -> None:
    """Publishing is an order: it lifts what a rollback held back."""
    desk.publish(numbered(1))
    desk.publish(numbered(2))
    desk.roll_back()
    assert desk.publish(numbered(2)).outcome is Outcome.PUBLISHED
    assert desk.current().held_back == ()


def test_old_releases_are_pruned_but_never_what_is_in_use(desk: Desk) -> None:
    """KEEP_RELEASES newest stay, and the current and the previous one whatever their age."""
    releases = []
    for number in range(1, 5):
        desk.publish(numbered(number))
        releases.append(desk.current().release)
    assert desk.service.releases.ids() == releases[:1:-1]
    desk.roll_back()
    desk.publish(numbered(5))
    assert desk.current().previous == releases[2]
    assert releases[2] in desk.service.releases.ids()
    assert all(key.split("/")[1] in desk.service.releases.ids() for key in desk.keys("releases/"))


def test_slower_of_two_runs_gives_way(desk: Desk, tmp_path: Path) -> None:
    """When another run flips first, this one fails and is retried; nothing is lost."""
    desk.publish(numbered(1))
    other = replace(desk.service, prover=FakeProver(), work_directory=tmp_path)

    def overtake() -> None:
        desk.prover.meanwhile = None
        for key in desk.keys(SOURCE):
            desk.s3.delete_object(Bucket=BUCKET, Key=key)
        for name, content in numbered(3).items():
            desk.s3.put_object(Bucket=BUCKET, Key=f"{SOURCE}{name}", Body=content)
        other.perform(Request(Action.PUBLISH, Source(BUCKET, SOURCE)), lambda: 60.0)

    desk.prover.meanwhile = overtake
    with pytest.raises(ConflictingUpdateError):
        desk.publish(numbered(2))
    assert "own.ndb" in {file.name for file in desk.manifest().files}
    body = desk.s3.get_object(Bucket=BUCKET, Key=file_key(desk.current().release, "own.ndb"))
    assert body["Body"].read() == numbered(3)["own.ndb"]


@pytest.mark.parametrize("life", range(9))
def test_run_killed_at_any_write_leaves_the_current_whole(desk: Desk, life: int) -> None:
    """Readers see the old release or the new one, and the next run finishes the work."""
    for number in (1, 2, 3):
        desk.publish(numbered(number))
    old = desk.current().release
    try:
        desk.publish(numbered(4), MortalS3(desk.s3, life))
        killed = False
    except KilledError:
        killed = True
    # Three files, the manifest, the flip, and one release of four objects to prune.
    assert killed
    assert (desk.current().release == old) == (life < 5)
    _assert_whole(desk)
    result = desk.publish(numbered(4))
    assert result.outcome is (Outcome.PUBLISHED if life < 5 else Outcome.UP_TO_DATE)
    _assert_whole(desk)
    held = Releases(Bucket(desk.s3, BUCKET)).ids()
    assert desk.current().release == held[0]


def test_run_killed_within_the_same_second_is_continued(desk: Desk) -> None:
    """Files that are there already with the same content are taken as written."""
    with pytest.raises(KilledError):
        desk.publish(numbered(1), MortalS3(desk.s3, 2))
    desk.now -= timedelta(hours=1)
    assert desk.publish(numbered(1)).outcome is Outcome.PUBLISHED
    _assert_whole(desk)


def test_foreign_file_in_a_new_release_is_an_error(desk: Desk) -> None:
    """An object with another content under a new release's key is never taken for ours."""
    with pytest.raises(KilledError):
        desk.publish(numbered(1), MortalS3(desk.s3, 1))
    (key,) = desk.keys("releases/")
    desk.s3.put_object(Bucket=BUCKET, Key=key, Body=b"foreign")
    desk.now -= timedelta(hours=1)
    with pytest.raises(DefinitionsError, match="holds something else"):
        desk.publish(numbered(1))


def test_release_follows_the_last_one_even_if_the_clock_went_back(desk: Desk) -> None:
    """Ids sort by time, so a later release never sorts before an earlier one."""
    desk.publish(numbered(1))
    first = desk.current().release
    desk.now -= timedelta(days=1)
    desk.publish(numbered(2))
    assert desk.current().release > first


def _assert_whole(desk: Desk) -> None:
    manifest = desk.manifest()
    stored = set(desk.keys(f"releases/{manifest.release}/"))
    assert {file_key(manifest.release, file.name) for file in manifest.files} < stored
