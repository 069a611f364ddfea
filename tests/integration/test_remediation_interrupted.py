"""The function's process dies before or after any of its calls to AWS; a later run finishes.

As tests/integration/test_quarantine_interrupted.py does: a run is counted once undisturbed, then
killed at each of its calls, and the message received again. Reads are in it, for they lie between
the writes: snapshot, open row, record, setting, record, event, people told, row closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from functions.remediate_bucket.bucket_state import Section
from functions.remediate_bucket.change import Outcome
from tests.integration.executioner import Executioner, Interloper, Killed
from tests.integration.remediation_world import ALL_ON, NAMES, RemediationWorld
from tidegate.errors import TidegateError

# What writes; a kill between two reads is none that could lose anything.
WRITES = ("Put", "Delete", "Update", "Publish")


@pytest.fixture
def world() -> Iterator[RemediationWorld]:
    """Return a world of its own."""
    with mock_aws():
        yield RemediationWorld.make()


def writes_of_a_run() -> list[str]:
    """Return the writing calls of an undisturbed run."""
    with mock_aws():
        world = RemediationWorld.make()
        with Executioner(world, only=WRITES) as executioner:
            world.run()
        return executioner.operations


def test_each_change_is_kept_and_recorded_before_it_is_made(world: RemediationWorld) -> None:
    """Per setting: the snapshot, the open row and the record come first, then S3, then the rest."""
    with Executioner(world, only=WRITES) as executioner:
        world.run()

    of_s3 = {"PutPublicAccessBlock", "PutBucketPolicy", "PutBucketVersioning"}
    made = [index for index, name in enumerate(executioner.operations) if name in of_s3]
    assert len(made) == 3
    for index in made:
        assert executioner.operations[index - 3 : index] == ["PutObject", "PutItem", "PutItem"]
        assert executioner.operations[index + 1 : index + 3] == ["PutItem", "PutEvents"]


def test_killed_anywhere_the_next_run_finishes() -> None:
    """In the end all is applied, each change recorded, told and restorable, whatever the moment."""
    writes = writes_of_a_run()
    kills = [*(("before", number) for number in range(1, len(writes) + 1)), ("after", len(writes))]
    assert len(kills) > 20
    for kill in kills:
        with mock_aws():
            world = RemediationWorld.make()
            with Executioner(world, kill, only=WRITES), pytest.raises(Killed):
                world.run()
            _assert_what_was_changed_can_be_restored(world, kill)
            world.redeliver()
            world.run()
            settings = world.settings()
            assert settings[Section.PUBLIC_ACCESS_BLOCK] == ALL_ON, kill
            assert settings[Section.POLICY]["Statement"], kill
            assert settings[Section.VERSIONING]["Status"] == "Enabled", kill
            assert world.untold() == [], kill
            applied = [row for row in world.records() if row["outcome"] == Outcome.APPLIED.value]
            assert sorted(row["control"] for row in applied) == sorted(NAMES), kill
            assert not [row for row in world.records() if row["outcome"] == "PLANNED"], kill
            events, people = world.told()
            ids = {row["entry"].partition("#")[2] for row in applied}
            assert ids <= events, kill
            assert ids <= people, kill


def _assert_what_was_changed_can_be_restored(
    world: RemediationWorld, kill: tuple[str, int]
) -> None:
    """At the moment of death each setting that differs has its record and its snapshot."""
    untouched: dict[Section, Any] = {
        Section.PUBLIC_ACCESS_BLOCK: None,
        Section.POLICY: None,
        Section.VERSIONING: {},
    }
    records = {row["section"]: row for row in world.records()}
    for section, setting in world.settings().items():
        if setting != untouched[section]:
            assert section.value in records, kill
            assert records[section.value]["snapshot"] in world.snapshot_keys(), kill


def test_change_of_a_killed_run_can_be_undone() -> None:
    """Even without a later run: the record and the snapshot are enough."""
    at = writes_of_a_run().index("PutPublicAccessBlock") + 1
    with mock_aws():
        world = RemediationWorld.make()
        with Executioner(world, ("after", at), only=WRITES), pytest.raises(Killed):
            world.run()
        (record,) = world.records()
        assert record["outcome"] == "PLANNED"
        world.redeliver()

        undone = world.take_back(record["entry"].partition("#")[2])

        assert undone.outcome is Outcome.UNDONE
        assert world.settings()[Section.PUBLIC_ACCESS_BLOCK] is None


def test_undo_killed_anywhere_is_finished_by_the_next() -> None:
    """Whatever the moment, asking again ends with the setting restored and a hold in place."""
    with mock_aws():
        world = RemediationWorld.make()
        change = _block_change(world)
        with Executioner(world, only=WRITES) as executioner:
            world.take_back(change)
        writes = executioner.operations
    for number in range(1, len(writes) + 1):
        with mock_aws():
            world = RemediationWorld.make()
            change = _block_change(world)
            with Executioner(world, ("before", number), only=WRITES), pytest.raises(Killed):
                world.take_back(change)
            world.redeliver()
            world.take_back(change)
            (record,) = [row for row in world.records() if row["entry"].endswith(change)]
            assert record["outcome"] == "UNDONE", number
            assert world.settings()[Section.PUBLIC_ACCESS_BLOCK] is None, number
            world.run()
            assert world.settings()[Section.PUBLIC_ACCESS_BLOCK] is None, number


def _block_change(world: RemediationWorld) -> str:
    (change,) = [change for change in world.run().changes if change.control == NAMES[0]]
    return str(change.id)


def test_two_events_at_once_make_each_change_once() -> None:
    """Whenever a second event comes, one of the two does the work, and nothing is done twice."""
    writes = writes_of_a_run()
    for number in range(1, len(writes) + 1):
        with mock_aws():
            world = RemediationWorld.make()
            happened: list[str] = []

            def second_event(
                world: RemediationWorld = world, happened: list[str] = happened
            ) -> None:
                happened.append("second event")
                try:
                    world.run()
                except TidegateError as error:
                    happened.append(str(error))

            with Interloper(world, ("before", number), second_event, only=WRITES):
                try:
                    world.run()
                except TidegateError:
                    world.run()
            assert happened, number
            applied = [row for row in world.records() if row["outcome"] == "APPLIED"]
            assert sorted(row["control"] for row in applied) == sorted(NAMES), number


@pytest.mark.parametrize("change", ["", "20261122T120004Z-0123abcd", "no-such-bucket:1"])
def test_undo_of_what_is_no_change_is_refused(world: RemediationWorld, change: str) -> None:
    """An id without a bucket, which the table could not even be asked for, changes nothing."""
    assert world.take_back(change).outcome is Outcome.REFUSED
