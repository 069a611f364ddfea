"""Settings from the environment; each fault is named."""

from __future__ import annotations

import pytest

from functions.label_image.settings import Settings
from tidegate.errors import MisconfiguredError

ENVIRONMENT = {
    "REPORTS_BUCKET_NAME": "reports",
    "LEDGER_TABLE_NAME": "ledger",
    "IDEMPOTENCY_TABLE_NAME": "idempotency",
    "EVENT_BUS_NAME": "bus",
    "QUEUE_URL": "https://queue",
    "MAX_RECEIVE_COUNT": "5",
    "STATUS_TAG_KEY": "scan-status",
    "MAX_LABELS": "25",
    "MIN_CONFIDENCE_PERCENT": "75",
    "MODERATION_LABELS": "true",
    "MAX_SOURCE_BYTES": "52428800",
    "MAX_PIXELS": "64000000",
    "DECODE_CPU_SECONDS": "30",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "2048",
}


def test_complete_environment_gives_settings() -> None:
    """All that the template sets is understood."""
    settings = Settings.from_env(ENVIRONMENT)

    assert settings.decode_memory_bytes == 1536 * 1024 * 1024
    assert settings.moderation_labels is True


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_missing_variable_is_named(name: str) -> None:
    """The error names the variable that is not set."""
    with pytest.raises(MisconfiguredError, match=name):
        Settings.from_env({**ENVIRONMENT, name: ""})


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("MAX_LABELS", "26"),
        ("MIN_CONFIDENCE_PERCENT", "76"),
        ("MODERATION_LABELS", "false"),
        ("MAX_SOURCE_BYTES", "52428801"),
        ("MAX_PIXELS", "64000001"),
    ],
)
def test_setting_that_changes_the_answer_changes_the_request(name: str, other: str) -> None:
    """What was found under other settings is asked for again."""
    changed = Settings.from_env({**ENVIRONMENT, name: other})

    assert changed.request != Settings.from_env(ENVIRONMENT).request


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_LABELS", "0"),
        ("MIN_CONFIDENCE_PERCENT", "101"),
        ("MODERATION_LABELS", "yes"),
        ("MAX_PIXELS", "100000001"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
    ],
)
def test_value_out_of_range_is_named(name: str, value: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(MisconfiguredError, match=name):
        Settings.from_env({**ENVIRONMENT, name: value})
