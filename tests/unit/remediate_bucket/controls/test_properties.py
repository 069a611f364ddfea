"""What holds for every control on every bucket: it settles, loses nothing and presumes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Compliance, Control, Finding, Profile
from functions.remediate_bucket.controls import ALL
from functions.remediate_bucket.policy_statements import as_list
from tests.unit.remediate_bucket import buckets, fake_s3, strategies

# One PUT of a policy shows S3's judgement of it in another section.
SHOWN_ELSEWHERE = {Section.POLICY: {Section.POLICY_STATUS}}


def remedied(control: Control, state: BucketState, profile: Profile) -> BucketState:
    """Return the bucket after the control was applied; the same where it plans nothing."""
    if control.evaluate(state, profile).compliance is not Compliance.NON_COMPLIANT:
        return state
    for call in control.plan(state, profile):
        state = fake_s3.apply(state, call)
    return state


@settings(max_examples=150, deadline=None)
@given(strategies.states(), strategies.profiles())
def test_plan_makes_the_bucket_compliant_and_is_not_asked_again(
    state: BucketState, profile: Profile
) -> None:
    """S3 takes every call, and finds the control content with what S3 made of it."""
    for control in ALL:
        finding = control.evaluate(state, profile)
        assert finding.reason, control.id
        if finding.compliance is not Compliance.NON_COMPLIANT:
            assert finding.advice is None, control.id
            continue
        calls = control.plan(state, profile)
        # Either there is a way from here, or a person is told another.
        assert bool(calls) != bool(finding.advice), control.id
        if calls:
            after = control.evaluate(remedied(control, state, profile), profile)
            assert after.compliance is Compliance.COMPLIANT, (control.id, after.reason)


@settings(max_examples=150, deadline=None)
@given(strategies.states(), strategies.profiles())
def test_nothing_of_others_is_lost(state: BucketState, profile: Profile) -> None:
    """Every statement, rule, tag, target and configuration of somebody else is still there."""
    for control in ALL:
        after = remedied(control, state, profile)
        touched = (
            {call.section for call in control.plan(state, profile)} if after != state else set()
        )
        for section in Section:
            before_it, after_it = state.known(section), after.known(section)
            if section in touched:
                assert kept(section, before_it) <= kept(section, after_it), control.id
            elif not any(section in SHOWN_ELSEWHERE.get(one, set()) for one in touched):
                assert after_it == before_it, control.id


@settings(max_examples=150, deadline=None)
@given(strategies.states(), strategies.profiles())
def test_all_controls_together_settle(state: BucketState, profile: Profile) -> None:
    """No control undoes another's work: after one round of all, nobody has anything to do."""
    for control in ALL:
        state = remedied(control, state, profile)
    # Some conditions of one control are another's result, so that a second round may still act.
    for control in ALL:
        state = remedied(control, state, profile)
    settled = state
    for control in ALL:
        settled = remedied(control, settled, profile)
        assert settled == state, control.id


@settings(max_examples=150, deadline=None)
@given(strategies.states(), strategies.profiles(), st.sampled_from(Section))
def test_unreadable_section_never_counts_as_compliant(
    state: BucketState, profile: Profile, section: Section
) -> None:
    """Whoever judges what could not be read says UNKNOWN; all others judge as before."""
    blind = buckets.denied(state, section)
    for control in ALL:
        finding = control.evaluate(blind, profile)
        if section in control.sections:
            expected = Finding(Compliance.UNKNOWN, f"{section}: AccessDenied")
            assert finding == expected, control.id
        else:
            before = control.evaluate(state, profile).compliance
            assert finding.compliance is before, control.id


@settings(max_examples=100, deadline=None)
@given(strategies.states(), strategies.profiles())
def test_sections_are_all_that_a_control_judges(state: BucketState, profile: Profile) -> None:
    """With nothing but its sections read, a control comes to the same compliance."""
    for control in ALL:
        settings_read = {name: state.settings[name] for name in control.sections}
        seen = BucketState(
            state.name,
            state.region,
            state.account_id,
            settings_read,
            state.is_log_target,
            state.access_log_sources,
        )
        assert (
            control.evaluate(seen, profile).compliance
            is control.evaluate(state, profile).compliance
        ), control.id


@given(strategies.states(), strategies.profiles())
@settings(max_examples=100, deadline=None)
def test_judging_and_planning_change_nothing(state: BucketState, profile: Profile) -> None:
    """Both are pure: the state is as before, and the answer the same."""
    before = repr(state)
    for control in ALL:
        finding = control.evaluate(state, profile)
        assert control.evaluate(state, profile) == finding
        if finding.compliance is Compliance.NON_COMPLIANT:
            assert control.plan(state, profile) == control.plan(state, profile)
    assert repr(state) == before


def kept(section: Section, setting: Mapping[str, Any] | None) -> set[str]:
    """Return what others configured in a section, piece by piece."""
    return {
        json.dumps(piece, sort_keys=True, default=str) for piece in _pieces(section, setting or {})
    }


def _pieces(section: Section, setting: Mapping[str, Any]) -> list[Any]:
    # Versioning, ownership, logging and Object Lock hold one choice, which is made anew.
    pieces = _PIECES.get(section)
    return pieces(setting) if pieces else []


def _statement_pieces(setting: Mapping[str, Any]) -> list[Any]:
    statements = as_list(setting.get("Statement"))
    theirs = [one for one in statements if not one.get("Sid", "").startswith("Tidegate")]
    around = [(name, setting[name]) for name in ("Version", "Id") if name in setting]
    return [*map(fake_s3.normal_statement, theirs), *around]


def _rule_pieces(setting: Mapping[str, Any]) -> list[Any]:
    theirs = [one for one in setting.get("Rules", ()) if not one["ID"].startswith("tidegate-")]
    # Both forms of an empty filter say the same.
    scopes = [one.get("Filter") for one in theirs]
    rules = [
        {**rule, "Filter": {}} if scope == {"Prefix": ""} else rule
        for rule, scope in zip(theirs, scopes, strict=True)
    ]
    return [*rules, *([setting["TransitionDefaultMinimumObjectSize"]] if setting else [])]


def _configuration_pieces(setting: Mapping[str, Any]) -> list[Any]:
    return [one for one in setting["Configurations"] if one["Id"] != "tidegate"]


def _blocks_on(setting: Mapping[str, Any]) -> list[Any]:
    return [name for name, on in setting.items() if on]


def _key_pieces(setting: Mapping[str, Any]) -> list[Any]:
    rule = setting["Rules"][0] if setting else {}
    by_default = rule.get("ApplyServerSideEncryptionByDefault", {})
    # SSE-S3 gives way to KMS; a key that somebody chose stays, and so does what is on or blocked.
    blocked = rule.get("BlockedEncryptionTypes", {}).get("EncryptionType", [])
    return [
        *([by_default] if by_default.get("SSEAlgorithm", "AES256") != "AES256" else []),
        *(["bucket key"] if rule.get("BucketKeyEnabled") else []),
        *(kind for kind in blocked if kind != "NONE"),
    ]


_PIECES: Mapping[Section, Callable[[Mapping[str, Any]], list[Any]]] = {
    Section.POLICY: _statement_pieces,
    Section.LIFECYCLE: _rule_pieces,
    Section.TAGS: lambda setting: list(setting["Tags"].items()),
    Section.NOTIFICATION: lambda setting: [
        (kind, one) for kind, told in setting.items() for one in as_list(told)
    ],
    Section.INTELLIGENT_TIERING: _configuration_pieces,
    Section.INVENTORY: _configuration_pieces,
    Section.METRICS: _configuration_pieces,
    Section.PUBLIC_ACCESS_BLOCK: _blocks_on,
    Section.ACCOUNT_PUBLIC_ACCESS_BLOCK: _blocks_on,
    Section.ENCRYPTION: _key_pieces,
}
