"""The function's process dies before or after any of its calls to AWS; a later receive finishes.

Each scenario is run once undisturbed to count its calls, then once for each call, killed just
before it (which to AWS is the same as just after the one before), and received again.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from moto import mock_aws

from functions.compress_log.log import Log
from functions.compress_log.report import Outcome
from tests.integration.executioner import Executioner, Interloper, Killed
from tests.integration.logs_world import ARCHIVE, KEY, LINES, LogsWorld
from tidegate.errors import TransientError

MEBIBYTE = 1024**2
SIXTEEN = bytes(value & 0x0F | 0x80 for value in range(256))
# Three blocks, which become three parts.
LARGE = random.Random(7).randbytes(9 * MEBIBYTE).translate(SIXTEEN)

Scenario = Callable[[LogsWorld], Log]


def _unversioned(world: LogsWorld) -> Log:
    return world.upload(LINES, Metadata={"owner": "harbour"}, Tagging="team=a")


def _versioned(world: LogsWorld) -> Log:
    world.keep_versions()
    log = world.upload(LINES, Tagging="team=a")
    world.upload(b"a newer version\n" * 100)
    return log


def _large(world: LogsWorld) -> Log:
    world.keep_versions()
    return world.upload(LARGE)


def _content(scenario: Scenario) -> bytes:
    return LARGE if scenario is _large else LINES


def _kills(scenario: Scenario) -> list[tuple[str, int]]:
    """Return each moment at which the process can die: before each call, and after the last."""
    with mock_aws():
        world = LogsWorld.make(part_bytes=MEBIBYTE)
        log = scenario(world)
        with Executioner(world) as executioner:
            world.run(log)
        calls = len(executioner.operations)
    return [*(("before", number) for number in range(1, calls + 1)), ("after", calls)]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let moto's S3 take parts of less than 5 MiB: dozens of large copies would take minutes."""
    monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 1)


@pytest.mark.parametrize("scenario", [_unversioned, _versioned, _large])
def test_killed_anywhere_the_next_receive_finishes(scenario: Scenario) -> None:
    """The log is in the archive once, its version gone, the bus told, other versions untouched."""
    kills = _kills(scenario)
    assert len(kills) > 12
    for kill in kills:
        with mock_aws():
            world = LogsWorld.make(part_bytes=MEBIBYTE)
            log = scenario(world)
            others = [item for item in world.versions() if item[1] != log.ref.version_id]
            with Executioner(world, kill), pytest.raises(Killed):
                world.run(log)
            _assert_nothing_lost(world, log, scenario, kill)
            report = world.run(log)
            assert report.outcome is Outcome.ARCHIVED, kill
            assert list(world.archived().values()) == [_content(scenario)], kill
            expected = [] if log.ref.version_id is None else others
            assert world.versions() == expected, kill
            assert 1 <= len(world.events()) <= 2, kill
            assert world.entry(log).keys() >= {"copy", "publishedAt"}, kill
            assert report.copy is not None
            tags = world.s3.get_object_tagging(Bucket=ARCHIVE, Key=report.copy.ref.key)["TagSet"]
            assert len(tags) == (scenario is not _large), kill


def _assert_nothing_lost(
    world: LogsWorld, log: Log, scenario: Scenario, kill: tuple[str, int]
) -> None:
    """At the moment of death there is the original, or the whole copy, or both."""
    original = (log.ref.key, log.ref.version_id or "null") in world.versions()
    assert original or _content(scenario) in world.archived().values(), kill


@pytest.mark.parametrize("scenario", [_unversioned, _versioned])
def test_duplicate_that_runs_in_between_does_no_harm(scenario: Scenario) -> None:
    """Whenever a second receive of the message does all the work, the first one ends well too."""
    for _, number in filter(lambda kill: kill[0] == "before", _kills(scenario)):
        with mock_aws():
            world = LogsWorld.make(part_bytes=MEBIBYTE)
            log = scenario(world)
            others = [item for item in world.versions() if item[1] != log.ref.version_id]
            with Interloper(world, ("before", number), lambda w=world, g=log: w.run(g)):  # type: ignore[misc]
                report = world.run(log)
            assert report.outcome is Outcome.ARCHIVED, number
            assert list(world.archived().values()) == [LINES], number
            assert world.versions() == ([] if log.ref.version_id is None else others), number
            assert 1 <= len(world.events()) <= 2, number


def test_newer_upload_in_between_is_never_deleted() -> None:
    """Without versions, whatever the moment of an overwrite, the newcomer stays."""
    newer = b"newer lines\n" * 1000
    for _, number in filter(lambda kill: kill[0] == "before", _kills(_unversioned)):
        with mock_aws():
            world = LogsWorld.make()
            log = _unversioned(world)
            # The first run's own steps done by then, the deletion may be behind it.
            with Interloper(world, ("before", number), lambda w=world: w.upload(newer)):  # type: ignore[misc]
                report = world.run(log)
            assert report.outcome in {Outcome.ARCHIVED, Outcome.GONE, Outcome.NOT_CLEAN}, number
            assert world.s3.get_object(Bucket=log.ref.bucket, Key=KEY)["Body"].read() == newer
            archived = list(world.archived().values())
            assert archived in ([], [LINES]), number
            if report.outcome is Outcome.ARCHIVED:
                assert archived == [LINES], number


def test_newer_version_in_between_changes_nothing() -> None:
    """With versions, the one that the event named is archived, and the newcomer stays."""
    for _, number in filter(lambda kill: kill[0] == "before", _kills(_large)):
        with mock_aws():
            world = LogsWorld.make(part_bytes=MEBIBYTE)
            log = _large(world)
            with Interloper(world, ("before", number), lambda w=world: w.upload(b"new\n" * 99)):  # type: ignore[misc]
                report = world.run(log)
            assert report.outcome is Outcome.ARCHIVED, number
            assert list(world.archived().values()) == [LARGE], number
            assert len(world.versions()) == 1, number


def test_killed_every_time_it_gets_one_step_further() -> None:
    """A process that dies at an ever later call finishes in the end, with nothing lost."""
    with mock_aws():
        world = LogsWorld.make()
        log = _unversioned(world)
        finished = False
        number = 0
        while not finished:
            number += 1
            try:
                with Executioner(world, ("after", number)):
                    finished = world.run(log).outcome is Outcome.ARCHIVED
            except Killed:
                _assert_nothing_lost(world, log, _unversioned, ("after", number))
        assert number > 4
        assert world.versions() == []
        assert list(world.archived().values()) == [LINES]
        assert world.events()


def test_duplicates_at_the_same_time_make_one_copy() -> None:
    """Four receives of one message at once: one object, one version of it, nothing lost."""
    with mock_aws():
        world = LogsWorld.make()
        log = _versioned(world)

        def receive(_: int) -> Outcome | None:
            try:
                return world.run(log).outcome
            except TransientError:
                return None

        with ThreadPoolExecutor(4) as pool:
            outcomes = list(pool.map(receive, range(4)))
        outcomes.append(world.run(log).outcome)

        assert set(outcomes) <= {Outcome.ARCHIVED, None}
        assert outcomes[-1] is Outcome.ARCHIVED
        assert list(world.archived().values()) == [LINES]
        assert len(world.versions(ARCHIVE)) == 1
