"""What Lambda tells an invocation of itself, for the processes that are measured."""

import time
from dataclasses import dataclass


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
