"""Asks the embedded AWS's IAM evaluator, which runs in an environment of its own.

What it does not know, so that no test here speaks of it: policy variables, NotPrincipal, service
and resource control policies, the policies of VPC endpoints, ACLs, KMS grants. Which condition keys
S3 fills in for which call is AWS's documentation, not the evaluator: the tests give them.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.paths import TOOLS

_PYTHON = TOOLS / "embedded" / "bin" / "python"
_PROGRAM = Path(__file__).with_name("iam_program.py")

# An operator that the evaluator does not know never matches: a denial would silently be gone.
_OPERATORS = {
    "ArnEquals",
    "ArnLike",
    "ArnNotLike",
    "Bool",
    "BoolIfExists",
    "ForAnyValue:StringEqualsIgnoreCase",
    "NotIpAddress",
    "Null",
    "NumericLessThan",
    "StringEquals",
    "StringLike",
    "StringNotEquals",
    "StringNotLike",
}


@dataclass(frozen=True)
class Request:
    """A call as a policy sees it; `principal` is an ARN, a service's name, or empty for nobody."""

    principal: str
    action: str
    resource: str
    context: Mapping[str, str | list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluator:
    """The evaluator's process."""

    process: subprocess.Popen[str]

    def denied_by(self, policy: Mapping[str, Any], request: Request) -> list[str]:
        """Return the Sids of the Deny statements that meet the request."""
        return self._ask(policy, request)["Deny"]

    def allowed_by(self, policy: Mapping[str, Any], request: Request) -> list[str]:
        """Return the Sids of the Allow statements that meet the request."""
        return self._ask(policy, request)["Allow"]

    def _ask(self, policy: Mapping[str, Any], request: Request) -> dict[str, list[str]]:
        used = {
            operator
            for statement in policy["Statement"]
            for operator in statement.get("Condition", {})
        }
        assert used <= _OPERATORS, f"not checked against the evaluator: {used - _OPERATORS}"
        question = {
            "policy": policy,
            "action": request.action,
            "resource": request.resource,
            "principal": request.principal,
            "context": dict(request.context),
        }
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer: dict[str, list[str]] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def evaluator() -> Iterator[Evaluator]:
    """Give the block an evaluator."""
    process = subprocess.Popen(
        # -P: this folder's modules must not hide those of the other environment.
        [str(_PYTHON), "-P", str(_PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield Evaluator(process)
