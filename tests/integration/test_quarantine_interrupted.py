"""The function's process dies before or after any of its calls to AWS; a later receive finishes.

Each scenario is run once undisturbed to count its calls, then once for each call, killed just
before it (which to AWS is the same as just after the one before), and received again.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from moto import mock_aws

from functions.quarantine_object import custody
from functions.quarantine_object.report import Outcome
from tests.integration.executioner import Executioner, Interloper, Killed
from tests.integration.quarantine_world import INFECTED, QUARANTINE, SOURCE, World
from tidegate.verdicts import ScanResult

LARGE = bytes(range(251)) * 44


def _unversioned(world: World) -> ScanResult:
    return world.upload(Metadata={"owner": "harbour"}, Tagging="team=a")


def _versioned(world: World) -> ScanResult:
    world.keep_versions()
    world.upload(body=b"clean, first")
    result = world.upload()
    world.upload(body=b"clean, latest")
    return result


def _large(world: World) -> ScanResult:
    return world.upload(body=LARGE, Tagging="team=a")


def _kills(scenario: Callable[[World], ScanResult]) -> list[tuple[str, int]]:
    with mock_aws():
        world = _world()
        result = scenario(world)
        with Executioner(world) as executioner:
            world.run(result)
        calls = len(executioner.operations)
    return [*(("before", number) for number in range(1, calls + 1)), ("after", calls)]


def _world() -> World:
    return World.make(max_single_copy_bytes=6000, part_bytes=5000)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let moto's S3 take parts of less than 5 MiB: dozens of large copies would take minutes."""
    monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 1)


@pytest.mark.parametrize("scenario", [_unversioned, _versioned, _large])
def test_killed_anywhere_the_next_receive_finishes(
    scenario: Callable[[World], ScanResult],
) -> None:
    """Content is in quarantine, the version is gone, people and bus were told, others untouched."""
    kills = _kills(scenario)
    assert len(kills) > 10
    for kill in kills:
        with mock_aws():
            world = _world()
            result = scenario(world)
            others = [item for item in world.versions() if item[1] != result.ref.version_id]
            with Executioner(world, kill), pytest.raises(Killed):
                world.run(result)
            _assert_nothing_lost(world, result, kill)
            report = world.run(result)
            assert report.outcome is Outcome.QUARANTINED, kill
            copy = world.content(QUARANTINE, custody.copy_key(result.ref))
            assert copy == (LARGE if scenario is _large else INFECTED), kill
            assert world.record_of(result)["copy"]["provenBy"], kill
            expected = [] if result.ref.version_id is None else others
            assert world.versions() == expected, kill
            assert 1 <= len(world.alerts()) <= 2, kill
            assert 1 <= len(world.events()) <= 2, kill
            row = world.quarantine.ledger.row(result.ref) or {}
            assert row["quarantine"].keys() >= {"alertedAt", "publishedAt"}, kill


def _assert_nothing_lost(world: World, result: ScanResult, kill: tuple[str, int]) -> None:
    """At the moment of death the content is in the one bucket or in the other."""
    present = [
        bucket
        for bucket, key in (
            (SOURCE, result.ref.key),
            (QUARANTINE, custody.copy_key(result.ref)),
        )
        if any(name == key for name, _ in world.versions(bucket))
    ]
    assert present, kill


@pytest.mark.parametrize("scenario", [_unversioned, _versioned])
def test_duplicate_that_runs_in_between_does_no_harm(
    scenario: Callable[[World], ScanResult],
) -> None:
    """Whenever a second receive of the message does all the work, the first one ends well too."""
    for _, number in filter(lambda kill: kill[0] == "before", _kills(scenario)):
        with mock_aws():
            world = _world()
            result = scenario(world)
            others = [item for item in world.versions() if item[1] != result.ref.version_id]
            with Interloper(world, ("before", number), lambda w=world, r=result: w.run(r)):  # type: ignore[misc]
                report = world.run(result)
            assert report.outcome is Outcome.QUARANTINED, number
            assert world.content(QUARANTINE, custody.copy_key(result.ref)) == INFECTED, number
            assert world.versions() == ([] if result.ref.version_id is None else others), number
            assert 1 <= len(world.alerts()) <= 2, number


def test_newer_upload_in_between_is_never_deleted() -> None:
    """Without versions, whatever the moment of an overwrite, the newcomer stays and is told."""
    newer = b"newer and maybe clean"
    for _, number in filter(lambda kill: kill[0] == "before", _kills(_unversioned)):
        with mock_aws():
            world = _world()
            result = _unversioned(world)
            with Interloper(world, ("before", number), lambda w=world: w.upload(body=newer)):  # type: ignore[misc]
                report = world.run(result)
            assert report.outcome in {Outcome.QUARANTINED, Outcome.GONE}, number
            assert world.content(SOURCE, result.ref.key) == newer, number
            assert len(world.alerts()) == 1, number


def test_killed_every_time_it_gets_one_step_further() -> None:
    """A process that dies at an ever later call finishes in the end, with nothing lost."""
    with mock_aws():
        world = _world()
        result = _unversioned(world)
        finished = False
        number = 0
        while not finished:
            number += 1
            try:
                with Executioner(world, ("after", number)):
                    finished = world.run(result).outcome is Outcome.QUARANTINED
            except Killed:
                _assert_nothing_lost(world, result, ("after", number))
        assert number > 4
        assert world.versions() == []
        assert world.alerts()
        assert world.events()
