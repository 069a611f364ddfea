"""What the policies decide about requests, before and after: the wrong ones are denied, no others.

The requests are put to a simulator of policies that shares nothing with the controls.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from hypothesis import given, settings

from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Compliance, Control, Profile
from functions.remediate_bucket.controls import (
    log_target_healthy,
    no_risky_cross_account_actions,
    tls_1_2_or_later,
    tls_only,
    wrong_encryption_denied,
)
from functions.remediate_bucket.policy_statements import as_list
from tests.unit.remediate_bucket import buckets, fake_s3, strategies
from tests.unit.remediate_bucket.policy_simulator import Decision, Request, decide

SSE = "s3:x-amz-server-side-encryption"
NOW = {"aws:securetransport": "true", "s3:tlsversion": "1.3", "aws:sourceip": "203.0.113.9"}
STRANGER = frozenset[tuple[str, str]]()
COLLEAGUE = frozenset({("AWS", buckets.ACCOUNT), ("AWS", f"arn:aws:iam::{buckets.ACCOUNT}:root")})
FOREIGNER = frozenset({("AWS", f"arn:aws:iam::{buckets.OTHER_ACCOUNT}:role/reader")})
SERVICE = frozenset({("Service", "logging.s3.amazonaws.com")})
ACCOUNTS = {COLLEAGUE: buckets.ACCOUNT, FOREIGNER: buckets.OTHER_ACCOUNT}
ON_OBJECTS = ("s3:GetObject", "s3:PutObject", "s3:PutObjectAcl", "s3:AbortMultipartUpload")
ON_BUCKETS = (
    "s3:ListBucket",
    "s3:PutBucketPolicy",
    "s3:PutBucketAcl",
    "s3:DeleteBucketPolicy",
    "s3:PutEncryptionConfiguration",
)
RISKY = {
    "s3:PutObjectAcl",
    "s3:PutBucketPolicy",
    "s3:PutBucketAcl",
    "s3:DeleteBucketPolicy",
    "s3:PutEncryptionConfiguration",
}


def requests(state: BucketState, **changes: str | None) -> Iterable[Request]:
    """All kinds of people do all kinds of things, in a context with some keys changed."""
    arn = state.arn
    targets = [(one, f"{arn}/{key}") for one in ON_OBJECTS for key in ("a", "in/b", "*", "?")]
    targets += [(one, arn) for one in ON_BUCKETS]
    for (action, resource), names in itertools.product(
        targets, (STRANGER, COLLEAGUE, FOREIGNER, SERVICE)
    ):
        context: dict[str, str | None] = dict(NOW)
        if names:
            context["aws:principalisawsservice"] = "true" if names is SERVICE else "false"
        if names in ACCOUNTS:
            context["aws:principalaccount"] = ACCOUNTS[names]
        changed = {key.replace("__", ":").replace("_", "-"): one for key, one in changes.items()}
        full = {key: one for key, one in {**context, **changed}.items() if one is not None}
        yield Request(action, resource, names, full)


def after(control: Control, state: BucketState, profile: Profile) -> BucketState:
    """Return the bucket as the control leaves it."""
    if control.evaluate(state, profile).compliance is Compliance.NON_COMPLIANT:
        for call in control.plan(state, profile):
            state = fake_s3.apply(state, call)
    return state


def is_compliant(control: Control, state: BucketState, profile: Profile) -> bool:
    """Tell whether the control vouches for the bucket."""
    return control.evaluate(state, profile).compliance is Compliance.COMPLIANT


def decisions(state: BucketState, asked: Iterable[Request]) -> list[Decision]:
    """Return what the bucket's policy decides about each request."""
    return [decide(state.known(Section.POLICY), one) for one in asked]


def before(state: BucketState, done: BucketState) -> BucketState:
    """Return the bucket without the statement of ours that somebody altered and we replaced."""
    policy = dict(state.known(Section.POLICY) or {})
    found = as_list((done.known(Section.POLICY) or {}).get("Statement"))
    policy["Statement"] = [
        one
        for one in as_list(policy.get("Statement"))
        if not one.get("Sid", "").startswith("Tidegate") or fake_s3.normal_statement(one) in found
    ]
    return state if done is state else buckets.with_section(state, Section.POLICY, policy)


@settings(max_examples=100, deadline=None)
@given(strategies.states(), strategies.profiles())
def test_bucket_reached_over_tls_only_denies_plain_http_and_nothing_new(
    state: BucketState, profile: Profile
) -> None:
    """Where the control vouches, every plain request is denied; over TLS all stays as it was."""
    done = after(tls_only.CONTROL, state, profile)
    if is_compliant(tls_only.CONTROL, done, profile):
        plain = requests(done, aws__securetransport="false", s3__tlsversion=None)
        assert set(decisions(done, plain)) == {Decision.DENIED}
    assert decisions(done, requests(done)) == decisions(before(state, done), requests(state))


@settings(max_examples=100, deadline=None)
@given(strategies.states(), strategies.profiles())
def test_bucket_of_tls_1_2_denies_older_tls_and_nothing_new(
    state: BucketState, profile: Profile
) -> None:
    """Where the control vouches, TLS 1.0 and 1.1 are denied; 1.2 and 1.3 stay as they were."""
    done = after(tls_1_2_or_later.CONTROL, state, profile)
    if is_compliant(tls_1_2_or_later.CONTROL, done, profile):
        for version in ("1.0", "1.1"):
            old = requests(done, s3__tlsversion=version)
            assert set(decisions(done, old)) == {Decision.DENIED}
    for version in ("1.2", "1.3"):
        new = list(requests(done, s3__tlsversion=version))
        assert decisions(done, new) == decisions(before(state, done), new)


@settings(max_examples=100, deadline=None)
@given(strategies.states(), strategies.profiles())
def test_risky_actions_are_left_to_the_account_alone(state: BucketState, profile: Profile) -> None:
    """Strangers and other accounts get none that is not spared; all others keep what they had."""
    control = no_risky_cross_account_actions.CONTROL
    done = after(control, state, profile)
    unwanted = RISKY - profile.allowed_external_actions
    unchanged = before(state, done)
    for request in requests(done):
        before_it = decide(unchanged.known(Section.POLICY), request)
        after_it = decide(done.known(Section.POLICY), request)
        if request.action in unwanted and request.names in (STRANGER, FOREIGNER):
            if is_compliant(control, done, profile):
                assert after_it is not Decision.ALLOWED
        else:
            assert after_it is before_it


@settings(max_examples=100, deadline=None)
@given(strategies.states(), strategies.profiles())
def test_wrong_encryption_is_denied_and_the_default_is_not(
    state: BucketState, profile: Profile
) -> None:
    """Who names a weaker one is denied; who names none, or a stronger one, is not because of us."""
    control = wrong_encryption_denied.CONTROL
    done = after(control, state, profile)
    weaker = list(requests(done, s3__x_amz_server_side_encryption="AES256"))
    if is_compliant(control, done, profile):
        puts = [one for one in weaker if one.action == "s3:PutObject"]
        assert set(decisions(done, puts)) == {Decision.DENIED}
    same = [*requests(done), *requests(done, s3__x_amz_server_side_encryption="aws:kms:dsse")]
    assert decisions(done, same) == decisions(before(state, done), same)


@settings(max_examples=150, deadline=None)
@given(strategies.states(), strategies.profiles())
def test_healthy_log_target_lets_every_source_in(state: BucketState, profile: Profile) -> None:
    """Where the control vouches, S3's log delivery is allowed, by the policy or by the ACL."""
    control = log_target_healthy.CONTROL
    done = after(control, state, profile)
    if not is_compliant(control, done, profile):
        return
    grants = (done.known(Section.ACL) or {})["Grants"]
    by_acl = any(grant["Grantee"].get("URI") == buckets.LOG_DELIVERY for grant in grants)
    for source, prefix in (done.access_log_sources or {}).items():
        context = {
            "aws:securetransport": "true",
            "s3:tlsversion": "1.3",
            "aws:principalisawsservice": "true",
            "aws:sourceaccount": buckets.ACCOUNT,
            "aws:sourcearn": f"arn:aws:s3:::{source}",
        }
        log = Request("s3:PutObject", f"{done.arn}/{prefix}2026-01-01-ABC", SERVICE, context)
        decision = decide(done.known(Section.POLICY), log)
        assert decision is Decision.ALLOWED or (by_acl and decision is Decision.SILENT)
