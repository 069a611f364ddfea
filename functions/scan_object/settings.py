"""What the template sets for this function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tidegate import environment as env
from tidegate.errors import MisconfiguredError
from tidegate.verdicts import Action

# clamd clamps larger limits to this (measured, ClamAV 1.4.6), and would skip in silence above it.
HARD_MAX_OBJECT_BYTES = 2_147_483_645

# 4 million signatures take 1.24 GB, twice that while another release is loaded beside them
# (measured, ClamAV 1.4.6); the rest is for Python and the objects being scanned.
CONCURRENT_RELOAD_MEMORY_MB = 4096


@dataclass(frozen=True, slots=True)
class Settings:
    """Names, limits and choices; each from the environment variable of the same name."""

    definitions_bucket_name: str
    ledger_table_name: str
    event_bus_name: str
    queue_url: str
    max_receive_count: int
    status_tag_key: str
    max_object_bytes: int
    max_definitions_age_hours: int
    unsupported_action: Action
    failed_action: Action
    engine_threads: int
    memory_mb: int
    work_directory: Path

    @property
    def concurrent_reload(self) -> bool:
        """Whether there is room to load a release beside the one in force."""
        return self.memory_mb >= CONCURRENT_RELOAD_MEMORY_MB

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings; MisconfiguredError names the variable that is wrong."""
        return cls(
            definitions_bucket_name=env.text(environment, "DEFINITIONS_BUCKET_NAME"),
            ledger_table_name=env.text(environment, "LEDGER_TABLE_NAME"),
            event_bus_name=env.text(environment, "EVENT_BUS_NAME"),
            queue_url=env.text(environment, "QUEUE_URL"),
            max_receive_count=env.integer(environment, "MAX_RECEIVE_COUNT", 1, 1000),
            status_tag_key=env.text(environment, "STATUS_TAG_KEY"),
            max_object_bytes=env.integer(environment, "MAX_OBJECT_BYTES", 1, HARD_MAX_OBJECT_BYTES),
            max_definitions_age_hours=env.integer(
                environment, "MAX_DEFINITIONS_AGE_HOURS", 1, 8760
            ),
            unsupported_action=_policy(environment, "UNSUPPORTED_ACTION"),
            failed_action=_policy(environment, "FAILED_ACTION"),
            engine_threads=env.integer(environment, "ENGINE_THREADS", 1, 6),
            # Set by Lambda itself.
            memory_mb=env.integer(environment, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 128, 10_240),
            work_directory=Path(env.text(environment, "WORK_DIRECTORY")),
        )


def _policy(environment: Mapping[str, str], name: str) -> Action:
    action = env.choice(environment, name, Action)
    if action is Action.NONE:
        raise MisconfiguredError(f"{name}=NONE is not a choice: take BLOCK, ALLOW or QUARANTINE")
    return action
