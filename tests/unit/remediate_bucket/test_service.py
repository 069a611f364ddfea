"""The function's events, from the batch to the words that people get."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from functions.remediate_bucket import notice, settings, wiring
from functions.remediate_bucket.config_results import Evaluation
from functions.remediate_bucket.permissions import Permissions
from functions.remediate_bucket.result import Result
from functions.remediate_bucket.service import RESERVED_MILLISECONDS, RemediationService
from functions.remediate_bucket.trigger import Identity, RequestMode, RuleRequest, RunRequest
from functions.remediate_bucket.works import Works
from tests.invocation import Invocation
from tests.unit.remediate_bucket.buckets import ACCOUNT, NAME, bucket
from tests.unit.remediate_bucket.world import ROLE, FakeAccount, World, refuses
from tidegate.batch import Queue
from tidegate.errors import MalformedEventError, MisconfiguredError
from tidegate.telemetry import telemetry

EVENTS = Path(__file__).parents[3] / "events" / "remediate_bucket"
BLOCK = "bucket-public-access-block"


@dataclass
class Sqs:
    """Keeps when failed messages come back."""

    hidden: list[int] = field(default_factory=list)

    def change_message_visibility(self, VisibilityTimeout: int, **_: Any) -> None:  # noqa: N803
        self.hidden.append(VisibilityTimeout)


@dataclass
class Told:
    """What people were told, and what runs and rules were asked for."""

    results: list[Result] = field(default_factory=list)
    runs: list[tuple[str, bool]] = field(default_factory=list)
    rules: list[RuleRequest] = field(default_factory=list)
    refusal: Exception | None = None

    def of_bucket(self, result: Result) -> None:
        if self.refusal:
            refusal, self.refusal = self.refusal, None
            raise refusal
        self.results.append(result)


class Sweeps:
    """Notes the runs that are asked for."""

    def __init__(self, told: Told) -> None:
        self._told = told

    def run(self, request: RunRequest, run: str, out_of_time: Callable[[], bool]) -> dict[str, Any]:
        self._told.runs.append((run, out_of_time()))
        changes = {BLOCK: {"APPLIED": 2, "REFUSED": 1}}
        return {"complete": True, "notMet": {BLOCK: 3}, "changes": changes}


class Rules:
    """Notes the rules that are asked for."""

    def __init__(self, told: Told) -> None:
        self._told = told

    def run(self, request: RuleRequest, out_of_time: Callable[[], bool]) -> tuple[Evaluation, ...]:
        self._told.rules.append(request)
        return ()


@dataclass
class Scene:
    """The service on an account in memory."""

    world: World = field(default_factory=World)
    told: Told = field(default_factory=Told)
    sqs: Sqs = field(default_factory=Sqs)

    def service(self) -> RemediationService:
        """Return the service."""
        sqs: Any = self.sqs
        works = Works(
            remediation=self.world.remediation,
            undoing=self.world.undo,
            sweep=Sweeps(self.told),
            rule=Rules(self.told),
            notices=self.told,
            telemetry=telemetry("remediate_bucket"),
        )
        return RemediationService(
            own=Identity(ACCOUNT, ROLE),
            works=works,
            queue=Queue(sqs, "https://queue", 5),
            telemetry=works.telemetry,
        )

    def handle(self, event: Any, context: Invocation | None = None) -> Any:
        """Handle one event."""
        return self.service().handle(event, context or Invocation())


def sample(name: str) -> Any:
    """Return a sample event."""
    return json.loads((EVENTS / f"{name}.json").read_text())


def account(*names: str) -> World:
    """Return an account of bare buckets of these names, to which safe controls are applied."""
    return World(account=FakeAccount({name: bucket(name) for name in names}))


def test_batch_of_ten_of_which_one_is_bad_fails_that_one_alone() -> None:
    """Nine buckets are put right; the bad message goes to the dead letters without waiting."""
    names = [f"tidegate-sample-{number}" for number in range(1, 11) if number != 7]
    scene = Scene(account(*names))

    answer = scene.handle(sample("batch_of_ten_one_bad"))

    assert len(answer["batchItemFailures"]) == 1
    assert scene.sqs.hidden == [0]
    assert {name for name, _ in scene.world.account.written} == set(names)
    assert {result.bucket for result in scene.told.results} == set(names)
    assert scene.world.changes.open() == []


def test_event_of_a_bucket_that_is_gone_is_done() -> None:
    """Nobody needs to hear of it, and no message stays."""
    scene = Scene(account())

    answer = scene.handle(sample("cloudtrail_deleted_bucket_in_sqs"))

    assert answer == {"batchItemFailures": []}


@pytest.mark.parametrize(
    "name",
    ["cloudtrail_denied_call_in_sqs", "config_compliant_in_sqs", "config_item_deleted_in_sqs"],
)
def test_event_that_asks_for_nothing_is_done(name: str) -> None:
    """A failed call, a compliant bucket, a deleted one: understood, and nothing is read."""
    scene = Scene(account())

    assert scene.handle(sample(name)) == {"batchItemFailures": []}


def test_own_change_wakes_nobody() -> None:
    """The remediator does not trigger itself: its own role's calls are passed over."""
    scene = Scene(account("tidegate-uploads"))
    event = sample("cloudtrail_put_public_access_block_in_sqs")
    (record,) = event["Records"]
    body = json.loads(record["body"])
    body["detail"]["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] = ROLE
    record["body"] = json.dumps(body)

    assert scene.handle(event) == {"batchItemFailures": []}
    assert scene.world.account.written == []


def test_direct_request_answers_with_findings_and_changes() -> None:
    """The shape that the command line and people rely on."""
    answer = Scene().handle({"mode": "apply", "bucket": NAME, "controls": [BLOCK]})

    assert answer["schemaVersion"] == "1.0"
    assert (answer["mode"], answer["bucket"], answer["region"]) == ("apply", NAME, "eu-central-1")
    (finding,) = answer["findings"]
    assert finding == {
        "control": BLOCK,
        "title": "The bucket blocks public access",
        "compliance": "COMPLIANT",
        "mode": "A",
        "reason": "all four settings are on",
    }
    (change,) = answer["changes"]
    assert set(change) == {
        "change",
        "control",
        "operation",
        "outcome",
        "reason",
        "before",
        "after",
        "patch",
    }
    assert change["outcome"] == "APPLIED"


def test_undo_answers_with_what_was_and_what_is() -> None:
    """The shape of an undo's answer."""
    scene = Scene()
    applied = scene.handle({"mode": "apply", "bucket": NAME, "controls": [BLOCK]})
    change = applied["changes"][0]["change"]

    answer = scene.handle({"mode": "undo", "change": change})

    assert (answer["mode"], answer["change"]) == ("undo", change)
    assert (answer["outcome"], answer["after"]) == ("UNDONE", None)


def test_run_is_named_after_its_message() -> None:
    """A message that comes back goes on with its own run; a direct one has the invocation's."""
    scene = Scene()
    scene.handle(sample("sweep_in_sqs"))
    scene.handle(sample("sweep"))
    scene.handle({"mode": "sweep", "run": "an-older-one"})

    message_id = sample("sweep_in_sqs")["Records"][0]["messageId"]
    assert [run for run, _ in scene.told.runs] == [message_id, "request-1", "an-older-one"]


def test_run_is_out_of_time_while_there_is_some_left() -> None:
    """Enough is left for the part that was begun and for the report."""
    scene = Scene()
    scene.handle(sample("sweep"), Invocation(RESERVED_MILLISECONDS))
    scene.handle(sample("sweep"), Invocation(RESERVED_MILLISECONDS - 1))

    assert [late for _, late in scene.told.runs] == [False, True]


def test_custom_rule_is_evaluated() -> None:
    """Config's own invocation goes to the rule."""
    scene = Scene()

    assert scene.handle(sample("config_rule_change")) == {"evaluations": {}}
    assert scene.told.rules[0].bucket == "tidegate-uploads"


def test_change_of_which_nobody_could_be_told_stays_open() -> None:
    """Where the summary fails the message comes back, and the next run tells."""
    scene = Scene()
    scene.told.refusal = MisconfiguredError("no such topic")
    with pytest.raises(MisconfiguredError):
        scene.handle({"mode": "apply", "bucket": NAME, "controls": [BLOCK]})
    assert len(scene.world.changes.open()) == 1

    scene.handle({"mode": "apply", "bucket": NAME, "controls": [BLOCK]})

    (result,) = scene.told.results
    assert [change.control for change in result.worth_telling] == [BLOCK]
    assert scene.world.changes.open() == []


def test_run_counts_what_is_not_met_and_what_was_changed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A metric for each control: a sweep's changes are counted as those of events are."""
    Scene().handle({"mode": "sweep"})

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    counted = {
        name: line[name]
        for line in lines
        if line.get("control") == BLOCK
        for name in ("BucketsNotCompliant", "ChangesApplied", "ChangesRefused")
        if name in line
    }
    assert counted == {
        "BucketsNotCompliant": [3.0],
        "ChangesApplied": [2.0],
        "ChangesRefused": [1.0],
    }


def test_malformed_direct_event_is_a_named_error() -> None:
    """Who invokes it directly is told what it takes."""
    with pytest.raises(MalformedEventError, match='"mode"'):
        Scene().handle({"bucket": NAME})


def test_summary_says_what_why_by_whom_and_how_to_take_it_back() -> None:
    """People read: the bucket, what was done and what failed, the cause, the change's id."""
    world = World()
    world.account.refusals["put_bucket_policy"] = refuses("not authorized \u202e\n")
    result = world.run(RequestMode.APPLY, BLOCK, "tls-only")

    subject, text = notice.subject(result), notice.text(result)

    assert subject == f"Tidegate: bucket {NAME}: 1 applied, 1 failed"
    assert BLOCK in text
    assert "PutBucketPolicy" in text
    assert "arn:aws:iam::1:user/jane" in text
    assert all(str(change.id) in text for change in result.changes)
    assert "\u202e" not in text
    assert '{"mode": "undo"' in text


def test_subject_is_what_sns_takes() -> None:
    """Fewer than 100 characters of ASCII without control characters."""
    world = World(account=FakeAccount({"x" * 255: bucket("x" * 255)}))
    result = world.apply(BLOCK, bucket="x" * 255)

    subject = notice.subject(result)

    assert len(subject) <= notice.MAX_SUBJECT_CHARACTERS
    assert subject.isascii()


@pytest.mark.parametrize("name", ["no-such-control", "mfa-delete"])
def test_parameter_that_names_what_cannot_be_applied_is_a_named_error(name: str) -> None:
    """A misspelt control in ApplyControls is not passed over, nor one that only reports."""
    made = settings.Settings.from_env(ENVIRONMENT | {"APPLY_CONTROLS": name})

    with pytest.raises(MisconfiguredError, match=name):
        wiring.build(made, telemetry("remediate_bucket"))


def test_settings_are_read_with_their_units() -> None:
    """Lists, tags and days, as the template writes them."""
    made = settings.Settings.from_env(
        ENVIRONMENT
        | {
            "APPLY_CONTROLS": "versioning,acls-disabled",
            "REQUIRED_TAGS": "team=harbour,cost centre=1=2",
            "LOCK_DAYS": "7",
        }
    )

    assert made.permissions == Permissions(
        safe_controls=False, opted_in=frozenset({"versioning", "acls-disabled"})
    )
    assert made.profile.required_tags == {"team": "harbour", "cost centre": "1=2"}
    assert made.profile.lock_days == 7
    assert made.profile.log_target_bucket is None


ENVIRONMENT = {
    "ACCOUNT_ID": ACCOUNT,
    "ROLE_ARN": ROLE,
    "CHANGES_TABLE_NAME": "changes",
    "SNAPSHOTS_BUCKET_NAME": "snapshots",
    "REPORTS_BUCKET_NAME": "reports",
    "KMS_KEY_ARN": "",
    "EVENT_BUS_NAME": "bus",
    "ALERTS_TOPIC_ARN": f"arn:aws:sns:eu-central-1:{ACCOUNT}:alerts",
    "QUEUE_URL": "https://queue",
    "MAX_RECEIVE_COUNT": "5",
    "EXEMPTION_TAG_KEY": "tidegate-exempt",
    "UNDO_HOLD_DAYS": "30",
    "CHANGES_PER_DAY": "3",
    "APPLY_SAFE_CONTROLS": "false",
    "APPLY_CONTROLS": "",
    "LOG_TARGET_BUCKET": "",
    "LOG_PREFIX": "",
    "BUCKET_KMS_KEY_ARN": "",
    "NONCURRENT_DAYS": "90",
    "ABORT_UPLOADS_DAYS": "7",
    "LOCK_DAYS": "1",
    "REQUIRED_TAGS": "",
    "ALLOWED_EXTERNAL_ACTIONS": "",
    "INVENTORY_BUCKET": "",
    "ARCHIVE_AFTER_DAYS": "90",
}
