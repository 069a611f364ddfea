"""Short-lived credentials: got from STS, and written in the forms that programs read."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from tidegate_cli.errors import AccessDeniedError, UsageError, aws_errors, error_code
from tidegate_cli.identity import Session


@dataclass(frozen=True, slots=True)
class Credentials:
    """One session's keys. `packed_percent`: how much of STS's room the policy takes."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires: datetime
    packed_percent: int | None

    @property
    def expires_text(self) -> str:
        """The end in ISO 8601, UTC."""
        return self.expires.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def environment(self) -> dict[str, str]:
        """Return the variables that SDKs read."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_SESSION_TOKEN": self.session_token,
            "AWS_CREDENTIAL_EXPIRATION": self.expires_text,
        }

    def exports(self) -> str:
        """Return lines for a POSIX shell's `eval`."""
        return "\n".join(
            f"export {name}={shlex.quote(value)}" for name, value in self.environment().items()
        )

    def process_answer(self) -> str:
        """Return what an SDK expects of a `credential_process`; it asks again at the end.

        https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
        """
        return json.dumps(
            {
                "Version": 1,
                "AccessKeyId": self.access_key_id,
                "SecretAccessKey": self.secret_access_key,
                "SessionToken": self.session_token,
                "Expiration": self.expires_text,
            }
        )


def assume(sts: Any, session: Session, policy: str) -> Credentials:
    """Assume the role, narrowed to the policy."""
    external = {"ExternalId": session.external_id} if session.external_id else {}
    with aws_errors(f"assume {session.role_arn}"):
        try:
            answer = sts.assume_role(
                RoleArn=session.role_arn,
                RoleSessionName=session.session_name,
                SourceIdentity=session.source_identity,
                DurationSeconds=session.seconds,
                Policy=policy,
                **external,
            )
        except ClientError as error:
            raise _refusal(error, session) or error from error
    given = answer["Credentials"]
    return Credentials(
        given["AccessKeyId"],
        given["SecretAccessKey"],
        given["SessionToken"],
        given["Expiration"],
        answer.get("PackedPolicySize"),
    )


def _refusal(error: ClientError, session: Session) -> AccessDeniedError | UsageError | None:
    """Return what to do about a refusal, as far as that is known."""
    code, told = error_code(error), str(error)
    if code == "PackedPolicyTooLarge":
        return UsageError(f"the session policy takes more room than STS has: {told}")
    if code == "ValidationError" and "DurationSeconds" in told:
        return UsageError(f"{told}. The role's own MaxSessionDuration is the limit of --duration")
    if code == "AccessDenied":
        given = "the external id given" if session.external_id else "no external id"
        return AccessDeniedError(
            f"could not assume {session.role_arn}: {told}. Its trust policy must name you, for "
            f"sts:AssumeRole and sts:SetSourceIdentity (here {session.source_identity}), with "
            f"{given}; and your own policy must allow both"
        )
    return None
