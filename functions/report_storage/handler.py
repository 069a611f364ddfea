"""Entry point: reports what the account's buckets store and cost.

Takes what `request` describes, directly or as bodies of SQS messages. A direct call answers
`{"schemaVersion", "date", "account", "buckets", "unknown", "monthlyCost", "monthlySavings",
"currency", "json", "csv", "html"}` or raises; a batch answers which messages failed. `buckets` is
their number, `unknown` names those whose cost is not known; the last three are s3:// places.

Permissions: to list the account's buckets, and to read in each its configuration, the names, sizes
and dates of its versions and unfinished uploads, never an object; CloudWatch's metrics; the price
list; to write under storage/ in the reports bucket; those for its queue, bus and topic.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from functions.report_storage import request, wiring
from functions.report_storage.settings import Settings
from tidegate.batch import Message, process_batch
from tidegate.telemetry import telemetry

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

TELEMETRY = telemetry("report_storage")
# What is left of the invocation when the survey ends: to compute, draw and write what it has.
RESERVED_MILLISECONDS = 90_000


@cache
def parts() -> wiring.Parts:
    """Return this environment's service and queue."""
    return wiring.build(Settings.from_env(os.environ), lambda: datetime.now(UTC), TELEMETRY.logger)


@TELEMETRY.logger.inject_lambda_context(clear_state=True)
@TELEMETRY.tracer.capture_lambda_handler(capture_response=False)
@TELEMETRY.metrics.log_metrics(capture_cold_start_metric=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Make the report that the event asks for."""
    account_id = context.invoked_function_arn.split(":")[4]

    def out_of_time() -> bool:
        return context.get_remaining_time_in_millis() < RESERVED_MILLISECONDS

    def perform(asked: request.Request) -> dict[str, Any]:
        answer = parts().service.perform(asked, account_id, out_of_time)
        metrics = TELEMETRY.metrics
        metrics.add_metric("BucketsReported", MetricUnit.Count, answer["buckets"])
        metrics.add_metric("BucketsUnknown", MetricUnit.Count, len(answer["unknown"]))
        return answer

    def work(message: Message) -> None:
        perform(request.parse_body(message.body))

    if "Records" not in event:
        return perform(request.parse(event))
    return process_batch(
        event,
        context,
        work,
        queue=parts().queue,
        threads=1,
        logger=TELEMETRY.logger,
        tracer=TELEMETRY.tracer,
    )
