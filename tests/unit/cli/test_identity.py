"""Who asks, and under which names the session runs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.cli.fakes import ROLE
from tidegate_cli.errors import UsageError
from tidegate_cli.identity import Caller, Session, check_chaining


def session(**more: Any) -> Session:
    """A session with good names."""
    facts: dict[str, Any] = {
        "role_arn": ROLE,
        "external_id": "partner-7",
        "source_identity": "ada",
        "session_name": "ada",
        "seconds": 3600,
    }
    return Session(**(facts | more))


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:iam::1:user/ops/ada", "ada"),
        ("arn:aws:sts::1:assumed-role/Admin/ada@example.com", "ada@example.com"),
        ("arn:aws:sts::1:federated-user/ada", "ada"),
        ("arn:aws:iam::1:root", "root"),
        ("arn:aws:iam::1:user/x", "x-"),
        ("arn:aws:iam::1:user/" + "y" * 70, "y" * 64),
    ],
)
def test_name_of_caller_is_one_that_sts_takes(arn: str, name: str) -> None:
    """User or session, in the characters and the length of a source identity."""
    assert Caller(arn).name == name
    session(source_identity=Caller(arn).name)


@pytest.mark.parametrize(
    "wrong",
    [
        {"role_arn": "Partner"},
        {"role_arn": "arn:aws:iam::1:role/x"},
        {"external_id": "x"},
        {"external_id": "with space"},
        {"source_identity": "ada lovelace"},
        {"session_name": "é" * 3},
        {"session_name": "x" * 65},
        {"seconds": 899},
        {"seconds": 43_201},
    ],
)
def test_what_sts_would_refuse_is_refused_here(wrong: dict[str, Any]) -> None:
    """Each name is checked before the call, and the error says what is taken."""
    with pytest.raises(UsageError):
        session(**wrong)


def test_role_session_gets_an_hour_at_most() -> None:
    """From one role to the next STS gives no more, and says so only vaguely."""
    chained = Caller("arn:aws:sts::1:assumed-role/Admin/ada")
    check_chaining(chained, 3600)
    check_chaining(Caller("arn:aws:iam::1:user/ada"), 43_200)
    with pytest.raises(UsageError, match="3600 seconds"):
        check_chaining(chained, 3601)
