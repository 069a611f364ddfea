"""The process that is measured: scan_object's handler as it was built, with its layers.

Runs in a process of its own with Lambda's environment variables (see `benchmarks.lambda_process`),
and holds nothing that a function in Lambda would not hold.
"""

import time
from typing import Any, cast

from aws_lambda_powertools.utilities.typing import LambdaContext

from benchmarks.context import Context
from benchmarks.serving import serve
from functions.scan_object.handler import lambda_handler

TIMEOUT_SECONDS = 900


def invoke(event: dict[str, Any]) -> Any:
    """Return the handler's answer."""
    context = Context("00000000-0000-4000-8000-000000000000", time.monotonic() + TIMEOUT_SECONDS)
    return lambda_handler(event, cast("LambdaContext", context))


if __name__ == "__main__":
    serve({"invoke": invoke})
