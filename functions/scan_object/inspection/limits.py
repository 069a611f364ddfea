"""How much an inspection may do, and the count of what it has done."""

from __future__ import annotations

import time
from dataclasses import dataclass

from functions.scan_object.inspection.reasons import Reason, RefusedError


@dataclass(frozen=True, slots=True)
class InspectionLimits:
    """Bounds on one object; beyond any of them the object is refused, never waved through.

    `max_depth` is the number of archives inside one another, `max_entries` the members and
    `max_unpacked_bytes` the bytes unpacked in all of them together. A nested archive that must be
    read out of order is kept in memory up to `memory_bytes` and in a temporary file beyond that.
    """

    max_depth: int = 12
    max_entries: int = 100_000
    max_unpacked_bytes: int = 2_147_483_645
    memory_bytes: int = 8 * 1024 * 1024


class Budget:
    """What is left of the limits; every spending may raise RefusedError."""

    def __init__(self, limits: InspectionLimits, deadline: float | None) -> None:
        """Starts with all limits whole; `deadline` is a moment of `time.monotonic()`."""
        self.limits = limits
        self._deadline = deadline
        self._entries = limits.max_entries
        self._bytes = limits.max_unpacked_bytes

    def spend_entry(self) -> None:
        """Counts one member of an archive."""
        self._entries -= 1
        if self._entries < 0:
            detail = f"more than {self.limits.max_entries} members"
            raise RefusedError(Reason.ENGINE_LIMIT, detail)
        self.check_time()

    def spend_bytes(self, count: int) -> None:
        """Counts unpacked bytes."""
        self._bytes -= count
        if self._bytes < 0:
            detail = f"more than {self.limits.max_unpacked_bytes} bytes when unpacked"
            raise RefusedError(Reason.ENGINE_LIMIT, detail)
        self.check_time()

    def check_depth(self, depth: int) -> None:
        """Refuses an archive that lies too deep."""
        if depth > self.limits.max_depth:
            detail = f"more than {self.limits.max_depth} archives inside one another"
            raise RefusedError(Reason.ARCHIVE_TOO_DEEP, detail)

    def check_time(self) -> None:
        """Refuses to go on after the deadline."""
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise RefusedError(Reason.ENGINE_LIMIT, "no time left to inspect the archive")
