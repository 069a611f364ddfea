"""Statements are read as IAM reads them, and where that is in doubt, on the safe side."""

from __future__ import annotations

from typing import Any

import pytest

from functions.remediate_bucket.policy_conditions import Context, hold
from functions.remediate_bucket.policy_statements import (
    Condition,
    conditions,
    is_public,
    matches,
    reaches_actions,
    reaches_keys,
)

ARN = "arn:aws:s3:::papers"
CONTEXT = Context(
    {"s3:tlsversion": "1.2", "aws:principalisawsservice": "true", "aws:sourcearn": f"{ARN}"},
    frozenset({"aws:sourceip", "aws:principalorgid"}),
)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("s3:Get*", "s3:GetObject", True),
        ("*", "", True),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a.c", "abc", False),
        ("a[b]c", "abc", False),
        ("a*", "a\nb", True),
        ("a*c", "ab", False),
    ],
)
def test_pattern_knows_two_wildcards_and_no_other(pattern: str, text: str, expected: bool) -> None:
    """A star and a question mark; everything else is itself."""
    assert matches(pattern, text) is expected


def test_condition_values_become_text() -> None:
    """JSON's booleans and numbers, alone or listed, compare as IAM's text."""
    statement = {"Condition": {"Bool": {"aws:SecureTransport": False}, "Null": {"a": ["true"]}}}
    assert conditions(statement) == (
        Condition("bool", "aws:securetransport", ("false",)),
        Condition("null", "a", ("true",)),
    )
    assert conditions({"Condition": None}) == ()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, True),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, False),
        ({"IpAddress": {"aws:SourceIp": ["203.0.113.9", "2001:db8::/32"]}}, False),
        ({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/1"]}}, True),
        ({"IpAddress": {"aws:SourceIp": "everywhere"}}, True),
        ({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/r-1/ou-1/"}}, False),
        ({"StringLike": {"aws:PrincipalOrgID": "o-*"}}, True),
        ({"StringLike": {"aws:PrincipalOrgID": ["o-1", "o-2*"]}}, True),
        ({"StringEquals": {"aws:userid": "${aws:userid}"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}, True),
        ({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}, True),
        ({"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}, True),
        ({"StringEquals": {"aws:Referer": "https://example.com"}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
    ],
)
def test_condition_with_a_fixed_value_makes_a_statement_private(
    condition: dict[str, Any], expected: bool
) -> None:
    """As S3 itself judges: a fixed account, network or address; not a pattern, not a header."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Condition": condition}
    assert is_public(statement) is expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"Principal": {"AWS": ["111122223333", "*"]}}, True),
        ({"Principal": {"AWS": "111122223333"}}, False),
        ({"Principal": {"Service": "logging.s3.amazonaws.com"}}, False),
        ({"Effect": "Deny"}, False),
    ],
)
def test_public_statement_allows_everybody(change: dict[str, Any], expected: bool) -> None:
    """Everybody by name; a Deny gives nothing to anybody."""
    assert is_public({"Effect": "Allow", "Principal": "*", **change}) is expected


def test_all_but_some_is_everybody() -> None:
    """NotPrincipal with Allow leaves out a few and lets in the world."""
    assert is_public({"Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"}})


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"Action": "s3:GetObject"}, True),
        ({"Action": ["s3:put*", "S3:G*"]}, True),
        ({"Action": "*"}, True),
        ({"Action": "s3:G"}, False),
        ({"Action": ["s3:Put*"]}, False),
        ({"NotAction": "s3:GetObject"}, True),
        ({"NotAction": ["s3:Get*"]}, False),
        ({"NotAction": ["s3:Put*", "s3:Get*"]}, False),
        ({"NotAction": ["s3:Get?"]}, True),
    ],
)
def test_kind_of_action_is_reached_by_name_pattern_or_omission(
    statement: dict[str, Any], expected: bool
) -> None:
    """What might be meant is counted."""
    assert reaches_actions(statement, "s3:Get") is expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"Resource": f"{ARN}/*"}, True),
        ({"Resource": f"{ARN}/logs/2026"}, True),
        ({"Resource": f"{ARN}/l*"}, True),
        ({"Resource": f"{ARN}/${{aws:userid}}/*"}, True),
        ({"Resource": ARN}, False),
        ({"Resource": f"{ARN}/other/*"}, False),
        ({"NotResource": f"{ARN}/logs/*"}, False),
        ({"NotResource": f"{ARN}/logs/one"}, True),
    ],
)
def test_keys_are_reached_by_pattern_or_omission(statement: dict[str, Any], expected: bool) -> None:
    """What might be meant is counted, policy variables as anything."""
    assert reaches_keys(statement, ARN, "logs/") is expected


@pytest.mark.parametrize(
    ("operator", "key", "values", "expected"),
    [
        ("bool", "aws:principalisawsservice", ("True",), True),
        ("bool", "aws:principalisawsservice", ("false",), False),
        ("numericequals", "s3:tlsversion", ("1.20",), True),
        ("numericlessthan", "s3:tlsversion", ("1.2",), False),
        ("numericlessthanequals", "s3:tlsversion", ("1.2",), True),
        ("numericgreaterthan", "s3:tlsversion", ("1.2", "1.1"), True),
        ("numericgreaterthan", "s3:tlsversion", ("1.2",), False),
        ("numericgreaterthanequals", "s3:tlsversion", ("1.3",), False),
        ("numericnotequals", "s3:tlsversion", ("1.2",), False),
        ("numericlessthan", "s3:tlsversion", ("new",), None),
        ("stringequals", "s3:tlsversion", ("1.1", "1.2"), True),
        ("stringnotequals", "s3:tlsversion", ("1.1", "1.2"), False),
        ("stringnotlike", "s3:tlsversion", ("2.*",), True),
        ("stringequalsignorecase", "aws:sourcearn", (ARN.upper(),), True),
        ("stringequals", "aws:sourcearn", (ARN.upper(),), False),
        ("arnlike", "aws:sourcearn", ("arn:aws:s3:::pap*",), True),
        ("arnnotequals", "aws:sourcearn", (ARN,), False),
        ("stringequals", "aws:sourcearn", ("${aws:userid}",), None),
        ("stringequals", "aws:sourcearn", ("other", "${aws:userid}"), None),
        ("null", "s3:tlsversion", ("false",), True),
        ("null", "aws:sourceip", ("true",), True),
        ("null", "aws:sourceip", ("false",), False),
        ("null", "aws:sourceip", (), None),
        ("ipaddress", "aws:sourceip", ("203.0.113.0/24",), False),
        ("notipaddress", "aws:sourceip", ("203.0.113.0/24",), True),
        ("ipaddressifexists", "aws:sourceip", ("203.0.113.0/24",), True),
        ("stringnotequals", "aws:principalorgid", ("o-1",), True),
        ("foranyvalue:stringnotequals", "aws:principalorgid", ("o-1",), False),
        ("forallvalues:stringequals", "aws:principalorgid", ("o-1",), True),
        ("dategreaterthan", "s3:tlsversion", ("2030-01-01",), None),
        ("stringequals", "aws:sourceorgid", ("o-1",), None),
    ],
)
def test_condition_holds_fails_or_cannot_be_told(
    operator: str, key: str, values: tuple[str, ...], expected: bool | None
) -> None:
    """By IAM's rules for keys that are there and that are not; the rest stays open."""
    assert hold([Condition(operator, key, values)], CONTEXT) is expected


def test_all_conditions_must_hold() -> None:
    """One that fails settles it, whatever the open ones say."""
    true = Condition("null", "aws:sourceip", ("true",))
    false = Condition("null", "aws:sourceip", ("false",))
    unclear = Condition("stringequals", "aws:sourceorgid", ("o-1",))
    assert hold([], CONTEXT) is True
    assert hold([true, unclear, false], CONTEXT) is False
    assert hold([true, unclear], CONTEXT) is None
    assert hold([true, true], CONTEXT) is True
