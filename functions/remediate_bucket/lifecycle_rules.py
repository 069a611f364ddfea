"""A bucket's lifecycle: one rule of ours merged by its ID, all others as they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call

type Rule = Mapping[str, Any]

# https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
MAX_RULES = 1000


def rules(state: BucketState) -> tuple[Rule, ...]:
    """Return the bucket's lifecycle rules."""
    return tuple((state.known(Section.LIFECYCLE) or {}).get("Rules", ()))


def is_enabled(rule: Rule) -> bool:
    """Tell whether the rule is in force."""
    return rule.get("Status") == "Enabled"


def covers_bucket(rule: Rule) -> bool:
    """Tell whether the rule is for every object, in whichever form S3 wrote that down."""
    scope = rule.get("Filter")
    if scope is None:
        return not rule.get("Prefix")
    return all(name == "Prefix" and not value for name, value in scope.items())


def merge(state: BucketState, rule: Rule) -> tuple[Call, ...]:
    """Return the call that puts the rule in place; none where there is an obstacle.

    `rule` comes without its scope: it is for the whole bucket.
    """
    if obstacle(state, rule):
        return ()
    lifecycle = state.known(Section.LIFECYCLE) or {}
    arguments: dict[str, Any] = {"LifecycleConfiguration": {"Rules": _merged(state, rule)}}
    minimum = lifecycle.get("TransitionDefaultMinimumObjectSize")
    if minimum:
        # S3 sets its own default where the PUT does not say it again.
        arguments["TransitionDefaultMinimumObjectSize"] = minimum
    return (Call(Section.LIFECYCLE, "put_bucket_lifecycle_configuration", arguments),)


def obstacle(state: BucketState, rule: Rule) -> str | None:
    """Return what a person must do before the rule can be merged; None: nothing."""
    if len(_merged(state, rule)) > MAX_RULES:
        return f"remove a lifecycle rule: the bucket has the {MAX_RULES} that S3 takes"
    return None


def _merged(state: BucketState, rule: Rule) -> list[Rule]:
    kept = list(rules(state))
    others = [one for one in kept if one.get("ID") != rule["ID"]]
    # S3 refuses to mix rules that have a Filter with rules of the older form.
    is_older_form = any("Prefix" in one for one in others)
    scope: dict[str, Any] = {"Prefix": ""} if is_older_form else {"Filter": {"Prefix": ""}}
    scoped = {**rule, **scope}
    if len(others) == len(kept):
        return [*kept, scoped]
    return [scoped if one.get("ID") == rule["ID"] else one for one in kept]
