"""What the template sets for this function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from tidegate import environment as env

# For Python, the objects of a batch, and Lambda's own: what is left is the decoder's.
RESERVED_MEMORY_MB = 512


@dataclass(frozen=True, slots=True)
class Settings:
    """Names, limits and choices; each from the environment variable of the same name."""

    reports_bucket_name: str
    ledger_table_name: str
    idempotency_table_name: str
    event_bus_name: str
    queue_url: str
    max_receive_count: int
    status_tag_key: str
    max_labels: int
    min_confidence_percent: int
    moderation_labels: bool
    max_source_bytes: int
    max_pixels: int
    decode_cpu_seconds: int
    memory_mb: int

    @property
    def decode_memory_bytes(self) -> int:
        """How much memory the decoder may take."""
        return (self.memory_mb - RESERVED_MEMORY_MB) * 1024 * 1024

    @property
    def request(self) -> dict[str, Any]:
        """What the answer about an image depends on, beside the image."""
        return {
            "maxLabels": self.max_labels,
            "minConfidencePercent": self.min_confidence_percent,
            "moderationLabels": self.moderation_labels,
            "maxSourceBytes": self.max_source_bytes,
            "maxPixels": self.max_pixels,
        }

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings; MisconfiguredError names the variable that is wrong."""
        return cls(
            reports_bucket_name=env.text(environment, "REPORTS_BUCKET_NAME"),
            ledger_table_name=env.text(environment, "LEDGER_TABLE_NAME"),
            idempotency_table_name=env.text(environment, "IDEMPOTENCY_TABLE_NAME"),
            event_bus_name=env.text(environment, "EVENT_BUS_NAME"),
            queue_url=env.text(environment, "QUEUE_URL"),
            max_receive_count=env.integer(environment, "MAX_RECEIVE_COUNT", 1, 1000),
            status_tag_key=env.text(environment, "STATUS_TAG_KEY"),
            max_labels=env.integer(environment, "MAX_LABELS", 1, 100),
            min_confidence_percent=env.integer(environment, "MIN_CONFIDENCE_PERCENT", 0, 100),
            moderation_labels=env.flag(environment, "MODERATION_LABELS"),
            max_source_bytes=env.integer(environment, "MAX_SOURCE_BYTES", 1, 104_857_600),
            max_pixels=env.integer(environment, "MAX_PIXELS", 6400, 100_000_000),
            decode_cpu_seconds=env.integer(environment, "DECODE_CPU_SECONDS", 1, 60),
            # Set by Lambda itself.
            memory_mb=env.integer(environment, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 1024, 10_240),
        )
