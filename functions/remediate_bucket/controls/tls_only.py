"""Every request comes over TLS."""

from __future__ import annotations

from functions.remediate_bucket import policy_document
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References
from functions.remediate_bucket.policy_statements import Statement, conditions

SECTIONS = frozenset({Section.POLICY, Section.WEBSITE})


def evaluate(state: BucketState, _profile: Profile) -> Finding:
    """Judge whether plain HTTP is denied to all; a website's endpoint speaks nothing else."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    if state.known(Section.WEBSITE) is not None:
        return Finding.not_applicable("the bucket is a website, which S3 serves over plain HTTP")
    if policy_document.denies_all(state, _concerns_plain_http):
        return Finding.compliant("the policy denies plain HTTP")
    advice = policy_document.obstacle(state, _statement(state))
    return Finding.non_compliant("the policy does not deny plain HTTP", advice)


def plan(state: BucketState, _profile: Profile) -> tuple[Call, ...]:
    """Merge the statement that denies plain HTTP into the policy."""
    return policy_document.merge(state, _statement(state))


def _statement(state: BucketState) -> Statement:
    return {
        "Sid": f"{policy_document.OWNED_PREFIX}DenyInsecureTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": policy_document.resources(state),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _concerns_plain_http(statement: Statement) -> bool:
    # Any further condition would let some plain HTTP through.
    return all(
        condition.key == "aws:securetransport"
        and condition.operator in {"bool", "boolifexists"}
        and "false" in [value.lower() for value in condition.values]
        for condition in conditions(statement)
    )


CONTROL = Control(
    id="tls-only",
    title="The bucket is reached over TLS only",
    mode=Mode.AUTOMATIC,
    references=References("S3.5", "2.1.1", "S3_BUCKET_SSL_REQUESTS_ONLY"),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutBucketPolicy"}),
)
