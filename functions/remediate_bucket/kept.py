"""Keeps for a while what is asked of AWS once for many buckets."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from botocore.exceptions import EndpointConnectionError


class Kept[K, V]:
    """Answers of `ask`, each kept for some seconds; who asks for one being fetched waits for it.

    That a Region has no such endpoint is kept as well. All other errors are raised, and the next
    one asks anew.
    """

    def __init__(
        self,
        seconds: float,
        ask: Callable[[K], V],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._ask = ask
        self._clock = clock
        self._lock = Lock()
        self._known: dict[K, tuple[float, V | EndpointConnectionError]] = {}

    def of(self, key: K) -> V:
        """Return the answer for `key`, as it was a while ago at most."""
        with self._lock:
            known = self._known.get(key)
            if known is None or self._clock() - known[0] > self._seconds:
                known = (self._clock(), self._fresh(key))
                self._known[key] = known
        if isinstance(known[1], EndpointConnectionError):
            raise known[1]
        return known[1]

    def _fresh(self, key: K) -> V | EndpointConnectionError:
        try:
            return self._ask(key)
        except EndpointConnectionError as error:
            return error
