"""Entry point: looks at buckets, and puts right what drifts from its secure configuration.

Takes the events that `trigger` knows, in SQS messages (and answers which of them failed) or one
directly (and answers with findings and changes, or where the report is).
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from functions.remediate_bucket.service import RemediationService
from functions.remediate_bucket.settings import Settings
from functions.remediate_bucket.trigger import Identity
from functions.remediate_bucket.wiring import build
from tidegate.batch import Queue
from tidegate.clients import client
from tidegate.telemetry import telemetry

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

TELEMETRY = telemetry("remediate_bucket")


@cache
def service() -> RemediationService:
    """Return this environment's one service."""
    settings = Settings.from_env(os.environ)
    return RemediationService(
        own=Identity(settings.account_id, settings.role_arn),
        works=build(settings, TELEMETRY),
        queue=Queue(client("sqs"), settings.queue_url, settings.max_receive_count),
        telemetry=TELEMETRY,
    )


@TELEMETRY.logger.inject_lambda_context(clear_state=True)
@TELEMETRY.tracer.capture_lambda_handler(capture_response=False)
@TELEMETRY.metrics.log_metrics(capture_cold_start_metric=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Do what the event asks for."""
    return service().handle(event, context)
