"""Verdicts written down: ledger, then tags, then event."""

from dataclasses import dataclass, field

import pytest

from functions.scan_object.recorder import Recorder
from tests.unit.scan_object.fakes import NOW, RELEASE, FakeBus, FakeLedger, FakeTags, quiet_logger
from tidegate.errors import (
    AccessDeniedError,
    ObjectMissingError,
    ObjectReplacedError,
    TransientError,
)
from tidegate.ledger import Kept, Superseded
from tidegate.objectref import ObjectRef
from tidegate.verdicts import Action, ScanResult, ScanStatus, Tagging

REF = ObjectRef("uploads", "a.txt", "v1", "etag")
CLEAN = ScanResult(REF, ScanStatus.NO_THREATS_FOUND, Action.NONE, NOW, definitions_release=RELEASE)


@dataclass
class Desk:
    """A recorder with its fakes, which share one list of steps."""

    ledger: FakeLedger = field(default_factory=FakeLedger)
    tags: FakeTags = field(default_factory=FakeTags)
    bus: FakeBus = field(default_factory=FakeBus)
    steps: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ledger.steps = self.tags.steps = self.bus.steps = self.steps

    def record(self, result: ScanResult = CLEAN) -> ScanResult | None:
        recorder = Recorder(
            ledger=self.ledger,
            tags=self.tags,
            bus=self.bus,
            logger=quiet_logger(),
            status_tag_key="scan-status",
            limits={},
        )
        return recorder.record(result)


def test_verdict_goes_to_the_ledger_then_the_tags_then_the_bus() -> None:
    """Trust is given only once the ledger has agreed, and told only once it is on the object."""
    desk = Desk()
    desk.record()
    assert desk.steps == ["ledger", "tags", "event"]
    assert desk.tags.written == [
        (
            REF,
            {"scan-status": "NO_THREATS_FOUND"},
            {"scan-detail": "", "scan-definitions": RELEASE},
        )
    ]
    assert desk.bus.details[0]["scanResultDetails"]["scanResultStatus"] == "NO_THREATS_FOUND"


def test_same_content_found_infected_before_stays_infected() -> None:
    """A clean scan of content that was infected is told as infected."""
    desk = Desk(ledger=FakeLedger(Kept(("Worm",), "older")))
    standing = desk.record()
    assert standing is not None
    assert (standing.status, standing.action) == (ScanStatus.THREATS_FOUND, Action.QUARANTINE)
    assert desk.tags.written[0][1] == {"scan-status": "THREATS_FOUND"}
    assert desk.bus.details[0]["scanResultDetails"]["threats"] == [{"name": "Worm"}]


def test_superseded_verdict_is_written_nowhere() -> None:
    """The verdict on an earlier upload does not touch a later one."""
    desk = Desk(ledger=FakeLedger(Superseded()))
    assert desk.record() is None
    assert desk.steps == ["ledger"]


@pytest.mark.parametrize("gone", [ObjectMissingError("gone"), ObjectReplacedError("replaced")])
def test_object_gone_before_the_tag_is_told_to_nobody(gone: Exception) -> None:
    """Deleted or overwritten meanwhile: done, and no event sets others to work."""
    desk = Desk(tags=FakeTags(gone))
    assert desk.record() is None
    assert desk.steps == ["ledger", "tags"]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (FakeTags(), Tagging.COMPLETE),
        (FakeTags({"scan-status": "x"}), Tagging.STATUS_ONLY),
        (FakeTags(None), Tagging.NO_ROOM),
        (FakeTags(AccessDeniedError("no")), Tagging.NOT_WRITTEN),
    ],
)
def test_event_says_how_much_the_tags_could_take(tags: FakeTags, expected: Tagging) -> None:
    """What could not be written on the object is told all the same."""
    desk = Desk(tags=tags)
    standing = desk.record()
    assert standing is not None
    assert standing.tagging is expected
    assert desk.bus.details[0]["scanner"]["tagging"] == expected.value


def test_event_that_is_refused_fails_the_message() -> None:
    """A verdict that nobody heard of is tried again."""
    desk = Desk(bus=FakeBus(TransientError("throttled")))
    with pytest.raises(TransientError):
        desk.record()
