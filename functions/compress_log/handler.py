"""Entry point: compresses logs into the archive and deletes the originals.

Takes clean verdicts ("Object Scan Result") or "Object Created" events in SQS messages, and answers
which of them failed; or one such event, or `{"bucket", "key", "versionId"?}`, directly, and answers
the detail of the event that tells what was done.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from functions.compress_log.service import CompressService, build
from functions.compress_log.settings import Settings
from tidegate.telemetry import telemetry

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

TELEMETRY = telemetry("compress_log")


@cache
def service() -> CompressService:
    """Return this environment's one service."""
    return build(Settings.from_env(os.environ), TELEMETRY)


@TELEMETRY.logger.inject_lambda_context(clear_state=True)
@TELEMETRY.tracer.capture_lambda_handler(capture_response=False)
@TELEMETRY.metrics.log_metrics(capture_cold_start_metric=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Compress what the event speaks of."""
    return service().handle(event, context)
