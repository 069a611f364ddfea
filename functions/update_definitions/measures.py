"""The function's metrics: told for every run, also for one that fails."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import MetricUnit

from tidegate.errors import TidegateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools import Logger

    from functions.update_definitions.request import Request
    from functions.update_definitions.result import Result
    from functions.update_definitions.service import UpdateService
    from tidegate.telemetry import Telemetry


def measured(
    service: UpdateService,
    request: Request,
    seconds_left: Callable[[], float],
    telemetry: Telemetry,
) -> Result:
    """Carry the request out, log its result, and add its metrics.

    UpdateDurationSeconds and DefinitionsAgeHours always, Signatures and EngineResidentBytes
    where the run came to know them.
    """
    metrics, started = telemetry.metrics, time.monotonic()
    try:
        result = service.perform(request, seconds_left)
    finally:
        seconds = time.monotonic() - started
        metrics.add_metric("UpdateDurationSeconds", MetricUnit.Seconds, seconds)
        age_hours = _age_hours(service, telemetry.logger)
        if age_hours is not None:
            metrics.add_metric("DefinitionsAgeHours", MetricUnit.NoUnit, age_hours)
    telemetry.logger.info("definitions", extra=result.to_json())
    if result.signatures is not None:
        metrics.add_metric("Signatures", MetricUnit.Count, result.signatures)
    if result.engine_resident_bytes is not None:
        metrics.add_metric("EngineResidentBytes", MetricUnit.Bytes, result.engine_resident_bytes)
    return result


def _age_hours(service: UpdateService, log: Logger) -> float | None:
    try:
        return service.age_hours()
    except TidegateError as error:
        log.warning("the age of the definitions is unknown", extra={"error_text": str(error)})
        return None
