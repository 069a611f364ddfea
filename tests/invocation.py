"""What Lambda tells a handler of its invocation."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext


class Invocation(LambdaContext):
    """An invocation of a function that has so many milliseconds left."""

    def __init__(self, milliseconds: int = 900_000) -> None:
        self._function_name = "tidegate-function"
        self._memory_limit_in_mb = 512
        self._invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:tidegate"
        self._aws_request_id = "request-1"
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]
        return self._milliseconds
