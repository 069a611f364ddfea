"""Why an object is refused as UNSUPPORTED before, or in spite of, the engine's word."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """What stands between the engine and the whole content."""

    ENCRYPTED = "ENCRYPTED"
    UNREADABLE_FORMAT = "UNREADABLE_FORMAT"
    TRUNCATED = "TRUNCATED"
    UNSUPPORTED_COMPRESSION = "UNSUPPORTED_COMPRESSION"
    ENGINE_LIMIT = "ENGINE_LIMIT"
    ARCHIVE_TOO_DEEP = "ARCHIVE_TOO_DEEP"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The engine cannot see the whole of this object; `detail` says in plain words why."""

    reason: Reason
    detail: str


class RefusedError(Exception):
    """Carries a refusal from the depth of a nested archive to `inspect`; never leaves it."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.refusal = Refusal(reason, detail)
