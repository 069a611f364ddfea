"""Every request over TLS uses version 1.2 or later."""

from __future__ import annotations

from functions.remediate_bucket import policy_document
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References
from functions.remediate_bucket.policy_statements import Statement, conditions

SECTIONS = frozenset({Section.POLICY})

_MINIMUM = "1.2"


def evaluate(state: BucketState, _profile: Profile) -> Finding:
    """Judge whether older versions are denied to all."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    if policy_document.denies_all(state, _concerns_old_tls):
        return Finding.compliant(f"the policy denies TLS before {_MINIMUM}")
    advice = policy_document.obstacle(state, _statement(state))
    return Finding.non_compliant(f"the policy does not deny TLS before {_MINIMUM}", advice)


def plan(state: BucketState, _profile: Profile) -> tuple[Call, ...]:
    """Merge the statement that denies older versions into the policy."""
    return policy_document.merge(state, _statement(state))


def _statement(state: BucketState) -> Statement:
    return {
        "Sid": f"{policy_document.OWNED_PREFIX}DenyOldTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": policy_document.resources(state),
        "Condition": {"NumericLessThan": {"s3:TlsVersion": _MINIMUM}},
    }


def _concerns_old_tls(statement: Statement) -> bool:
    # Any further condition would let some old TLS through.
    return all(
        condition.key == "s3:tlsversion"
        and condition.operator in {"numericlessthan", "numericlessthanifexists"}
        and any(_is_enough(value) for value in condition.values)
        for condition in conditions(statement)
    )


def _is_enough(value: str) -> bool:
    try:
        return float(value) >= float(_MINIMUM)
    except ValueError:
        return False


CONTROL = Control(
    id="tls-1-2-or-later",
    title="TLS is of version 1.2 or later",
    mode=Mode.OPT_IN,
    references=References(),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutBucketPolicy"}),
)
