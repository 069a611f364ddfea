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
from tidegate.batch import Queue
from tidegate.clients import client
from tidegate.telemetry import telemetry

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from functions.remediate_bucket.works import Works

TELEMETRY = telemetry("remediate_bucket")


@cache
def settings() -> Settings:
    """Return this environment's settings."""
    return Settings.from_env(os.environ)


@cache
def works() -> Works:
    """Return what works on buckets, for this environment."""
    # Half of all that there is to import; see service.
    from functions.remediate_bucket.wiring import build  # noqa: PLC0415

    return build(settings(), TELEMETRY)


@cache
def service() -> RemediationService:
    """Return this environment's one service."""
    given = settings()
    return RemediationService(
        own=Identity(given.account_id, given.role_arn),
        works=works,
        queue=Queue(client("sqs"), given.queue_url, given.max_receive_count),
        telemetry=TELEMETRY,
    )


@TELEMETRY.logger.inject_lambda_context(clear_state=True)
@TELEMETRY.tracer.capture_lambda_handler(capture_response=False)
@TELEMETRY.metrics.log_metrics(capture_cold_start_metric=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Do what the event asks for."""
    return service().handle(event, context)
