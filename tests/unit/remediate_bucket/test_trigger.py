"""What the function makes of each of its sample events, and of what it does not take."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.remediate_bucket import trigger
from functions.remediate_bucket.errors import ForeignAccountError
from functions.remediate_bucket.trigger import (
    ACCOUNT,
    BucketRequest,
    Identity,
    Nothing,
    RequestMode,
    RuleRequest,
    RunRequest,
    UndoRequest,
)
from tidegate.errors import MalformedEventError

FOLDER = Path(__file__).parents[3] / "events" / "remediate_bucket"
ROLE = "arn:aws:iam::111122223333:role/tidegate-RemediateBucketRole"
OWN = Identity("111122223333", ROLE)
BUCKET = "tidegate-uploads"
BAD = MalformedEventError

# For each file: for each message, or for the one direct event, the bucket, or the kind.
EXPECTED: dict[str, list[Any]] = {
    "apply": [BUCKET],
    "batch_of_ten_one_bad": [
        *(f"tidegate-sample-{number}" if number != 7 else BAD for number in range(1, 11))
    ],
    "cloudtrail_account_public_access_block_in_sqs": [ACCOUNT],
    "cloudtrail_create_bucket_by_stack_in_sqs": [BUCKET],
    "cloudtrail_create_bucket_in_sqs": [BUCKET],
    "cloudtrail_delete_bucket_policy_in_sqs": [BUCKET],
    "cloudtrail_delete_public_access_block_in_sqs": [BUCKET],
    "cloudtrail_deleted_bucket_in_sqs": ["tidegate-was-here-once"],
    "cloudtrail_denied_call_in_sqs": [Nothing],
    "cloudtrail_direct": [BUCKET],
    "cloudtrail_foreign_account_in_sqs": [ForeignAccountError],
    "cloudtrail_foreign_bucket_in_sqs": [Nothing],
    "cloudtrail_omitted_parameters_in_sqs": [BUCKET],
    "cloudtrail_own_change_in_sqs": [Nothing],
    "cloudtrail_put_bucket_acl_in_sqs": [BUCKET],
    "cloudtrail_put_bucket_policy_in_sqs": [BUCKET],
    "cloudtrail_put_public_access_block_in_sqs": [BUCKET],
    "config_account_non_compliant_in_sqs": [ACCOUNT],
    "config_and_cloudtrail_of_one_bucket_in_sqs": [BUCKET, BUCKET, BUCKET],
    "config_compliant_in_sqs": [Nothing],
    "config_foreign_resource_in_sqs": [BAD],
    "config_item_change_in_sqs": [BUCKET],
    "config_item_deleted_in_sqs": [Nothing],
    "config_item_oversized_in_sqs": [BUCKET],
    "config_non_compliant_first_evaluation_in_sqs": [BUCKET],
    "config_non_compliant_in_sqs": [BUCKET],
    "config_rule_change": [RuleRequest],
    "config_rule_left_scope": [RuleRequest],
    "config_rule_malformed": [BAD],
    "config_rule_oversized": [RuleRequest],
    "config_rule_scheduled": [RuleRequest],
    "duplicates_in_sqs": [BUCKET, BUCKET],
    "foreign_event_in_sqs": [BAD],
    "hostile_bucket_name": [BAD],
    "malformed_in_sqs": [BAD],
    "plan": [BUCKET],
    "plan_of_controls": [BUCKET],
    "report": [BUCKET],
    "report_of_account": [ACCOUNT],
    "report_of_all": [RunRequest],
    "sweep": [RunRequest],
    "sweep_in_sqs": [RunRequest],
    "undo": [UndoRequest],
    "unknown_mode": [BAD],
}


def event(name: str) -> Any:
    """Return a sample event."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def own_role() -> str:
    """Return the role that the sample of an own change names."""
    (record,) = event("cloudtrail_own_change_in_sqs")["Records"]
    who = json.loads(record["body"])["detail"]["userIdentity"]
    arn: str = who["sessionContext"]["sessionIssuer"]["arn"]
    return arn


def made_of(name: str) -> list[Any]:
    """Return what each message of a sample asks for, or the error that it is."""
    own = Identity("111122223333", own_role())
    sample = event(name)
    bodies = [record["body"] for record in sample["Records"]] if "Records" in sample else None
    asked: list[Any] = []
    for body in [json.dumps(sample)] if bodies is None else bodies:
        try:
            asked.append(trigger.parse_body(body, own))
        except (MalformedEventError, ForeignAccountError) as error:
            asked.append(error)
    return asked


def test_every_sample_is_expected_here() -> None:
    """A sample that is added is added to these tests."""
    assert {path.stem for path in FOLDER.glob("*.json")} == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_sample_is_understood(name: str) -> None:
    """Each sample event asks for its bucket, or is the named error that it has to be."""
    asked = made_of(name)

    assert len(asked) == len(EXPECTED[name])
    for got, expected in zip(asked, EXPECTED[name], strict=True):
        if isinstance(expected, str):
            assert isinstance(got, BucketRequest)
            assert got.bucket == expected
        else:
            assert isinstance(got, expected)


@pytest.mark.parametrize(
    "name", ["cloudtrail_put_bucket_policy_in_sqs", "config_non_compliant_in_sqs"]
)
def test_event_asks_for_what_the_stack_allows(name: str) -> None:
    """No event can ask for a control by name, nor force one."""
    (asked,) = made_of(name)

    assert asked.mode is RequestMode.APPLY
    assert asked.trigger.automatic
    assert asked.controls is None
    assert not asked.force


def test_stack_that_is_being_deployed_is_not_disturbed() -> None:
    """CloudFormation's own calls are planned for: a policy of ours would make its stack fail."""
    (asked,) = made_of("cloudtrail_create_bucket_by_stack_in_sqs")

    assert asked.mode is RequestMode.PLAN
    assert asked.trigger.automatic


def test_event_says_who_and_what() -> None:
    """The record will tell the call, its event and who made it."""
    (asked,) = made_of("cloudtrail_put_bucket_policy_in_sqs")

    assert asked.trigger.event == "PutBucketPolicy"
    assert asked.trigger.by == "arn:aws:sts::111122223333:assumed-role/Admin/jane"
    assert asked.trigger.id


def test_direct_request_is_somebodys() -> None:
    """Who invokes the function directly names the controls, and may force."""
    asked = trigger.parse(
        {"mode": "apply", "bucket": BUCKET, "controls": ["tls-only"], "force": True}, OWN
    )

    assert isinstance(asked, BucketRequest)
    assert not asked.trigger.automatic
    assert (asked.controls, asked.force) == (frozenset({"tls-only"}), True)


def test_gone_bucket_is_told_to_config_as_gone() -> None:
    """A deleted bucket, or one that left the rule's scope, is not looked at."""
    (asked,) = made_of("config_rule_left_scope")

    assert asked.gone
    assert asked.bucket == "tidegate-was-here-once"


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "report",
        {},
        {"mode": "report", "bucket": 1},
        {"mode": "report", "bucket": "x" * 300},
        {"mode": "report", "bucket": "papers", "controls": []},
        {"mode": "report", "bucket": "papers", "controls": "tls-only"},
        {"mode": "report", "bucket": "papers", "force": "yes"},
        {"mode": "report", "bucket": "papers", "account": True},
        {"mode": "plan"},
        {"mode": "apply"},
        {"mode": "apply", "account": False},
        {"mode": "undo"},
        {"mode": "undo", "change": ""},
        {"mode": "undo", "change": "papers:1", "bucket": "papers"},
        {"mode": "sweep", "bucket": "papers"},
        {"mode": "delete", "bucket": "papers"},
        {"source": "aws.s3", "detail-type": "AWS API Call via CloudTrail"},
        {"source": "aws.s3", "detail-type": "Object Created", "detail": {}},
    ],
)
def test_anything_else_is_a_named_error(payload: object) -> None:
    """No event that is not understood is taken for one that is."""
    with pytest.raises(MalformedEventError):
        trigger.parse(payload, OWN)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["mode", "bucket", "source", "detail-type", "detail", "account", "resultToken"]
                )
                | st.text(max_size=5),
                inner | st.sampled_from(["report", "undo", "aws.s3", "aws.config"]),
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
def test_no_event_breaks_the_parser(payload: object) -> None:
    """Whatever comes is understood or a named error."""
    with contextlib.suppress(MalformedEventError, ForeignAccountError):
        trigger.parse(payload, OWN)
