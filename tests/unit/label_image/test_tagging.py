"""The tag is written, everybody else's stay, and no verdict of a scan is ever bettered.

The last is shown for every order in which a scan's three steps (ledger, reading the tags, writing
them) can fall between the labeller's own calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import combinations_with_replacement
from typing import Any

import pytest

from functions.label_image.errors import VerdictPendingError
from functions.label_image.report import Tagging
from functions.label_image.tagging import Tagger
from tidegate import tags
from tidegate.errors import (
    AccessDeniedError,
    CustomerKeyError,
    MisconfiguredError,
    ObjectError,
    ObjectReplacedError,
)
from tidegate.objectref import ObjectRef
from tidegate.objects import ObjectState

REF = ObjectRef("uploads", "a.jpg", "v1", "e1")
UNVERSIONED = ObjectRef("uploads", "a.jpg", None, "e1")
CLEAN, INFECTED = "NO_THREATS_FOUND", "THREATS_FOUND"


def row(status: str, release: str = "r1", at: str = "t1", **more: Any) -> dict[str, Any]:
    """Return the ledger's row on REF."""
    facts = {"etag": "e1", "status": status, "definitionsRelease": release, "scannedAt": at}
    return {**facts, "threats": ["Eicar"] if status == INFECTED else [], **more}


def verdict_tags(of: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags that the scanner writes for a row."""
    told = {"scan-status": of["status"], "scan-definitions": of["definitionsRelease"]}
    return {**told, **({"scan-detail": ", ".join(of["threats"])} if of["threats"] else {})}


@dataclass
class World:
    """One object and its ledger row; before each of our calls something may happen."""

    tags_now: dict[str, str]
    row_now: dict[str, Any] | None
    before: Callable[[int], None] = lambda _: None
    calls: int = 0
    replaced: bool = False
    unseen: ObjectError | None = None
    refusal: Exception | None = None
    sent: list[dict[str, str]] = field(default_factory=list)

    def tagger(self) -> Tagger:
        return Tagger(self, self, "scan-status")

    def row(self, ref: ObjectRef) -> dict[str, Any] | None:
        self._called()
        return dict(self.row_now) if self.row_now else None

    def tags(self, ref: ObjectRef) -> dict[str, str]:
        self._called()
        return dict(self.tags_now)

    def put_tags(self, ref: ObjectRef, wanted: Mapping[str, str]) -> None:
        self._called()
        if self.refusal:
            raise self.refusal
        self.sent.append(dict(wanted))
        self.tags_now = dict(wanted)

    def remove_tags(self, ref: ObjectRef, keys: set[str]) -> None:
        self._called()
        self.tags_now = {key: value for key, value in self.tags_now.items() if key not in keys}

    def head(self, ref: ObjectRef) -> ObjectState:
        self._called()
        if self.replaced:
            raise ObjectReplacedError("412")
        if self.unseen:
            raise self.unseen
        return ObjectState(replace(ref, etag="e1"), 1, "STANDARD", None)

    def _called(self) -> None:
        self.calls += 1
        self.before(self.calls)


class Scan:
    """A scan of the same version by the scanner, step by step."""

    def __init__(self, world: World, found: dict[str, Any]) -> None:
        self._world, self._found = world, found
        self._read: dict[str, str] = {}
        self.steps = iter((self._in_ledger, self._reading, self._writing))

    def _in_ledger(self) -> None:
        self._world.row_now = self._found

    def _reading(self) -> None:
        self._read = dict(self._world.tags_now)

    def _writing(self) -> None:
        told = verdict_tags(self._found)
        useful = {"scan-detail": told.get("scan-detail", "")}
        useful["scan-definitions"] = told["scan-definitions"]
        essential = {"scan-status": told["scan-status"]}
        self._world.tags_now = tags.merge(self._read, essential, useful) or self._read


def test_labels_are_added_beside_all_other_tags() -> None:
    """The verdict and the user's tags are sent again as they were read."""
    present = {"team": "a", **verdict_tags(row(CLEAN))}
    world = World(present, row(CLEAN))

    assert world.tagger().write(REF, "Boat:Sea") is Tagging.WRITTEN
    assert world.tags_now == {**present, "labels": "Boat:Sea"}


def test_labels_that_are_there_are_not_written_again() -> None:
    """A message that comes twice costs no second write."""
    world = World({"labels": "Boat", **verdict_tags(row(CLEAN))}, row(CLEAN))

    assert world.tagger().write(REF, "Boat") is Tagging.WRITTEN
    assert world.sent == []


def test_labels_of_the_past_are_taken_off_where_there_are_none() -> None:
    """Nor may an uploader pass their own words for ours."""
    world = World({"labels": "forged", "team": "a", **verdict_tags(row(CLEAN))}, row(CLEAN))

    assert world.tagger().write(REF, "") is Tagging.NOTHING_TO_WRITE
    assert "labels" not in world.tags_now
    assert world.tags_now["team"] == "a"


@pytest.mark.parametrize("others", [8, 10])
def test_full_object_keeps_its_tags_and_gets_none(others: int) -> None:
    """Ten are all that S3 allows."""
    present = {f"key-{number}": "x" for number in range(others)}
    if others == 8:
        present |= verdict_tags(row(CLEAN))
    world = World(present, row(CLEAN))

    assert world.tagger().write(REF, "Boat") is Tagging.NO_ROOM
    assert world.tags_now == present
    assert world.sent == []


def test_object_that_nobody_scanned_is_labelled() -> None:
    """Without a verdict there is none to keep."""
    world = World({"team": "a"}, None)

    assert world.tagger().write(REF, "Boat") is Tagging.WRITTEN
    assert world.tags_now == {"team": "a", "labels": "Boat"}


def test_verdict_on_other_content_says_nothing() -> None:
    """The row of an earlier upload under the name is not this object's."""
    world = World({"team": "a"}, row(INFECTED, etag="another"))

    assert world.tagger().write(REF, "Boat") is Tagging.WRITTEN


def test_verdict_that_is_recorded_and_not_tagged_is_waited_for() -> None:
    """The scanner is about to write it; or somebody took it off, and nobody puts it back."""
    world = World({"team": "a"}, row(CLEAN))

    with pytest.raises(VerdictPendingError):
        world.tagger().write(REF, "Boat")
    assert world.sent == []


def test_tag_that_is_better_than_the_ledger_is_put_right() -> None:
    """What an interrupted run left behind, the next one mends before anything else."""
    world = World({"team": "a", **verdict_tags(row(CLEAN))}, row(INFECTED, "r2", "t2"))

    world.tagger().write(REF, "Boat")

    assert world.sent[0]["scan-status"] == INFECTED
    expected = {"team": "a", "labels": "Boat", **verdict_tags(row(INFECTED, "r2"))}
    assert world.tags_now == expected


def test_refused_write_is_raised() -> None:
    """Where the bucket's policy does not let us, nothing is pretended."""
    world = World(verdict_tags(row(CLEAN)), row(CLEAN), refusal=AccessDeniedError("403"))

    with pytest.raises(AccessDeniedError):
        world.tagger().write(REF, "Boat")


def test_verdict_that_may_not_be_put_right_goes_back_to_the_queue() -> None:
    """A better verdict than the ledger's may stand on the object: that is not done with."""
    world = World({"team": "a", **verdict_tags(row(CLEAN))}, row(CLEAN))

    def happens(call: int) -> None:
        if call == 4:
            world.row_now, world.refusal = row(INFECTED, "r2", "t2"), AccessDeniedError("403")

    world.before = happens
    for _ in range(2):
        with pytest.raises(MisconfiguredError):
            world.tagger().write(REF, "Boat")


def test_clean_verdict_that_may_not_be_put_right_keeps_labels_off_alone() -> None:
    """The tags tell no more than the ledger does: nobody has to act."""
    denied = AccessDeniedError("403")
    world = World(verdict_tags(row(CLEAN)), row(CLEAN, "r2", "t2"), refusal=denied)

    with pytest.raises(AccessDeniedError):
        world.tagger().write(REF, "Boat")


def test_newcomer_in_a_bucket_without_versions_gets_no_verdict_of_ours() -> None:
    """Tags that met another object are taken off it: it waits, unreadable, for its own scan."""
    world = World({"team": "a", **verdict_tags(row(CLEAN))}, row(CLEAN), replaced=True)

    with pytest.raises(ObjectReplacedError):
        world.tagger().write(UNVERSIONED, "Boat")
    assert world.tags_now == {"team": "a"}


@pytest.mark.parametrize("error", [CustomerKeyError("400"), AccessDeniedError("403")])
def test_newcomer_that_cannot_be_looked_at_gets_no_verdict_either(error: ObjectError) -> None:
    """Our own object could: what lies there now is another, or closed to us; neither is clean."""
    world = World({"team": "a", **verdict_tags(row(CLEAN))}, row(CLEAN), unseen=error)

    with pytest.raises(type(error)):
        world.tagger().write(UNVERSIONED, "Boat")
    assert world.tags_now == {"team": "a"}


def test_newcomer_with_a_verdict_of_its_own_keeps_it() -> None:
    """A late message about the object before it changes nothing."""
    present = {"team": "a", "labels": "Sea", **verdict_tags(row(CLEAN))}
    world = World(present, row(CLEAN))

    world.tagger().settle_newcomer(UNVERSIONED)
    world.tagger().settle_newcomer(REF)

    assert world.tags_now == present
    assert world.sent == []


START: dict[str, tuple[dict[str, str], dict[str, Any] | None]] = {
    "clean": ({"team": "a", **verdict_tags(row(CLEAN))}, row(CLEAN)),
    "clean, no room for details": ({"team": "a", "scan-status": CLEAN}, row(CLEAN)),
    "unscanned": ({"team": "a"}, None),
    "clean and full": (
        {f"key-{number}": "x" for number in range(8)} | verdict_tags(row(CLEAN)),
        row(CLEAN),
    ),
}
FOUND = {
    "infected": row(INFECTED, "r2", "t2"),
    "unsupported": row("UNSUPPORTED", "r2", "t2", reason="ENCRYPTED"),
    "clean again": row(CLEAN, "r2", "t2"),
}


def interleavings(most_calls: int) -> Iterator[tuple[int, int, int]]:
    """Return before which of our calls each step of the scan comes; the last is after all."""
    return combinations_with_replacement(range(1, most_calls + 2), 3)


@pytest.mark.parametrize("found", FOUND)
@pytest.mark.parametrize("start", START)
def test_scan_at_any_moment_has_the_last_word(start: str, found: str) -> None:
    """Whenever a scan's steps fall, the object ends with that scan's verdict or none at all."""
    orders = 0
    for moments in interleavings(9):
        orders += 1
        present, recorded = START[start]
        world = World(dict(present), recorded)
        scan = Scan(world, FOUND[found])
        waiting = list(moments)

        def happens(call: int, waiting: list[int] = waiting, scan: Scan = scan) -> None:
            while waiting and waiting[0] == call:
                waiting.pop(0)
                next(scan.steps)()

        world.before = happens
        settled = attempts(world)
        world.before = lambda _: None
        for step in scan.steps:
            step()
        if settled:
            assert world.tags_now.get("scan-status") == FOUND[found]["status"], moments
        # The message of a scan that found it clean brings the labeller back; so does a retry.
        attempts(world)

        status = world.tags_now.get("scan-status")
        assert status == FOUND[found]["status"], moments
        assert world.tags_now.get("scan-definitions", "r2") == "r2", moments
        kept = {key: value for key, value in present.items() if not key.startswith("scan-")}
        assert world.tags_now.items() >= kept.items(), moments
    assert orders == 220


def attempts(world: World) -> bool:
    """Let the labeller write once; return whether it did not give the message back."""
    try:
        world.tagger().write(REF, "Boat")
    except VerdictPendingError:
        return False
    return True


@pytest.mark.parametrize("killed_before", range(1, 10))
def test_killed_anywhere_the_next_run_leaves_no_better_verdict(killed_before: int) -> None:
    """A scan falls into the worst moment, and the labeller dies at any call after that."""
    world = World({"team": "a", **verdict_tags(row(CLEAN))}, row(CLEAN))
    scan = Scan(world, FOUND["infected"])

    def happens(call: int) -> None:
        # Our third call is the writing: all of the scan falls between our reading and it.
        if call == 3:
            for step in scan.steps:
                step()
        if call == killed_before:
            raise KeyboardInterrupt

    world.before = happens
    with suppress(KeyboardInterrupt):
        world.tagger().write(REF, "Boat")
    for step in scan.steps:
        step()
    world.before = lambda _: None
    attempts(world)

    assert world.tags_now["scan-status"] == INFECTED
    assert world.tags_now["scan-definitions"] == "r2"
