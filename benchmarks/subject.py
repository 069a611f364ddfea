"""The process that is measured: scan_object's handler as it was built, with its layers.

Runs in a process of its own with Lambda's environment variables (see `benchmarks.lambda_process`),
and holds nothing that a function in Lambda would not hold.
"""

import time
from dataclasses import dataclass
from typing import Any, cast

from aws_lambda_powertools.utilities.typing import LambdaContext

from benchmarks.serving import serve
from functions.scan_object.handler import lambda_handler

TIMEOUT_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Context:
    """What Lambda tells an invocation of itself."""

    aws_request_id: str
    ends_at: float
    function_name: str = "scan_object"
    function_version: str = "$LATEST"
    memory_limit_in_mb: str = "3008"
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:000000000000:function:scan_object"

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the invocation may still run."""
        return int((self.ends_at - time.monotonic()) * 1000)


def invoke(event: dict[str, Any]) -> Any:
    """Return the handler's answer."""
    context = Context("00000000-0000-4000-8000-000000000000", time.monotonic() + TIMEOUT_SECONDS)
    return lambda_handler(event, cast("LambdaContext", context))


if __name__ == "__main__":
    serve({"invoke": invoke})
