"""The settings come from the environment, each fault named."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions.update_definitions.settings import Settings
from tidegate.errors import MisconfiguredError

GIVEN = {
    "DEFINITIONS_BUCKET_NAME": "definitions",
    "DEFINITIONS_MIRROR": "database.clamav.net",
    "ALLOW_CUSTOM_SIGNATURES": "false",
    "KEEP_RELEASES": "5",
    "QUEUE_URL": "https://sqs/queue",
    "MAX_RECEIVE_COUNT": "5",
    "WORK_DIRECTORY": "/tmp/tidegate",
}


def test_settings_are_read() -> None:
    """Every variable has its type."""
    assert Settings.from_env(GIVEN) == Settings(
        definitions_bucket_name="definitions",
        definitions_mirror="database.clamav.net",
        allow_custom_signatures=False,
        keep_releases=5,
        queue_url="https://sqs/queue",
        max_receive_count=5,
        work_directory=Path("/tmp/tidegate"),
    )


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_missing_variable_is_named(name: str) -> None:
    """The error says which variable is not set."""
    with pytest.raises(MisconfiguredError, match=name):
        Settings.from_env({key: value for key, value in GIVEN.items() if key != name})


@pytest.mark.parametrize(
    "mirror",
    ["https://mirror.example.com/clamav", "http://10.0.0.1:8080", "mirror.example.com:8443/a/b"],
)
def test_mirror_may_be_a_host_or_a_url(mirror: str) -> None:
    """Private mirrors are named by URL."""
    assert Settings.from_env({**GIVEN, "DEFINITIONS_MIRROR": mirror}).definitions_mirror == mirror


@pytest.mark.parametrize(
    "mirror", ["a b", "host\nOnUpdateExecute id", "ftp://host", "file:///etc", "host/?x=1", "-x#"]
)
def test_mirror_that_would_change_the_configuration_is_refused(mirror: str) -> None:
    """It becomes a line of freshclam.conf and must stay one value of it."""
    with pytest.raises(MisconfiguredError, match="DEFINITIONS_MIRROR"):
        Settings.from_env({**GIVEN, "DEFINITIONS_MIRROR": mirror})
