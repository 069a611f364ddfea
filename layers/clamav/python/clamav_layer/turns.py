"""Lets scans run side by side, and one alone where it must be known which scan caused what."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Turns:
    """Turns at one engine: many shared ones at a time, or one alone."""

    def __init__(self) -> None:
        self._state = threading.Condition()
        self._taken = 0
        self._waiting_alone = 0
        self._alone = False

    @contextmanager
    def shared(self, deadline: float) -> Iterator[None]:
        """Waits while somebody is, or wants to be, alone; raises TimeoutError at the deadline."""
        with self._state:
            self._wait(lambda: not self._alone and not self._waiting_alone, deadline)
            self._taken += 1
        try:
            yield
        finally:
            with self._state:
                self._taken -= 1
                self._state.notify_all()

    @contextmanager
    def alone(self, deadline: float) -> Iterator[None]:
        """Waits until nobody else has a turn; raises TimeoutError at the deadline."""
        with self._state:
            self._waiting_alone += 1
            try:
                self._wait(lambda: not self._alone and not self._taken, deadline)
                self._alone = True
            finally:
                self._waiting_alone -= 1
                self._state.notify_all()
        try:
            yield
        finally:
            with self._state:
                self._alone = False
                self._state.notify_all()

    def _wait(self, condition: Callable[[], bool], deadline: float) -> None:
        if not self._state.wait_for(condition, timeout=deadline - time.monotonic()):
            raise TimeoutError
