"""Settings from the environment; each fault is named."""

import pytest

from functions.scan_object.settings import HARD_MAX_OBJECT_BYTES, Settings
from tidegate.errors import MisconfiguredError
from tidegate.verdicts import Action

ENVIRONMENT = {
    "DEFINITIONS_BUCKET_NAME": "definitions",
    "LEDGER_TABLE_NAME": "ledger",
    "EVENT_BUS_NAME": "bus",
    "QUEUE_URL": "https://queue",
    "MAX_RECEIVE_COUNT": "5",
    "STATUS_TAG_KEY": "scan-status",
    "MAX_OBJECT_BYTES": str(HARD_MAX_OBJECT_BYTES),
    "MAX_DEFINITIONS_AGE_HOURS": "72",
    "UNSUPPORTED_ACTION": "BLOCK",
    "FAILED_ACTION": "QUARANTINE",
    "ENGINE_THREADS": "2",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "3008",
    "WORK_DIRECTORY": "/tmp/tidegate",
}


def test_complete_environment_gives_settings() -> None:
    """All that the template sets is understood."""
    settings = Settings.from_env(ENVIRONMENT)
    assert settings.max_object_bytes == HARD_MAX_OBJECT_BYTES
    assert settings.failed_action is Action.QUARANTINE


@pytest.mark.parametrize(("memory", "beside"), [("3008", False), ("4095", False), ("4096", True)])
def test_release_is_loaded_beside_another_only_where_there_is_memory(
    memory: str, *, beside: bool
) -> None:
    """Twice the definitions' memory is taken only where the function has it."""
    settings = Settings.from_env({**ENVIRONMENT, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": memory})
    assert settings.concurrent_reload is beside


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_missing_variable_is_named(name: str) -> None:
    """The error names the variable that is not set."""
    with pytest.raises(MisconfiguredError, match=name):
        Settings.from_env({**ENVIRONMENT, name: ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_OBJECT_BYTES", str(HARD_MAX_OBJECT_BYTES + 1)),
        ("MAX_OBJECT_BYTES", "1 GB"),
        ("ENGINE_THREADS", "0"),
        ("UNSUPPORTED_ACTION", "IGNORE"),
        ("FAILED_ACTION", "NONE"),
    ],
)
def test_impossible_value_is_named(name: str, value: str) -> None:
    """The error names variable and value, so that nothing runs on a guess."""
    with pytest.raises(MisconfiguredError, match=name):
        Settings.from_env({**ENVIRONMENT, name: value})
