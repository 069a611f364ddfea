"""What the template sets for this function."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tidegate import environment as env
from tidegate.errors import MisconfiguredError

# It becomes a line of freshclam.conf: no blanks, no further lines.
_MIRROR = re.compile(r"(https?://)?[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~/-]*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Settings:
    """Names, limits and choices; each from the environment variable of the same name."""

    definitions_bucket_name: str
    definitions_mirror: str
    allow_custom_signatures: bool
    keep_releases: int
    queue_url: str
    max_receive_count: int
    work_directory: Path

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings; MisconfiguredError names the variable that is wrong."""
        return cls(
            definitions_bucket_name=env.text(environment, "DEFINITIONS_BUCKET_NAME"),
            definitions_mirror=_mirror(environment, "DEFINITIONS_MIRROR"),
            allow_custom_signatures=env.flag(environment, "ALLOW_CUSTOM_SIGNATURES"),
            keep_releases=env.integer(environment, "KEEP_RELEASES", 2, 100),
            queue_url=env.text(environment, "QUEUE_URL"),
            max_receive_count=env.integer(environment, "MAX_RECEIVE_COUNT", 1, 1000),
            work_directory=Path(env.text(environment, "WORK_DIRECTORY")),
        )


def _mirror(environment: Mapping[str, str], name: str) -> str:
    value = env.text(environment, name)
    if not _MIRROR.fullmatch(value):
        raise MisconfiguredError(f"{name}={value!r} is neither a host nor an http(s) URL")
    return value.rstrip("/")
