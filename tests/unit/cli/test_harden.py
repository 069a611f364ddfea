"""tidegate harden: what is asked of remediate_bucket, and what follows from its answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fakes import FakeAws, FakeCloudFormation, FakeLambda
from tidegate_cli import difference
from tidegate_cli.remediation import Remediation, survey_is_well

STACK = ("--stack-name", "tidegate-test")


def finding(control: str, compliance: str, mode: str = "A") -> dict[str, Any]:
    """One control's finding."""
    return {
        "control": control,
        "title": f"title of {control}",
        "compliance": compliance,
        "mode": mode,
        "reason": "because",
    }


def change(control: str, outcome: str, **more: Any) -> dict[str, Any]:
    """One change."""
    return {
        "change": "c-1" if outcome == "APPLIED" else None,
        "control": control,
        "operation": "PutPublicAccessBlock",
        "outcome": outcome,
        "reason": None,
        "before": {"BlockPublicAcls": False, "same": 1},
        "after": {"BlockPublicAcls": True, "same": 1},
        **more,
    }


def answer(mode: str, findings: list[Any], changes: list[Any] | None = None) -> dict[str, Any]:
    """The function's answer for one bucket."""
    return {
        "schemaVersion": "1.0",
        "mode": mode,
        "bucket": "data",
        "region": "eu-central-1",
        "findings": findings,
        "changes": changes or [],
    }


def with_answers(*answers: Any, error: str | None = None) -> tuple[FakeAws, FakeLambda]:
    """AWS whose remediate_bucket answers these, one after the other."""
    functions = FakeLambda(list(answers), error)
    outputs = {"RemediateBucketFunctionName": "remediate"}
    return FakeAws({"lambda": functions, "cloudformation": FakeCloudFormation(outputs)}), functions


@pytest.mark.parametrize(
    ("compliance", "code"),
    [("COMPLIANT", 0), ("NOT_APPLICABLE", 0), ("NON_COMPLIANT", 3), ("UNKNOWN", 3)],
)
def test_report_ends_with_how_the_bucket_stands(invoke: Invoke, compliance: str, code: int) -> None:
    """What could not be looked at is not compliant."""
    told = answer("report", [finding("tls", compliance), finding("acl", "COMPLIANT")])
    aws, functions = with_answers(told)
    result = invoke(aws, "harden", "report", "data", *STACK, "--control", "tls", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (code, told)
    assert functions.events == [{"mode": "report", "bucket": "data", "controls": ["tls"]}]
    assert functions.called == ["remediate"]


@pytest.mark.parametrize(
    ("summary", "code"),
    [
        ({"findings": {"COMPLIANT": 9, "NOT_APPLICABLE": 2}, "errors": 0}, 0),
        ({"findings": {}, "errors": 0}, 0),
        ({"findings": {"NON_COMPLIANT": 1}, "errors": 0}, 3),
        ({"findings": {"UNKNOWN": 2}, "errors": 0}, 3),
        ({"findings": {"COMPLIANT": 9}, "errors": 1}, 3),
        ({"findings": {"COMPLIANT": 9}}, 3),
        ({"errors": 0}, 3),
        (None, 3),
    ],
)
def test_report_on_all_buckets_tells_counts_and_place(
    invoke: Invoke, summary: Any, code: int
) -> None:
    """Good is only what positively says that nothing is bad or unknown."""
    aws, functions = with_answers(
        {"mode": "report", "buckets": 3, "json": "s3://r/a.json", "html": "s3://r/a.html"}
        | {"summary": summary, "complete": True}
    )
    result = invoke(aws, "harden", "report", *STACK)
    assert result.exit_code == code, result.output
    assert "s3://r/a.html" in result.stdout
    assert functions.events == [{"mode": "report"}]


def test_report_that_goes_on_elsewhere_is_not_good_yet() -> None:
    """A part of the buckets says nothing of the rest."""
    summary = {"findings": {"COMPLIANT": 9}, "errors": 0}
    assert survey_is_well({"summary": summary, "complete": True})
    assert not survey_is_well({"summary": summary, "complete": False})


def test_plan_shows_the_difference(invoke: Invoke) -> None:
    """Setting by setting, what goes and what comes."""
    told = answer("plan", [finding("pab", "NON_COMPLIANT")], [change("pab", "PLANNED")])
    aws, _ = with_answers(told)
    result = invoke(aws, "harden", "plan", "data", *STACK)
    assert result.exit_code == 3
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert '-  "BlockPublicAcls": false,' in lines
    assert '+  "BlockPublicAcls": true,' in lines


def test_apply_shows_the_plan_and_asks_for_the_name(invoke: Invoke) -> None:
    """Once the bucket's name is typed, and not before."""
    planned = answer("plan", [finding("pab", "NON_COMPLIANT")], [change("pab", "PLANNED")])
    applied = answer("apply", [finding("pab", "COMPLIANT")], [change("pab", "APPLIED")])
    aws, functions = with_answers(planned, applied)
    result = invoke(aws, "harden", "apply", "data", *STACK, "--json", typed="data\n")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == applied
    assert "BlockPublicAcls" in result.stderr
    assert [event["mode"] for event in functions.events] == ["plan", "apply"]


def test_apply_shows_only_what_it_will_change(invoke: Invoke) -> None:
    """What is opt-in is planned, and applied only where it is named."""
    findings = [finding("pab", "NON_COMPLIANT"), finding("lock", "NON_COMPLIANT", "O")]
    changes = [change("pab", "PLANNED"), change("lock", "PLANNED")]
    planned, applied = answer("plan", findings, changes), answer("apply", findings, changes)
    aws, _ = with_answers(planned, applied)
    unnamed = invoke(aws, "harden", "apply", "data", *STACK, typed="data\n")
    aws, _ = with_answers(planned, applied)
    named = invoke(aws, "harden", "apply", "data", *STACK, "--control", "lock", typed="data\n")
    assert "1 settings of data" in unnamed.stderr
    assert "2 settings of data" in named.stderr


def test_apply_that_is_not_confirmed_changes_nothing(invoke: Invoke) -> None:
    """Another name ends with 4, after the plan alone."""
    aws, functions = with_answers(
        answer("plan", [finding("pab", "NON_COMPLIANT")], [change("pab", "PLANNED")])
    )
    result = invoke(aws, "harden", "apply", "data", *STACK, typed="date\n")
    assert result.exit_code == 4
    assert [event["mode"] for event in functions.events] == ["plan"]


def test_apply_with_yes_asks_nothing(invoke: Invoke) -> None:
    """For scripts; the id for the undo is told."""
    applied = answer("apply", [finding("pab", "COMPLIANT")], [change("pab", "APPLIED")])
    aws, functions = with_answers(applied)
    result = invoke(aws, "harden", "apply", "data", *STACK, "--yes")
    assert result.exit_code == 0, result.output
    assert "undo: c-1" in result.stdout
    assert functions.events == [{"mode": "apply", "bucket": "data"}]


@pytest.mark.parametrize(
    ("findings", "changes", "well"),
    [
        ([], [], True),
        (["a:COMPLIANT"], ["a:APPLIED"], True),
        (["a:NON_COMPLIANT"], ["a:APPLIED"], False),
        (["a:UNKNOWN"], ["a:APPLIED"], False),
        (["a:COMPLIANT"], ["a:APPLIED", "a:FAILED"], False),
        (["a:COMPLIANT", "b:NON_COMPLIANT"], ["a:APPLIED"], False),
        (["a:NON_COMPLIANT"], ["a:REFUSED"], False),
        ([], ["b:FAILED"], False),
        (["a:NON_COMPLIANT"], ["a:PLANNED"], False),
    ],
)
def test_all_is_well_when_nothing_remains(
    findings: list[str], changes: list[str], well: bool
) -> None:
    """remediate_bucket reads again after it applied: what it then finds is how it stands."""
    told = answer(
        "apply",
        [finding(*told.split(":")) for told in findings],
        [change(*told.split(":")) for told in changes],
    )
    assert Remediation.of(told).all_well is well


@pytest.mark.parametrize(("outcome", "code"), [("UNDONE", 0), ("REFUSED", 4)])
def test_undo_ends_with_its_outcome(invoke: Invoke, outcome: str, code: int) -> None:
    """Refused where the setting is another by now."""
    told = {
        "mode": "undo",
        "change": "c-1",
        "outcome": outcome,
        "reason": "drifted",
        "before": {"x": 1},
        "after": None,
    }
    aws, functions = with_answers(told)
    result = invoke(aws, "harden", "undo", "data:c-1", *STACK, typed="data\n")
    assert result.exit_code == code, result.output
    assert functions.events == [{"mode": "undo", "change": "data:c-1"}]
    assert outcome in result.stdout


@pytest.mark.parametrize(
    "told",
    [
        {"errorMessage": "x"},
        answer("plan", [finding("a", "FINE")]),
        answer("plan", [], [{"control": "a"}]),
        [],
        b"no json",
    ],
)
def test_answer_of_another_shape_is_never_good(invoke: Invoke, told: Any) -> None:
    """Lacking, garbled or no JSON at all: exit code 1."""
    aws, _ = with_answers(told)
    assert invoke(aws, "harden", "plan", "data", *STACK).exit_code == 1


def test_failed_function_is_told_in_its_own_words(invoke: Invoke) -> None:
    """The error's type and message, exit code 1."""
    failed = {"errorType": "MisconfiguredError", "errorMessage": "no such bucket"}
    aws, _ = with_answers(failed, error="Unhandled")
    result = invoke(aws, "harden", "plan", "data", *STACK, "--json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["error"]) == (1, "FunctionError")
    assert "MisconfiguredError: no such bucket" in document["message"]


@pytest.mark.parametrize(
    ("kind", "code"), [("BucketMissingError", 7), ("MalformedEventError", 2), (None, 1)]
)
def test_what_the_user_named_wrongly_has_its_exit_code(
    invoke: Invoke, kind: str | None, code: int
) -> None:
    """A bucket that is not there, and a control that nobody knows, are no failed service."""
    failed = {"errorType": kind, "errorMessage": "in its own words"} if kind else "Timed out"
    aws, _ = with_answers(failed, error="Unhandled")
    assert invoke(aws, "harden", "plan", "data", *STACK).exit_code == code


def test_report_on_all_buckets_takes_no_control(invoke: Invoke) -> None:
    """The function has no such question: it is not asked."""
    aws, functions = with_answers()
    assert invoke(aws, "harden", "report", *STACK, "--control", "tls").exit_code == 2
    assert functions.events == []


def test_what_a_person_has_to_do_is_shown(invoke: Invoke) -> None:
    """The root user's command for MFA delete, and the patch to somebody else's template."""
    found = finding("mfa", "NON_COMPLIANT", "R") | {"advice": "aws s3api put-bucket-versioning"}
    refused = change("pab", "REFUSED", patch="Resources:\n  Data: {}")
    aws, _ = with_answers(answer("plan", [found], [refused]))
    result = invoke(aws, "harden", "plan", "data", *STACK)
    assert "aws s3api put-bucket-versioning" in result.stdout
    assert "Resources:\n  Data: {}" in result.stdout


def test_function_by_name_needs_no_stack(invoke: Invoke) -> None:
    """For those whose stack has other outputs."""
    functions = FakeLambda([answer("report", [])])
    result = invoke(
        FakeAws({"lambda": functions}), "harden", "report", "data", "--function", "mine"
    )
    assert result.exit_code == 0, result.output
    assert functions.called == ["mine"]


def test_invocation_is_never_sent_twice(invoke: Invoke) -> None:
    """The first may still be at work: no retries, and Lambda's longest time to answer."""
    aws, _ = with_answers(answer("report", []))
    invoke(aws, "harden", "report", "data", *STACK)
    assert aws.configs["lambda"].retries["total_max_attempts"] == 1
    assert aws.configs["lambda"].read_timeout > 900


def test_difference_of_nothing_to_something_is_all_new() -> None:
    """A setting that was not there, or will not be."""
    assert difference.lines(None, {"a": 1})[3:] == ["+{", '+  "a": 1', "+}"]
    assert difference.lines({"a": 1}, None)[3:] == ["-{", '-  "a": 1', "-}"]
    assert difference.lines({"a": 1}, {"a": 1}) == []


def test_difference_is_coloured_line_by_line() -> None:
    """Green comes, red goes; control characters are shown, not obeyed."""
    text = difference.coloured({"a": "\x1b[31m"}, {"a": 2})
    styles = {text.plain[span.start : span.end].strip(): span.style for span in text.spans}
    assert styles['+  "a": 2'] == "green"
    assert styles['-  "a": "\\u001b[31m"'] == "red"
