"""Puts the suite's events on its event bus."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tidegate.errors import TransientError, service_errors
from tidegate.verdicts import SOURCE

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


class Bus:
    """One EventBridge bus."""

    def __init__(self, events: EventBridgeClient, name: str) -> None:
        self._events = events
        self._name = name

    def publish(self, detail_type: str, detail: Mapping[str, Any]) -> None:
        """Put one event on the bus.

        PutEvents answers 200 for entries that it refused: those raise TransientError, as do
        throttling and faults; missing permission raises MisconfiguredError.
        """
        with service_errors(f'publish "{detail_type}" on {self._name}'):
            answer = self._events.put_events(
                Entries=[
                    {
                        "Source": SOURCE,
                        "DetailType": detail_type,
                        "Detail": json.dumps(detail),
                        "EventBusName": self._name,
                    }
                ]
            )
        if answer["FailedEntryCount"]:
            entry = answer["Entries"][0]
            raise TransientError(
                f'could not publish "{detail_type}" on {self._name}: '
                f"{entry.get('ErrorCode')}: {entry.get('ErrorMessage')}"
            )
