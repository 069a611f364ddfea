"""The resident engine follows the release in force and never answers unproven."""

import time
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from clamav_layer.engine import Engine, Examination
from clamav_layer.errors import CanaryError, EngineStartError
from clamav_layer.replies import Clean, EngineFailure, Threat
from functions.scan_object.assessment import NoVerdictError
from functions.scan_object.deadline import Deadline, DeadlineError
from functions.scan_object.resident import (
    EngineNotReadyError,
    ResidentEngine,
    StaleDefinitionsError,
)
from tests.unit.scan_object.fakes import (
    NEWER_RELEASE,
    NOW,
    PAST,
    PLENTY,
    RELEASE,
    FakeEngine,
    FakeReleases,
    current,
    quiet_logger,
)
from tidegate.errors import TransientError


def resident(releases: FakeReleases, engine: FakeEngine) -> ResidentEngine:
    """A resident engine that trusts definitions for 72 hours."""
    return ResidentEngine(
        releases,
        cast("Engine", engine),
        max_age_hours=72,
        logger=quiet_logger(),
        now=lambda: NOW,
    )


def let_a_minute_pass(subject: ResidentEngine) -> None:
    """Make the next look-up due."""
    subject._next_check = 0.0


def test_first_scan_starts_and_proves_the_release_in_force(tmp_path: Path) -> None:
    """The reply names the engine and the release that gave it."""
    engine = FakeEngine(Clean())
    reply = resident(FakeReleases(tmp_path), engine).scan(0, PLENTY)
    assert (reply.outcome, reply.engine) == (Clean(), "ClamAV 1.4.6")
    assert reply.definitions_release == RELEASE
    assert engine.calls == [f"start {RELEASE}", "ensure", "scan"]


def test_release_is_looked_up_once_a_minute_at_most(tmp_path: Path) -> None:
    """A burst of scans asks the bucket once."""
    releases = FakeReleases(tmp_path)
    subject = resident(releases, FakeEngine(Clean(), Clean(), Clean()))
    for _ in range(3):
        subject.scan(0, PLENTY)
    assert releases.lookups == 1


def test_newer_release_is_loaded_and_the_older_discarded(tmp_path: Path) -> None:
    """The next look-up finds the newer release, and the engine goes over to it."""
    releases = FakeReleases(tmp_path)
    engine = FakeEngine(Clean(), Clean())
    subject = resident(releases, engine)
    subject.scan(0, PLENTY)
    releases.answer = current(NEWER_RELEASE)
    let_a_minute_pass(subject)
    assert subject.scan(0, PLENTY).definitions_release == NEWER_RELEASE
    assert f"load {NEWER_RELEASE}" in engine.calls
    assert releases.discarded_but[-1] == NEWER_RELEASE


def test_release_that_the_engine_refuses_leaves_the_proven_one(tmp_path: Path) -> None:
    """A bad release is tried once, and scans go on with the one before."""
    releases = FakeReleases(tmp_path)
    engine = FakeEngine(Clean(), Clean(), Clean(), refuses={NEWER_RELEASE: CanaryError("blind")})
    subject = resident(releases, engine)
    subject.scan(0, PLENTY)
    releases.answer = current(NEWER_RELEASE)
    for _ in range(2):
        let_a_minute_pass(subject)
        assert subject.scan(0, PLENTY).definitions_release == RELEASE
    assert engine.calls.count(f"load {NEWER_RELEASE}") == 1


def test_refused_release_is_tried_again_later(tmp_path: Path) -> None:
    """It may have been the moment that was bad, and not the release."""
    releases = FakeReleases(tmp_path)
    engine = FakeEngine(*[Clean()] * 3, refuses={NEWER_RELEASE: EngineStartError("no time left")})
    subject = resident(releases, engine)
    subject.scan(0, PLENTY)
    releases.answer = current(NEWER_RELEASE)
    let_a_minute_pass(subject)
    subject.scan(0, PLENTY)
    engine.refuses.clear()
    subject._refused_until = 0.0
    let_a_minute_pass(subject)
    assert subject.scan(0, PLENTY).definitions_release == NEWER_RELEASE


def test_first_release_that_the_engine_refuses_gives_no_verdict(tmp_path: Path) -> None:
    """Without any proven engine nothing is scanned."""
    engine = FakeEngine(Clean(), refuses={RELEASE: EngineStartError("corrupt")})
    with pytest.raises(EngineNotReadyError, match="corrupt"):
        resident(FakeReleases(tmp_path), engine).scan(0, PLENTY)
    assert "scan" not in engine.calls


def test_definitions_verified_too_long_ago_give_no_verdict(tmp_path: Path) -> None:
    """Past the limit nothing is scanned, and the error says where to look."""
    releases = FakeReleases(tmp_path)
    releases.answer = current(verified=timedelta(hours=72, minutes=1))
    engine = FakeEngine(Clean())
    with pytest.raises(StaleDefinitionsError, match="UpdateDefinitions"):
        resident(releases, engine).scan(0, PLENTY)
    assert "scan" not in engine.calls


def test_same_release_verified_again_is_fresh_again(tmp_path: Path) -> None:
    """The age counts from the last verification, not from the publication."""
    releases = FakeReleases(tmp_path)
    releases.answer = current(verified=timedelta(hours=100))
    subject = resident(releases, FakeEngine(Clean()))
    with pytest.raises(StaleDefinitionsError):
        subject.scan(0, PLENTY)
    releases.answer = current()
    let_a_minute_pass(subject)
    assert subject.scan(0, PLENTY).outcome == Clean()


def test_bucket_out_of_reach_does_not_stop_a_proven_engine(tmp_path: Path) -> None:
    """A failed look-up keeps the loaded release, whose own age still counts."""
    releases = FakeReleases(tmp_path)
    subject = resident(releases, FakeEngine(Clean(), Clean()))
    subject.scan(0, PLENTY)
    releases.answer = TransientError("out of reach")
    let_a_minute_pass(subject)
    assert subject.scan(0, PLENTY).outcome == Clean()


def test_engine_that_fails_once_is_replaced_and_asked_again(tmp_path: Path) -> None:
    """One failure costs a restart, not a verdict."""
    engine = FakeEngine(EngineFailure("killed"), Threat("Eicar"))
    assert resident(FakeReleases(tmp_path), engine).scan(0, PLENTY).outcome == Threat("Eicar")
    assert engine.calls.count("ensure") == 2


def test_engine_that_fails_twice_gives_no_verdict(tmp_path: Path) -> None:
    """Two failures are never taken for an answer."""
    engine = FakeEngine(EngineFailure("killed"), EngineFailure("killed"))
    with pytest.raises(NoVerdictError, match="killed"):
        resident(FakeReleases(tmp_path), engine).scan(0, PLENTY)


def test_scan_that_takes_all_the_time_is_not_repeated(tmp_path: Path) -> None:
    """At the deadline the message goes back instead of being tried in no time."""

    class SlowEngine(FakeEngine):
        def examine(self, descriptor: int, timeout_seconds: float) -> Examination:
            time.sleep(timeout_seconds)
            return super().examine(descriptor, timeout_seconds)

    engine = SlowEngine(EngineFailure("no reply", timed_out=True), Clean())
    with pytest.raises(DeadlineError):
        resident(FakeReleases(tmp_path), engine).scan(0, Deadline(time.monotonic() + 0.2))
    assert engine.calls.count("scan") == 1


def test_mute_engine_is_replaced_while_there_is_time(tmp_path: Path) -> None:
    """An engine that stopped answering costs a restart, not a verdict."""
    engine = FakeEngine(EngineFailure("mute", timed_out=True), Clean())
    assert resident(FakeReleases(tmp_path), engine).scan(0, PLENTY).outcome == Clean()


def test_no_time_left_gives_no_verdict(tmp_path: Path) -> None:
    """Past the deadline the engine is not even asked."""
    engine = FakeEngine(Clean())
    with pytest.raises(DeadlineError):
        resident(FakeReleases(tmp_path), engine).scan(0, PAST)
    assert engine.calls == []
