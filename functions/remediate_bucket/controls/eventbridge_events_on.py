"""S3 tells EventBridge what happens in the bucket."""

from __future__ import annotations

from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References

SECTIONS = frozenset({Section.NOTIFICATION})

_EVENT_BRIDGE = "EventBridgeConfiguration"
_KINDS = (
    "TopicConfigurations",
    "QueueConfigurations",
    "LambdaFunctionConfigurations",
)


def evaluate(state: BucketState, _profile: Profile) -> Finding:
    """Judge whether EventBridge is told; topics, queues and functions are others' business."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    # Present is on: it has no members.
    if _EVENT_BRIDGE in (state.known(Section.NOTIFICATION) or {}):
        return Finding.compliant("events go to EventBridge")
    return Finding.non_compliant("events do not go to EventBridge")


def plan(state: BucketState, _profile: Profile) -> tuple[Call, ...]:
    """Turn EventBridge on beside all the topics, queues and functions that are told already."""
    notification = state.known(Section.NOTIFICATION) or {}
    kept = {kind: notification[kind] for kind in _KINDS if kind in notification}
    arguments = {
        "NotificationConfiguration": {**kept, _EVENT_BRIDGE: {}},
        # They were validated when they were set: no test events, and no failure over a dead one.
        "SkipDestinationValidation": True,
    }
    return (Call(Section.NOTIFICATION, "put_bucket_notification_configuration", arguments),)


CONTROL = Control(
    id="eventbridge-events-on",
    title="Events go to EventBridge",
    mode=Mode.OPT_IN,
    references=References("S3.11", None, "S3_EVENT_NOTIFICATIONS_ENABLED"),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutBucketNotification"}),
)
