"""Entry point: scans the objects that an event speaks of.

Takes SQS messages whose bodies are what `tidegate.events` understands, and answers which of them
failed; or one such event directly, and answers the verdict's detail ("direct form": one detail;
S3 notification or EventBridge event: `{"results": [detail or null, …]}`, null for an object that
is gone). Errors of a direct call are raised to the caller.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from functions.scan_object.deadline import Deadline
from functions.scan_object.service import ScanService, build
from functions.scan_object.settings import Settings
from tidegate.errors import TidegateError
from tidegate.telemetry import telemetry

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

TELEMETRY = telemetry("scan_object")


@cache
def service() -> ScanService:
    """Return this environment's one service, with its resident engine."""
    return build(Settings.from_env(os.environ), TELEMETRY)


@TELEMETRY.logger.inject_lambda_context(clear_state=True)
@TELEMETRY.tracer.capture_lambda_handler(capture_response=False)
@TELEMETRY.metrics.log_metrics(capture_cold_start_metric=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Scan what the event speaks of."""
    deadline = Deadline.before_timeout(context.get_remaining_time_in_millis())
    return service().handle(event, context, deadline)


# Lambda gives an environment's start a full processor: the engine uses it to load. The one
# thing done at import, and only there.
if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    try:
        service().warm_up()
    except TidegateError as error:
        TELEMETRY.logger.exception("not set up", extra={"error_text": str(error)})
