"""The process dies before or after any of its calls to AWS, or something else happens just then.

Each scenario is run once undisturbed to count its calls, then once for each call, disturbed just
before it (which to AWS is the same as just after the one before), and received again.
"""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from moto import mock_aws

from functions.label_image.errors import VerdictPendingError
from functions.label_image.finding import Outcome
from local import pictures
from tests.integration.executioner import Executioner, Interloper, Killed
from tests.integration.label_world import SEEN, World
from tests.integration.quarantine_world import client
from tidegate.errors import TransientError
from tidegate.objectref import ObjectRef
from tidegate.verdicts import ScanStatus

# The invocation is over as soon as it is killed.
SHORT_MILLISECONDS = 1
SCENARIOS: dict[str, bytes] = {
    "by reference": pictures.photograph(),
    "as bytes": pictures.encoded(pictures.drawing(), "BMP"),
    "broken": pictures.animation()[:400],
}


def calls_of(scenario: str) -> list[str]:
    """Return the calls of an undisturbed run."""
    with mock_aws():
        world = World.make()
        ref = world.upload(body=SCENARIOS[scenario])
        with Executioner(world) as counted:
            world.run(ref)
    return counted.operations


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_killed_anywhere_the_next_receive_finishes(scenario: str) -> None:
    """Labels or the reason are written and told, other tags are kept, and Rekognition is asked
    again only where its answer was not written down.
    """
    operations = calls_of(scenario)
    assert len(operations) >= 8
    expected = Outcome.REFUSED if scenario == "broken" else Outcome.LABELLED
    for number in range(1, len(operations) + 1):
        for side in ("before", "after"):
            with mock_aws():
                world = World.make(milliseconds=SHORT_MILLISECONDS)
                ref = world.upload(body=SCENARIOS[scenario])
                with Executioner(world, (side, number)) as first, pytest.raises(Killed):
                    world.run(ref)
                time.sleep(0.005)
                with Executioner(world) as second:
                    report = world.run(ref)
                moment = (side, operations[number - 1])
                assert report.finding.outcome is expected, moment
                wanted = {"team": "a", "scan-status": "NO_THREATS_FOUND", "scan-definitions": "r1"}
                if expected is Outcome.LABELLED:
                    wanted["labels"] = SEEN
                assert world.tags(ref) == wanted, moment
                assert world.sidecar(ref)["finding"]["outcome"] == expected.value, moment
                assert 1 <= len(world.events()) <= 2, moment
                asked = [*first.operations, *second.operations].count("DetectLabels")
                kept = "PutObject" in first.operations[:-1] or moment == ("after", "PutObject")
                assert asked <= (1 if kept else 2), moment


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_duplicate_that_runs_in_between_does_no_harm(scenario: str) -> None:
    """Whenever a second receive comes, it waits or finds all done; Rekognition is asked once."""
    operations = calls_of(scenario)
    for number in range(1, len(operations) + 1):
        with mock_aws():
            world = World.make()
            ref = world.upload(body=SCENARIOS[scenario])
            waited: list[bool] = []

            def duplicate(
                world: World = world, ref: ObjectRef = ref, waited: list[bool] = waited
            ) -> None:
                try:
                    world.run(ref)
                except TransientError:
                    waited.append(True)

            with Interloper(world, ("before", number), duplicate) as seen:
                report = world.run(ref)
            assert report.finding.outcome in (Outcome.LABELLED, Outcome.REFUSED)
            assert seen.operations.count("DetectLabels") <= 1, number
            assert len(world.events()) == 1, number
            assert len(world.sidecars()) == 1, number


def test_object_deleted_in_between_is_done_with() -> None:
    """Whatever the moment, the message is done with, and no event speaks of what is not there."""
    for number in range(1, len(calls_of("as bytes")) + 1):
        with mock_aws():
            world = World.make()
            ref = world.upload(body=SCENARIOS["as bytes"])

            def delete(world: World = world, ref: ObjectRef = ref) -> None:
                world.s3.delete_object(Bucket=ref.bucket, Key=ref.key, VersionId=ref.version_id)

            with Interloper(world, ("before", number), delete):
                report = world.run(ref)
            told = world.events()
            assert report.finding.outcome in (Outcome.GONE, Outcome.LABELLED), number
            assert len(told) == (report.finding.outcome is Outcome.LABELLED), number


def test_object_overwritten_in_between_lends_nothing_to_the_newcomer() -> None:
    """Without versions: no label and no verdict of the old content is left on the new one."""
    with mock_aws():
        world = World.make(versions=False)
        ref = world.upload()
        with Executioner(world) as counted:
            world.run(ref)
    for number in range(1, len(counted.operations) + 1):
        with mock_aws():
            world = World.make(versions=False)
            ref = world.upload()

            def overwrite(world: World = world, ref: ObjectRef = ref) -> None:
                world.s3.put_object(Bucket=ref.bucket, Key=ref.key, Body=b"new", Tagging="team=b")

            with Interloper(world, ("before", number), overwrite):
                try:
                    report = world.run(ref)
                except VerdictPendingError:
                    report = world.run(ref)
            now = world.tags(ObjectRef(ref.bucket, ref.key))
            assert report.finding.outcome in (Outcome.GONE, Outcome.LABELLED), number
            assert not now.keys() & {"labels", "scan-status"}, number


@pytest.mark.parametrize("scanned", [True, False])
def test_run_that_died_on_a_newcomer_is_put_right_by_the_next(scanned: bool) -> None:
    """Without versions: the old verdict, written on another object, does not stay there."""
    with mock_aws():
        world = World.make(milliseconds=SHORT_MILLISECONDS, versions=False)
        ref = world.upload()
        writing = ("PutObjectTagging",)

        def overwrite() -> None:
            other = client.__wrapped__("s3")
            answer = other.put_object(Bucket=ref.bucket, Key=ref.key, Body=b"x", Tagging="team=b")
            newcomer = replace(ref, etag=answer["ETag"].strip('"'))
            if scanned:
                world.scan(newcomer, ScanStatus.UNSUPPORTED, "r2")

        with (
            Interloper(world, ("before", 1), overwrite, only=writing),
            Executioner(world, ("after", 1), only=writing),
            pytest.raises(Killed),
        ):
            world.run(ref)
        assert world.tags(replace(ref, etag=None))["scan-status"] == "NO_THREATS_FOUND"
        time.sleep(0.005)

        assert world.run(ref).finding.outcome is Outcome.GONE
        now = world.tags(replace(ref, etag=None))
        assert now.get("scan-status") == ("UNSUPPORTED" if scanned else None)
        assert "labels" not in now


@pytest.mark.parametrize("found", [ScanStatus.THREATS_FOUND, ScanStatus.UNSUPPORTED])
def test_scan_in_between_keeps_its_verdict(found: ScanStatus) -> None:
    """A rescan that finds something new, whole, before any of our calls: its verdict stands."""
    for number in range(1, len(calls_of("by reference")) + 1):
        with mock_aws():
            world = World.make()
            ref = world.upload()

            def scan(world: World = world, ref: ObjectRef = ref) -> None:
                world.scan(ref, found, "r2")

            with Interloper(world, ("before", number), scan):
                try:
                    world.run(ref)
                except VerdictPendingError:
                    world.run(ref)
            now = world.tags(ref)
            assert (now["scan-status"], now["scan-definitions"]) == (found.value, "r2"), number
            assert now["team"] == "a", number
