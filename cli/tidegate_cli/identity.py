"""Who asks for credentials, and under which names their session runs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tidegate_cli.errors import UsageError

# Bounds and characters: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_OUTSIDE_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_ROLE_ARN = re.compile(r"arn:(aws[a-z-]*):iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)
MIN_SECONDS, MAX_SECONDS = 900, 43_200
MAX_CHAINED_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose credentials the command runs with."""

    arn: str

    @property
    def is_role_session(self) -> bool:
        """Whether they are a role's: from one role to the next STS gives an hour at most."""
        return ":assumed-role/" in self.arn

    @property
    def name(self) -> str:
        """The user's or the session's name, as a source identity may be written."""
        last = self.arn.rpartition("/")[2].rpartition(":")[2]
        return _OUTSIDE_NAME.sub("-", last)[:64].ljust(2, "-")


@dataclass(frozen=True, slots=True)
class Session:
    """The session that is asked for; all names are checked."""

    role_arn: str
    external_id: str | None
    source_identity: str
    session_name: str
    seconds: int

    def __post_init__(self) -> None:
        if not _ROLE_ARN.fullmatch(self.role_arn):
            raise UsageError(f"{self.role_arn!r} is not the ARN of a role")
        if self.external_id is not None and not _EXTERNAL_ID.fullmatch(self.external_id):
            raise UsageError("an external id has 2 to 1,224 letters, digits and +=,.@:/-")
        for what, name in (
            ("source identity", self.source_identity),
            ("session name", self.session_name),
        ):
            if not _NAME.fullmatch(name):
                raise UsageError(f"a {what} has 2 to 64 letters, digits and +=,.@-, not {name!r}")
        if not MIN_SECONDS <= self.seconds <= MAX_SECONDS:
            raise UsageError(f"--duration is {MIN_SECONDS} to {MAX_SECONDS} seconds")

    @property
    def partition(self) -> str:
        """The partition of the role, "aws" and its like."""
        return self.role_arn.split(":")[1]


def check_chaining(caller: Caller, seconds: int) -> None:
    """Refuse more than an hour to a caller whose own credentials are a role's."""
    if caller.is_role_session and seconds > MAX_CHAINED_SECONDS:
        raise UsageError(
            f"your own credentials are a role's ({caller.arn}): from one role to the next STS "
            f"gives at most {MAX_CHAINED_SECONDS} seconds. Ask for that with --duration, and let "
            "--format credential-process renew them"
        )
