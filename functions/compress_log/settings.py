"""What the template sets for this function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from functions.compress_log.admission import Trigger
from functions.compress_log.packing import Compression
from tidegate import environment as env
from tidegate.errors import MisconfiguredError

# More than Lambda's time could ever do, and what 10,000 parts of 8 MiB hold.
MOST_BYTES = 10_000 * 8 * 1024**2


@dataclass(frozen=True, slots=True)
class Settings:
    """Names and choices; each from the environment variable of the same name."""

    compress_logs: Trigger
    log_key_suffixes: tuple[str, ...]
    log_compression: Compression
    max_log_bytes: int
    archive_bucket_name: str
    archive_prefix: str
    archive_storage_class: str
    archive_kms_key_arn: str | None
    status_tag_key: str
    ledger_table_name: str
    event_bus_name: str
    queue_url: str
    max_receive_count: int

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings; MisconfiguredError names the variable that is wrong."""
        suffixes = tuple(env.text(environment, "LOG_KEY_SUFFIXES").split(","))
        if not all(suffix.startswith(".") for suffix in suffixes):
            raise MisconfiguredError(f"LOG_KEY_SUFFIXES={','.join(suffixes)!r}: each begins with .")
        return cls(
            compress_logs=env.choice(environment, "COMPRESS_LOGS", Trigger),
            log_key_suffixes=suffixes,
            log_compression=env.choice(environment, "LOG_COMPRESSION", Compression),
            max_log_bytes=env.integer(environment, "MAX_LOG_BYTES", 1, MOST_BYTES),
            archive_bucket_name=env.text(environment, "ARCHIVE_BUCKET_NAME"),
            archive_prefix=env.text(environment, "ARCHIVE_PREFIX"),
            archive_storage_class=env.text(environment, "ARCHIVE_STORAGE_CLASS"),
            archive_kms_key_arn=env.optional(environment, "ARCHIVE_KMS_KEY_ARN"),
            status_tag_key=env.text(environment, "STATUS_TAG_KEY"),
            ledger_table_name=env.text(environment, "LEDGER_TABLE_NAME"),
            event_bus_name=env.text(environment, "EVENT_BUS_NAME"),
            queue_url=env.text(environment, "QUEUE_URL"),
            max_receive_count=env.integer(environment, "MAX_RECEIVE_COUNT", 1, 1000),
        )
