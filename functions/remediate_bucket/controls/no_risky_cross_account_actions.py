"""Nobody from another account may change who reaches the bucket, or how it is encrypted."""

from __future__ import annotations

from functions.remediate_bucket import policy_document
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References
from functions.remediate_bucket.policy_statements import (
    Condition,
    Statement,
    conditions,
    covers_action,
    covers_bucket,
    covers_everybody,
    covers_keys,
    fixes,
    is_allow,
    is_deny,
    principals,
    reaches_action,
)

SECTIONS = frozenset({Section.POLICY})

# https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html#s3-6
RISKY_ACTIONS = (
    "s3:DeleteBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutBucketPolicy",
    "s3:PutEncryptionConfiguration",
    "s3:PutObjectAcl",
)
_OWN_ACCOUNT_KEYS = ("aws:principalaccount", "aws:sourceaccount")
_ACCOUNT_OF_ARN = 4


def evaluate(state: BucketState, profile: Profile) -> Finding:
    """Judge what the policy allows to others, and whether it denies it again."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    allowed = [
        action
        for action in _unwanted(profile)
        if any(_gives_away(one, action, state) for one in policy_document.statements(state))
    ]
    risky = [action for action in allowed if not _is_denied_again(action, state)]
    if not risky:
        return Finding.compliant("the policy gives other accounts no risky action")
    advice = policy_document.obstacle(state, _statement(state, profile))
    return Finding.non_compliant(f"other accounts may {', '.join(risky)}", advice)


def plan(state: BucketState, profile: Profile) -> tuple[Call, ...]:
    """Merge the statement that denies risky actions to other accounts into the policy."""
    return policy_document.merge(state, _statement(state, profile))


def _unwanted(profile: Profile) -> list[str]:
    spared = {action.lower() for action in profile.allowed_external_actions}
    return [action for action in RISKY_ACTIONS if action.lower() not in spared]


def _statement(state: BucketState, profile: Profile) -> Statement:
    return {
        "Sid": f"{policy_document.OWNED_PREFIX}DenyRiskyCrossAccountActions",
        "Effect": "Deny",
        "Principal": "*",
        "Action": _unwanted(profile),
        "Resource": policy_document.resources(state),
        "Condition": {
            "StringNotEquals": {"aws:PrincipalAccount": state.account_id},
            # IfExists: strangers who sign nothing lack the key, and are no service.
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    }


def _gives_away(statement: Statement, action: str, state: BucketState) -> bool:
    return (
        is_allow(statement)
        and reaches_action(statement, action)
        and (
            "NotPrincipal" in statement
            or any(_is_foreign(kind, name, state) for kind, name in principals(statement))
        )
        and not any(
            fixes(condition, key, state.account_id)
            for condition in conditions(statement)
            for key in _OWN_ACCOUNT_KEYS
        )
    )


def _is_foreign(kind: str, name: str, state: BucketState) -> bool:
    if kind == "Service":
        return False
    parts = name.split(":")
    account = parts[_ACCOUNT_OF_ARN] if len(parts) > _ACCOUNT_OF_ARN else name
    return account != state.account_id


def _is_denied_again(action: str, state: BucketState) -> bool:
    denials = [
        one
        for one in policy_document.statements(state)
        if is_deny(one)
        and covers_everybody(one)
        and covers_action(one, action)
        and all(_spares_no_foreigner(condition, state) for condition in conditions(one))
    ]
    # The one is an action on objects, the others are on the bucket.
    if action == "s3:PutObjectAcl":
        return any(covers_keys(one, state.arn) for one in denials)
    return any(covers_bucket(one, state.arn) for one in denials)


def _spares_no_foreigner(condition: Condition, state: BucketState) -> bool:
    return condition in {
        Condition("stringnotequals", "aws:principalaccount", (state.account_id,)),
        Condition("stringnotequalsifexists", "aws:principalaccount", (state.account_id,)),
        Condition("boolifexists", "aws:principalisawsservice", ("false",)),
    }


CONTROL = Control(
    id="no-risky-cross-account-actions",
    title="Other accounts cannot change the bucket's policy, ACLs or encryption",
    mode=Mode.OPT_IN,
    references=References("S3.6", None, "S3_BUCKET_BLACKLISTED_ACTIONS_PROHIBITED"),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutBucketPolicy"}),
)
