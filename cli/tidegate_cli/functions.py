"""Calls the suite's functions and waits for their answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.config import Config

from tidegate_cli.aws import Aws
from tidegate_cli.errors import (
    CliError,
    FunctionError,
    MissingError,
    ServiceError,
    UsageError,
    aws_errors,
)

# Of the errors that the functions raise, those that speak of what the user named.
_OF_THE_USER: dict[str, type[CliError]] = {
    "BucketMissingError": MissingError,
    "MalformedEventError": UsageError,
}
# Lambda's own longest time. Never sent twice: the first may still be at work.
_SETTINGS = Config(read_timeout=910, retries={"mode": "standard", "total_max_attempts": 1})


def call(aws: Aws, function: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Invoke the function and return its answer.

    Raises FunctionError where it ended with an error, MissingError or UsageError where that is
    for what the user named, and ServiceError for an answer that is no JSON object.
    """
    functions = aws.client("lambda", _SETTINGS)
    with aws_errors(f"call the function {function}"):
        answer = functions.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        payload = answer["Payload"].read()
    try:
        document = json.loads(payload)
    except ValueError as error:
        raise ServiceError(f"the function {function} answered no JSON") from error
    if answer.get("FunctionError"):
        kind = document.get("errorType") if isinstance(document, dict) else None
        raise _OF_THE_USER.get(str(kind), FunctionError)(
            f"the function {function} failed: {_told(document)}"
        )
    if not isinstance(document, dict):
        raise ServiceError(f"the function {function} answered {document!r}, not an object")
    return document


def _told(document: Any) -> str:
    if not isinstance(document, dict):
        return repr(document)
    return f"{document.get('errorType', 'Error')}: {document.get('errorMessage', '')}"
