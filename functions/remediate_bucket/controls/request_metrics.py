"""CloudWatch counts the bucket's requests and errors."""

from __future__ import annotations

from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.configurations import OWNED_ID, configurations, obstacle
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References

SECTIONS = frozenset({Section.METRICS})


def evaluate(state: BucketState, _profile: Profile) -> Finding:
    """Judge whether any configuration counts the requests of the whole bucket."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    if any(not one.get("Filter") for one in configurations(state, Section.METRICS)):
        return Finding.compliant("the requests of the whole bucket are counted")
    advice = obstacle(state, Section.METRICS)
    return Finding.non_compliant("the requests of the whole bucket are not counted", advice)


def plan(state: BucketState, _profile: Profile) -> tuple[Call, ...]:
    """Count the requests of the whole bucket."""
    if obstacle(state, Section.METRICS):
        return ()
    arguments = {"Id": OWNED_ID, "MetricsConfiguration": {"Id": OWNED_ID}}
    return (Call(Section.METRICS, "put_bucket_metrics_configuration", arguments),)


CONTROL = Control(
    id="request-metrics",
    title="Requests are counted",
    mode=Mode.OPT_IN,
    references=References(),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutMetricsConfiguration"}),
)
