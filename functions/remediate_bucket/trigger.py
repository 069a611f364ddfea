"""Understands every event that asks for a bucket to be looked at, or to be put right.

Taken, each as a whole Lambda event or as the body of an SQS message:

- CloudTrail's calls that configure a bucket or the account, on EventBridge
- AWS Config's "Config Rules Compliance Change" and "Configuration Item Change", on EventBridge
- the invocation of a custom Config rule (directly from Config)
- {"mode": "report" | "plan" | "apply", "bucket": …, "controls": […], "force": …}, or
  `"account": true` in place of the bucket
- {"mode": "undo", "change": …, "force": …}
- {"mode": "report"} and {"mode": "sweep"}: all buckets, with the state of a run that goes on

Shapes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html,
https://docs.aws.amazon.com/config/latest/developerguide/monitor-config-with-cloudwatchevents.html,
https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_example-events.html.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from functions.remediate_bucket.errors import ForeignAccountError
from tidegate.errors import MalformedEventError

TAKEN = (
    "a CloudTrail event of a bucket's configuration, a Config event, a custom Config rule's "
    'invocation, or {"mode": "report" | "plan" | "apply" | "undo" | "sweep", …}'
)
# Stands for the account where a bucket's name would stand; no bucket can have this name.
ACCOUNT = "(account)"
# The kind of trigger that looks at all buckets, and reports on them itself.
SCHEDULE = "schedule"
# Old buckets of us-east-1 may have upper case, underscores and up to 255 characters.
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
_ACCOUNT_CALLS = frozenset({"PutAccountPublicAccessBlock", "DeleteAccountPublicAccessBlock"})
# By prefix: CloudTrail's names differ from the API's (PutBucketLifecycle), and new ones come.
_CALL_PREFIXES = ("CreateBucket", "PutBucket", "DeleteBucket", "PutObjectLockConfiguration")
_GONE = frozenset({"ResourceDeleted", "ResourceDeletedNotRecorded", "ResourceNotRecorded"})
_CLOUDFORMATION = "cloudformation.amazonaws.com"
_BUCKET_TYPE, _ACCOUNT_TYPE = "AWS::S3::Bucket", "AWS::::Account"


class RequestMode(StrEnum):
    """What is asked for. SWEEP is APPLY for all buckets, as far as the parameters let it."""

    REPORT = "report"
    PLAN = "plan"
    APPLY = "apply"
    UNDO = "undo"
    SWEEP = "sweep"


@dataclass(frozen=True, slots=True)
class Trigger:
    """Why something is done: by which event, and by whom as far as it says.

    `automatic`: nobody asked for it by name, so that the stack's parameters decide what is applied.
    """

    kind: str
    event: str
    id: str | None = None
    by: str | None = None
    automatic: bool = True


@dataclass(frozen=True, slots=True)
class BucketRequest:
    """Look at one bucket, or at ACCOUNT; `controls` None means all. `force`: see guards."""

    bucket: str
    mode: RequestMode
    trigger: Trigger
    controls: frozenset[str] | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class UndoRequest:
    """Put back what a change replaced."""

    change: str
    trigger: Trigger


@dataclass(frozen=True, slots=True)
class RunRequest:
    """Look at all buckets: REPORT, or SWEEP. `run` is None for a run that begins."""

    mode: RequestMode
    trigger: Trigger
    run: str | None = None


@dataclass(frozen=True, slots=True)
class RuleRequest:
    """Config asks for results: of one resource, or of all where `bucket` is None."""

    bucket: str | None
    gone: bool
    captured_at: datetime
    result_token: str
    controls: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Nothing:
    """The event was understood, and there is nothing to do."""

    reason: str


type Request = BucketRequest | UndoRequest | RunRequest | RuleRequest | Nothing


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this function is: its account, and the ARN of its role."""

    account_id: str
    role_arn: str


def parse_body(body: str, own: Identity) -> Request:
    """Return what an SQS message's body asks for. Raises as `parse` does."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedEventError(f"the message is not JSON; expected {TAKEN}") from error
    return parse(payload, own)


def parse(payload: object, own: Identity) -> Request:
    """Return what the event asks for.

    Raises MalformedEventError for anything else than the shapes above, ForeignAccountError for
    another account's event (neither is retried).
    """
    if not isinstance(payload, dict):
        raise MalformedEventError(f"the event is not a JSON object; expected {TAKEN}")
    try:
        return _parse(payload, own)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MalformedEventError(
            f"the event lacks or garbles {error}; expected {TAKEN}"
        ) from error


def _parse(payload: Mapping[str, Any], own: Identity) -> Request:
    if "mode" in payload:
        return _direct(payload)
    if "resultToken" in payload:
        _check_account(payload["accountId"], own)
        return _rule(payload)
    match payload.get("source"), payload.get("detail-type"):
        case "aws.s3" | "aws.s3control", "AWS API Call via CloudTrail":
            _check_account(payload["account"], own)
            return _call(payload, own)
        case "aws.config", "Config Rules Compliance Change":
            _check_account(payload["detail"]["awsAccountId"], own)
            return _compliance(payload)
        case "aws.config", "Config Configuration Item Change" | "Configuration Item Change":
            return _item(payload, own)
    raise MalformedEventError(f"the event is of no known shape; expected {TAKEN}")


def _check_account(account_id: object, own: Identity) -> None:
    if account_id != own.account_id:
        raise ForeignAccountError(
            f"the event is of account {account_id}, this function of {own.account_id}"
        )


def _direct(payload: Mapping[str, Any]) -> Request:
    mode = RequestMode(payload["mode"])
    trigger = Trigger("direct", f"mode {mode}", automatic=False)
    if mode is RequestMode.UNDO:
        _only(payload, "change")
        return UndoRequest(_text(payload["change"]), trigger)
    if mode is RequestMode.SWEEP or ("bucket" not in payload and "account" not in payload):
        if mode not in (RequestMode.SWEEP, RequestMode.REPORT):
            raise MalformedEventError(f'mode {mode} needs a "bucket"')
        _only(payload, "run")
        trigger = Trigger(SCHEDULE, f"mode {mode}")
        return RunRequest(mode, trigger, _text(payload["run"]) if "run" in payload else None)
    _only(payload, "bucket", "account", "controls", "force")
    force = payload.get("force", False)
    if not isinstance(force, bool) or payload.get("account", True) is not True:
        raise MalformedEventError('"force" and "account" are true or false')
    if "account" in payload and "bucket" in payload:
        raise MalformedEventError('ask for a "bucket" or for the "account"')
    return BucketRequest(
        bucket=ACCOUNT if "account" in payload else _bucket(payload["bucket"]),
        mode=mode,
        trigger=trigger,
        controls=_controls(payload.get("controls")),
        force=force,
    )


def _call(event: Mapping[str, Any], own: Identity) -> Request:
    detail = event["detail"]
    name = _text(detail["eventName"])
    who = detail.get("userIdentity") or {}
    issuer = ((who.get("sessionContext") or {}).get("sessionIssuer") or {}).get("arn")
    if issuer == own.role_arn:
        return Nothing("this function's own change")
    if detail.get("errorCode"):
        return Nothing(f"{name} failed with {detail['errorCode']}: nothing was changed")
    trigger = Trigger("cloudtrail", name, event.get("id"), who.get("arn") or who.get("invokedBy"))
    if name in _ACCOUNT_CALLS:
        return BucketRequest(ACCOUNT, RequestMode.APPLY, trigger)
    if name == "DeleteBucket":
        return Nothing("the bucket was deleted")
    if not name.startswith(_CALL_PREFIXES):
        raise MalformedEventError(f"{name} configures no bucket; expected {TAKEN}")
    buckets = [one for one in detail.get("resources") or () if one.get("type") == _BUCKET_TYPE]
    owner = next((one["accountId"] for one in buckets if one.get("accountId")), own.account_id)
    if owner != own.account_id:
        # Somebody of this account configured another account's bucket: both have the record.
        return Nothing(f"the bucket is account {owner}'s")
    named = (detail.get("requestParameters") or {}).get("bucketName")
    if named is None:
        # CloudTrail leaves out parameters that are too long, as those of many lifecycle rules.
        named = next((one["ARN"].partition(":::")[2] for one in buckets), None)
    # A stack that is being deployed: it would fail over a policy that it finds on its new bucket,
    # and the tags that say whose the bucket is may come after the call.
    by_stack = who.get("invokedBy") == _CLOUDFORMATION
    mode = RequestMode.PLAN if by_stack else RequestMode.APPLY
    return BucketRequest(_bucket(named), mode, trigger)


def _compliance(event: Mapping[str, Any]) -> Request:
    detail = event["detail"]
    compliance = _text(detail["newEvaluationResult"]["complianceType"])
    if compliance != "NON_COMPLIANT":
        return Nothing(f"Config says {compliance}")
    bucket = _resource(detail["resourceType"], detail["resourceId"])
    trigger = Trigger("config", _text(detail["configRuleName"]), event.get("id"))
    return BucketRequest(bucket, RequestMode.APPLY, trigger)


def _item(event: Mapping[str, Any], own: Identity) -> Request:
    item = _configuration_item(event["detail"])
    _check_account(item["awsAccountId"], own)
    if item["configurationItemStatus"] in _GONE:
        return Nothing("the bucket was deleted")
    bucket = _resource(item["resourceType"], item.get("resourceName") or item["resourceId"])
    trigger = Trigger("config", "configuration item", event.get("id"))
    return BucketRequest(bucket, RequestMode.APPLY, trigger)


def _rule(payload: Mapping[str, Any]) -> Request:
    event = json.loads(payload["invokingEvent"])
    parameters = json.loads(payload.get("ruleParameters") or "{}")
    named = parameters.get("controls")
    controls = _controls([name for name in re.split(r"[,\s]+", named) if name] if named else None)
    token = _text(payload["resultToken"])
    if event["messageType"] == "ScheduledNotification":
        at = datetime.fromisoformat(event["notificationCreationTime"])
        return RuleRequest(None, gone=False, captured_at=at, result_token=token, controls=controls)
    item = _configuration_item(event)
    return RuleRequest(
        bucket=_resource(item["resourceType"], item.get("resourceName") or item["resourceId"]),
        gone=bool(payload.get("eventLeftScope")) or item["configurationItemStatus"] in _GONE,
        captured_at=datetime.fromisoformat(item["configurationItemCaptureTime"]),
        result_token=token,
        controls=controls,
    )


def _configuration_item(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the item, or its summary where the item is too large for an event."""
    item = message.get("configurationItem") or message["configurationItemSummary"]
    if not isinstance(item, dict):
        raise TypeError("the configuration item")
    return item


def _resource(kind: object, name: object) -> str:
    if kind == _ACCOUNT_TYPE:
        return ACCOUNT
    if kind != _BUCKET_TYPE:
        raise MalformedEventError(f"{kind} is neither a bucket nor the account")
    return _bucket(name)


def _controls(value: object) -> frozenset[str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not value or not all(isinstance(x, str) for x in value):
        raise MalformedEventError('"controls" is a list of control ids')
    return frozenset(value)


def _only(payload: Mapping[str, Any], *names: str) -> None:
    unknown = payload.keys() - {"mode", *names}
    if unknown:
        raise MalformedEventError(f"unknown fields {sorted(unknown)}; expected {TAKEN}")


def _bucket(value: object) -> str:
    if not isinstance(value, str) or not _BUCKET.fullmatch(value):
        raise MalformedEventError(f"{value!r} is not the name of an S3 bucket")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"text in {value!r}")
    return value
