"""Publishes the suite's small set of signatures through the deployed UpdateDefinitions."""

import json
from typing import Any

from local import samples
from local.deployment import Stack
from local.errors import DeploymentError

_PREFIX = "incoming/demo/"


def publish_test_set(stack: Stack) -> dict[str, Any]:
    """Upload the set, have the function prove and publish it, and return the function's answer.

    Raises DeploymentError with the function's own words where it refuses.
    """
    bucket = stack.output("DefinitionsBucketName")
    for name, content in samples.definitions().items():
        stack.client("s3").put_object(Bucket=bucket, Key=f"{_PREFIX}{name}", Body=content)
    request = {"action": "publish", "source": f"s3://{bucket}/{_PREFIX}"}
    return _invoke(stack, request)


def published(stack: Stack) -> bool:
    """Whether the stack has any release of definitions."""
    answer = stack.client("s3").list_objects_v2(
        Bucket=stack.output("DefinitionsBucketName"), Prefix="current.json"
    )
    return bool(answer["KeyCount"])


def update_from_vendor(stack: Stack) -> dict[str, Any]:
    """Have the function fetch the vendor's definitions, which needs a network."""
    return _invoke(stack, {"action": "update"})


def _invoke(stack: Stack, request: dict[str, str]) -> dict[str, Any]:
    answer = stack.client("lambda").invoke(
        FunctionName=stack.output("UpdateDefinitionsFunctionName"),
        Payload=json.dumps(request).encode(),
    )
    payload = json.loads(answer["Payload"].read())
    if answer.get("FunctionError") or "errorMessage" in (payload or {}):
        message = f"UpdateDefinitions refused {request}:\n{json.dumps(payload, indent=1)}"
        raise DeploymentError(message)
    result: dict[str, Any] = payload
    return result
