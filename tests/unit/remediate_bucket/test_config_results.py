"""What Config is told, and the custom rule that asks the controls for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.stub import ANY

from functions.remediate_bucket import config_results, controls
from functions.remediate_bucket.config_results import ConfigResults
from functions.remediate_bucket.control import Compliance, Finding
from functions.remediate_bucket.result import Judged
from functions.remediate_bucket.rule import Rule
from functions.remediate_bucket.trigger import RuleRequest
from tests.unit.remediate_bucket.buckets import ACCOUNT as ACCOUNT_ID
from tests.unit.remediate_bucket.buckets import (
    NAME,
    bucket,
)
from tests.unit.remediate_bucket.stubbed_aws import Aws
from tests.unit.remediate_bucket.world import NOW, FakeAccount, World
from tidegate.errors import (
    MalformedEventError,
    TransientError,
)


def judged(*compliances: Compliance) -> list[Judged]:
    """Return findings of these compliances."""
    return [
        Judged(control, Finding(compliance, "because"))
        for control, compliance in zip(controls.ALL, compliances, strict=False)
    ]


@pytest.mark.parametrize(
    ("findings", "told", "words"),
    [
        ((Compliance.COMPLIANT, Compliance.NOT_APPLICABLE), "COMPLIANT", "met"),
        ((Compliance.COMPLIANT, Compliance.UNKNOWN), "NON_COMPLIANT", "not known"),
        ((Compliance.UNKNOWN, Compliance.NON_COMPLIANT), "NON_COMPLIANT", "not met"),
        ((Compliance.NOT_APPLICABLE,), "NOT_APPLICABLE", "no control applies"),
        ((), "NOT_APPLICABLE", "no control applies"),
    ],
)
def test_config_is_told_the_worst(findings: tuple[Compliance, ...], told: str, words: str) -> None:
    """What is unknown is never COMPLIANT: Config takes no word for it, so it is NON_COMPLIANT."""
    evaluation = config_results.judge(NAME, judged(*findings), NOW)

    assert evaluation.compliance == told
    assert evaluation.annotation.startswith(words)


def test_results_are_put_in_parts_that_config_takes(aws: Aws) -> None:
    """At most a hundred at once, with annotations of at most 256 characters."""
    many = [config_results.unknown(f"papers-{number}", "x" * 500, NOW) for number in range(101)]
    for _ in range(2):
        aws.answers("put_evaluations", {"FailedEvaluations": []}, None, "config")

    ConfigResults(aws.clients["config"], ACCOUNT_ID).put("token", many)


@pytest.mark.parametrize(("token", "is_test"), [("token", False), ("TESTMODE", True)])
def test_results_of_a_test_are_told_as_such(aws: Aws, token: str, is_test: bool) -> None:
    """Config refuses any token of its own making outside of a test run."""
    given = {"ResultToken": token, "Evaluations": ANY, "TestMode": is_test}
    aws.answers("put_evaluations", {"FailedEvaluations": []}, given, "config")

    ConfigResults(aws.clients["config"], ACCOUNT_ID).put(token, [config_results.gone(NAME, NOW)])


def test_result_that_config_did_not_take_is_tried_again(aws: Aws) -> None:
    """PutEvaluations answers 200 for results that it refused."""
    refused = {
        "ComplianceResourceType": "AWS::S3::Bucket",
        "ComplianceResourceId": NAME,
        "ComplianceType": "COMPLIANT",
        "OrderingTimestamp": NOW,
    }
    aws.answers("put_evaluations", {"FailedEvaluations": [refused]}, None, "config")

    with pytest.raises(TransientError):
        ConfigResults(aws.clients["config"], ACCOUNT_ID).put(
            "token", [config_results.gone(NAME, NOW)]
        )


class Results:
    """What Config was told."""

    def __init__(self) -> None:
        self.told: dict[str, str] = {}

    def put(self, token: str, evaluations: Any) -> None:
        self.told |= {item.bucket: item.compliance for item in evaluations}


def rule(account: FakeAccount) -> tuple[Rule, Results]:
    """Return the custom rule of an account."""
    world, results = World(account=account), Results()
    return Rule(world.remediation, account, results), results


def asked(bucket_name: str | None, *, gone: bool = False) -> RuleRequest:
    """Return Config's question."""
    named = frozenset({"tls-1-2-or-later"})
    return RuleRequest(bucket_name, gone, NOW + timedelta(0), "token", named)


def test_rule_evaluates_without_changing_anything() -> None:
    """Config asks, the controls answer, the bucket stays as it is."""
    account = FakeAccount({NAME: bucket()})
    made, results = rule(account)

    made.run(asked(NAME), lambda: False)

    assert results.told == {NAME: "NON_COMPLIANT"}
    assert account.written == []


def test_rule_tells_of_deleted_buckets_that_it_does_not_apply() -> None:
    """Gone by the event, or gone by the time that it was looked at."""
    made, results = rule(FakeAccount({}))

    made.run(asked("one", gone=True), lambda: False)
    made.run(asked("two"), lambda: False)

    assert results.told == {"one": "NOT_APPLICABLE", "two": "NOT_APPLICABLE"}


def test_rule_that_names_no_control_vouches_for_nothing() -> None:
    """A slip of the pen among the rule's controls is an error, not a control left out."""
    made, results = rule(FakeAccount({NAME: bucket()}))
    slip = replace(asked(NAME), controls=frozenset({"tls-1-2-or-later", "versoning"}))

    with pytest.raises(MalformedEventError, match="versoning"):
        made.run(slip, lambda: False)
    assert results.told == {}


def test_scheduled_rule_evaluates_all_buckets_in_time() -> None:
    """Those that time did not allow are asked for again, those done are told."""
    made, results = rule(FakeAccount({"one": bucket("one"), "two": bucket("two")}))
    left = iter([False, True])

    with pytest.raises(TransientError):
        made.run(asked(None), lambda: next(left))
    assert len(results.told) == 1

    made.run(asked(None), lambda: False)
    assert set(results.told) == {"one", "two"}
