"""Finds the suite's names in the outputs of its CloudFormation stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tidegate_cli.aws import Aws
from tidegate_cli.errors import MissingError, UsageError, aws_errors, error_code


@dataclass(frozen=True, slots=True)
class Stack:
    """A deployed stack: its outputs and the parameters that it was deployed with."""

    name: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]

    def output(self, name: str, instead: str) -> str:
        """Return an output; a missing one says which option takes its place."""
        try:
            return self.outputs[name]
        except KeyError:
            known = ", ".join(sorted(self.outputs)) or "none"
            raise MissingError(
                f"the stack {self.name} has no output {name}: name another with --stack-name, "
                f"or give {instead}. Its outputs: {known}"
            ) from None


def find(aws: Aws, name: str | None, wanted: str) -> Stack:
    """Return the named stack; without a name a UsageError says what it is wanted for."""
    if not name:
        raise UsageError(f"give {wanted}, or the stack with --stack-name or STACK_NAME")
    cloudformation = aws.client("cloudformation")
    with aws_errors(f"look up the stack {name}"):
        try:
            (description,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            # CloudFormation's word for a stack that is not there.
            if error_code(error) != "ValidationError":
                raise
            raise MissingError(f"there is no stack {name} in this account and region") from error
    return Stack(
        name,
        _pairs(description.get("Outputs", ()), "Output"),
        _pairs(description.get("Parameters", ()), "Parameter"),
    )


def _pairs(entries: Any, kind: str) -> dict[str, str]:
    return {entry[f"{kind}Key"]: entry[f"{kind}Value"] for entry in entries}
