"""Entry point: keeps the definitions up to date.

Takes what `request` describes, directly or as bodies of SQS messages. A direct call answers
`{"action", "outcome", "release", "previous", "signatures", "verifiedAt", …}` or raises; a batch
answers which messages failed. A cool-down of the vendor is an outcome, no failure: its message is
done, and no run asks the vendor again before it ends.

Permissions: s3:ListBucket on the definitions bucket; s3:GetObject on all its objects;
s3:PutObject on current.json, releases/* and state/*; s3:DeleteObject on releases/*; those for its
queue. A source to publish from lies in this bucket (incoming/ is free for that), in the one that
parameter DefinitionsSourceBucket names, or in one whose policy lets the role list and read it.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from functions.update_definitions import request, wiring
from functions.update_definitions.measures import measured
from functions.update_definitions.settings import Settings
from tidegate.batch import Message, process_batch
from tidegate.telemetry import telemetry

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

TELEMETRY = telemetry("update_definitions")
# After the last long step there must be time to upload, to flip and to clean up.
RESERVED_SECONDS = 90.0


@cache
def parts() -> wiring.Parts:
    """Return this environment's service and queue."""
    return wiring.build(Settings.from_env(os.environ), lambda: datetime.now(UTC), TELEMETRY.logger)


@TELEMETRY.logger.inject_lambda_context(clear_state=True)
@TELEMETRY.tracer.capture_lambda_handler(capture_response=False)
@TELEMETRY.metrics.log_metrics(capture_cold_start_metric=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Do what the event asks for."""

    def seconds_left() -> float:
        return context.get_remaining_time_in_millis() / 1000 - RESERVED_SECONDS

    def work(message: Message) -> None:
        measured(parts().service, request.parse_body(message.body), seconds_left, TELEMETRY)

    if "Records" not in event:
        return measured(parts().service, request.parse(event), seconds_left, TELEMETRY).to_json()
    return process_batch(
        event,
        context,
        work,
        queue=parts().queue,
        threads=1,
        logger=TELEMETRY.logger,
        tracer=TELEMETRY.tracer,
    )
