"""Sends the function messages of its own, to go on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tidegate.errors import service_errors

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Messages:
    """The function's own queue. Raises TransientError or MisconfiguredError."""

    def __init__(self, sqs: SQSClient, queue_url: str) -> None:
        self._sqs = sqs
        self._queue_url = queue_url

    def send(self, body: Mapping[str, Any]) -> None:
        """Send one message."""
        with service_errors("send the message to go on"):
            self._sqs.send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(body))
