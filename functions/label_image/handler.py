"""Entry point: labels the images that an event speaks of.

Takes SQS messages (and answers which of them failed) or one event directly. Each is either an
"Object Scan Result" event whose verdict is NO_THREATS_FOUND, or one that `tidegate.events`
understands. Directly, the direct form and the verdict are answered with the detail of the event
that tells the labels; any other with `{"results": [detail, …]}`.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from functions.label_image.service import LabelService, build
from functions.label_image.settings import Settings
from tidegate.telemetry import telemetry

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

TELEMETRY = telemetry("label_image")


@cache
def service() -> LabelService:
    """Return this environment's one service."""
    return build(Settings.from_env(os.environ), TELEMETRY)


@TELEMETRY.logger.inject_lambda_context(clear_state=True)
@TELEMETRY.tracer.capture_lambda_handler(capture_response=False)
@TELEMETRY.metrics.log_metrics(capture_cold_start_metric=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Label what the event speaks of."""
    return service().handle(event, context)
