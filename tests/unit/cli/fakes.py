"""Stand-ins for AWS; each call is written down."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

EXPIRES = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
ROLE = "arn:aws:iam::111122223333:role/Partner"
KEY_ARN = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def refusal(code: str, operation: str = "Call", status: int = 400, message: str = "no") -> Any:
    """What botocore raises when a service refuses."""
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, operation)


@dataclass
class FakeAws:
    """AWS of which the clients are given by the test."""

    clients: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, Any] = field(default_factory=dict)
    configs: dict[str, Any] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    regions: list[str] = field(default_factory=list)

    def client(self, service: str, config: Any = None) -> Any:
        self.configs[service] = config
        return self.clients[service]

    def table(self, name: str) -> Any:
        return self.tables[name]

    def credentials(self, access_key: str, secret_key: str, token: str) -> FakeAws:
        self.keys = (access_key, secret_key, token)
        return self

    def in_region(self, region: str) -> FakeAws:
        self.regions.append(region)
        return self


@dataclass
class FakeCloudFormation:
    """One stack and its outputs."""

    outputs: Mapping[str, str]
    parameters: Mapping[str, str] = field(default_factory=dict)
    name: str = "tidegate-test"

    def describe_stacks(self, StackName: str) -> Any:  # noqa: N803
        if StackName != self.name:
            raise refusal("ValidationError", message=f"Stack with id {StackName} does not exist")
        return {
            "Stacks": [
                {
                    "Outputs": [
                        {"OutputKey": key, "OutputValue": value}
                        for key, value in self.outputs.items()
                    ],
                    "Parameters": [
                        {"ParameterKey": key, "ParameterValue": value}
                        for key, value in self.parameters.items()
                    ],
                }
            ]
        }


@dataclass
class FakeSts:
    """Gives credentials to whoever asks, or refuses."""

    arn: str = "arn:aws:iam::444455556666:user/ada"
    refuses: Exception | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)

    def get_caller_identity(self) -> Any:
        return {"Arn": self.arn}

    def assume_role(self, **arguments: Any) -> Any:
        self.asked.append(arguments)
        if self.refuses:
            raise self.refuses
        return {
            "Credentials": {
                "AccessKeyId": "ASIAEXAMPLE",
                "SecretAccessKey": "secret/with'quote",
                "SessionToken": "token==",
                "Expiration": EXPIRES,
            },
            "PackedPolicySize": 31,
        }


@dataclass
class FakeLambda:
    """Answers each invocation with the next of the answers."""

    answers: list[Any]
    error: str | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    called: list[str] = field(default_factory=list)

    def invoke(self, FunctionName: str, Payload: bytes) -> Any:  # noqa: N803
        self.called.append(FunctionName)
        self.events.append(json.loads(Payload))
        answer = self.answers.pop(0)
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        failed = {"FunctionError": self.error} if self.error else {}
        return {"Payload": io.BytesIO(body), **failed}
