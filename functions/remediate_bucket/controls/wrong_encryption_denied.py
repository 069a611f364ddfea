"""Nobody asks for a weaker encryption than the bucket's own."""

from __future__ import annotations

from functions.remediate_bucket import default_encryption, log_delivery, policy_document
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References
from functions.remediate_bucket.policy_statements import (
    Statement,
    conditions,
    covers_action,
    covers_everybody,
    covers_keys,
    is_deny,
)

SECTIONS = frozenset({Section.POLICY, Section.ENCRYPTION})

_HEADER = "s3:x-amz-server-side-encryption"
# By the bucket's default: what a client may name. Who names nothing gets the default.
_RIGHT = {
    default_encryption.SSE_KMS: [default_encryption.SSE_KMS, default_encryption.DSSE_KMS],
    default_encryption.DSSE_KMS: [default_encryption.DSSE_KMS],
}


def evaluate(state: BucketState, profile: Profile) -> Finding:
    """Judge whether the policy denies every encryption that is weaker than the default."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    if exempt := log_delivery.exemption(state, profile):
        return exempt
    algorithm = default_encryption.algorithm(state)
    if algorithm not in _RIGHT:
        return Finding.not_applicable(
            f"the default encryption is {algorithm or 'not set'}: a client cannot ask for less"
        )
    right = set(_RIGHT[algorithm])
    if any(_denies_wrong(one, state, right) for one in policy_document.statements(state)):
        return Finding.compliant("the policy denies every weaker encryption")
    advice = policy_document.obstacle(state, _statement(state))
    return Finding.non_compliant("the policy does not deny a weaker encryption", advice)


def plan(state: BucketState, _profile: Profile) -> tuple[Call, ...]:
    """Merge the statement that denies uploads which name another encryption."""
    return policy_document.merge(state, _statement(state))


def _statement(state: BucketState) -> Statement:
    return {
        "Sid": f"{policy_document.OWNED_PREFIX}DenyWrongEncryption",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"{state.arn}/*",
        "Condition": {
            "StringNotEquals": {_HEADER: _RIGHT[str(default_encryption.algorithm(state))]},
            # Without this, clients that leave the choice to the bucket would be denied as well.
            "Null": {_HEADER: "false"},
        },
    }


def _denies_wrong(statement: Statement, state: BucketState, right: set[str]) -> bool:
    unequal = {"stringnotequals", "stringnotequalsifexists"}
    return (
        is_deny(statement)
        and covers_everybody(statement)
        and covers_action(statement, "s3:PutObject")
        and covers_keys(statement, state.arn)
        and all(
            condition.key == _HEADER
            and (
                (condition.operator in unequal and set(condition.values) <= right)
                or (condition.operator == "null" and condition.values == ("false",))
            )
            for condition in conditions(statement)
        )
    )


CONTROL = Control(
    id="wrong-encryption-denied",
    title="Uploads that name a weaker encryption are denied",
    mode=Mode.OPT_IN,
    references=References(),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutBucketPolicy"}),
)
