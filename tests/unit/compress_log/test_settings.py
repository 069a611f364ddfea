"""Settings are what the template sets, each fault named."""

from __future__ import annotations

import pytest

from functions.compress_log.admission import Trigger
from functions.compress_log.packing import Compression
from functions.compress_log.settings import Settings
from tidegate.errors import MisconfiguredError

ENVIRONMENT = {
    "COMPRESS_LOGS": "AFTER_SCAN",
    "LOG_KEY_SUFFIXES": ".log,.jsonl",
    "LOG_COMPRESSION": "zstd",
    "MAX_LOG_BYTES": "53687091200",
    "ARCHIVE_BUCKET_NAME": "archive",
    "ARCHIVE_PREFIX": "logs",
    "ARCHIVE_STORAGE_CLASS": "GLACIER_IR",
    "ARCHIVE_KMS_KEY_ARN": "",
    "STATUS_TAG_KEY": "scan-status",
    "LEDGER_TABLE_NAME": "ledger",
    "EVENT_BUS_NAME": "bus",
    "QUEUE_URL": "https://queue",
    "MAX_RECEIVE_COUNT": "5",
}


def test_environment_becomes_settings() -> None:
    """Lists are split, choices are members, an empty key is none."""
    settings = Settings.from_env(ENVIRONMENT)

    assert settings.log_key_suffixes == (".log", ".jsonl")
    assert (settings.compress_logs, settings.log_compression) == (
        Trigger.AFTER_SCAN,
        Compression.ZSTD,
    )
    assert settings.archive_kms_key_arn is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COMPRESS_LOGS", "ALWAYS"),
        ("LOG_KEY_SUFFIXES", ""),
        ("LOG_KEY_SUFFIXES", "log"),
        ("LOG_KEY_SUFFIXES", ".log,"),
        ("LOG_COMPRESSION", "brotli"),
        ("MAX_LOG_BYTES", "0"),
        ("MAX_LOG_BYTES", "83886080001"),
        ("ARCHIVE_BUCKET_NAME", ""),
    ],
)
def test_wrong_variable_is_named(name: str, value: str) -> None:
    """An empty suffix would take every object for a log: it is refused like any other fault."""
    with pytest.raises(MisconfiguredError, match=name):
        Settings.from_env({**ENVIRONMENT, name: value})
