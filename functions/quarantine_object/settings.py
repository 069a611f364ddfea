"""What the template sets for this function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from tidegate import environment as env


@dataclass(frozen=True, slots=True)
class Settings:
    """Names and choices; each from the environment variable of the same name."""

    quarantine_bucket_name: str
    quarantine_storage_class: str
    quarantine_kms_key_arn: str | None
    ledger_table_name: str
    event_bus_name: str
    alerts_topic_arn: str
    queue_url: str
    max_receive_count: int

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings; MisconfiguredError names the variable that is wrong."""
        return cls(
            quarantine_bucket_name=env.text(environment, "QUARANTINE_BUCKET_NAME"),
            quarantine_storage_class=env.text(environment, "QUARANTINE_STORAGE_CLASS"),
            quarantine_kms_key_arn=env.optional(environment, "QUARANTINE_KMS_KEY_ARN"),
            ledger_table_name=env.text(environment, "LEDGER_TABLE_NAME"),
            event_bus_name=env.text(environment, "EVENT_BUS_NAME"),
            alerts_topic_arn=env.text(environment, "ALERTS_TOPIC_ARN"),
            queue_url=env.text(environment, "QUEUE_URL"),
            max_receive_count=env.integer(environment, "MAX_RECEIVE_COUNT", 1, 1000),
        )
