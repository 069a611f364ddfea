"""The moment by which an invocation must have said what it found."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Self

from tidegate.errors import TransientError

# After the last scan there must be time to tag, record and tell, for each thread, and clamd
# overruns its own time limit by up to 4 s (measured, ClamAV 1.4.6).
RESERVED_SECONDS = 15.0


class DeadlineError(TransientError):
    """The invocation's time is nearly up; the message is tried again in another invocation."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A point on the monotonic clock, in seconds."""

    at: float

    @classmethod
    def before_timeout(cls, remaining_ms: int) -> Self:
        """Return the deadline of a Lambda invocation that has `remaining_ms` left to live.

        Of a short life, at most half is reserved.
        """
        remaining = remaining_ms / 1000
        return cls(time.monotonic() + remaining - min(RESERVED_SECONDS, remaining / 2))

    def remaining_seconds(self, doing: str) -> float:
        """Return the seconds left, more than 0; DeadlineError where there are none."""
        seconds = self.at - time.monotonic()
        if seconds <= 0:
            raise DeadlineError(f"no time left to {doing} before the function's time-out")
        return seconds
