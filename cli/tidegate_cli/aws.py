"""Makes boto3 clients from the user's own profile, region and environment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import boto3
from botocore.config import Config

from tidegate_cli.errors import aws_errors


class Aws(Protocol):
    """Gives clients of AWS's services; AWS_ENDPOINT_URL and the like are heeded."""

    def client(self, service: str, config: Config | None = None) -> Any:
        """Return a client, with these settings over the common ones."""

    def table(self, name: str) -> Any:
        """Return a DynamoDB table."""

    def credentials(self, access_key: str, secret_key: str, token: str) -> Aws:
        """Return the same for other credentials."""

    def in_region(self, region: str) -> Aws:
        """Return the same for another region."""


@dataclass(slots=True)
class UserAws:
    """AWS with the credentials that the user's environment holds, found at the first call.

    They are found once: to find them may take a code of the user's MFA device, good for one use.
    """

    profile: str | None = None
    region: str | None = None
    keys: tuple[str, str, str] | None = field(default=None, repr=False)
    _found: Any = field(default=None, init=False, repr=False)

    def client(self, service: str, config: Config | None = None) -> Any:
        """Return a client, with these settings over the common ones."""
        common = Config(
            connect_timeout=5,
            read_timeout=60,
            retries={"mode": "standard", "total_max_attempts": 5},
            tcp_keepalive=True,
            user_agent_extra="tidegate-cli",
        )
        settings = common.merge(config) if config else common
        with aws_errors(f"use the service {service}"):
            return self._session().client(service, config=settings)

    def table(self, name: str) -> Any:
        """Return a DynamoDB table."""
        with aws_errors("use the service dynamodb"):
            return self._session().resource("dynamodb").Table(name)

    def credentials(self, access_key: str, secret_key: str, token: str) -> UserAws:
        """Return the same for other credentials."""
        region = self.region or self._session().region_name
        return UserAws(None, region, (access_key, secret_key, token))

    def in_region(self, region: str) -> UserAws:
        """Return the same for another region."""
        return replace(self, region=region)

    def _session(self) -> Any:
        if self._found is not None:
            return self._found
        access_key, secret_key, token = self.keys or (None, None, None)
        with aws_errors("read the profile"):
            self._found = boto3.Session(
                profile_name=self.profile,
                region_name=self.region,
                aws_access_key_id=access_key,
                aws_secret_access_key=secret_key,
                aws_session_token=token,
            )
        return self._found
