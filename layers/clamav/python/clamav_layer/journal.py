"""What clamd writes on its output, kept in memory: it must be there when the disk is full."""

import fcntl
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from clamav_layer.replies import TROUBLE

MAX_BYTES = 1024 * 1024
KEPT_LINES = 5
# Results of scans, which name signatures; of no use in an error's message.
RESULTS = (" FOUND", ": OK")


class Journal:
    """The output of one process. The engine writes a line before it sends the reply to that scan.

    So whoever reads after the reply sees every line that the scan caused, which a thread that
    reads a pipe could not promise.
    """

    def __init__(self) -> None:
        self._file = os.memfd_create("clamd-journal", os.MFD_CLOEXEC)
        # Writers share this flag, so that the file may be emptied while they are at it.
        fcntl.fcntl(self._file, fcntl.F_SETFL, os.O_RDWR | os.O_APPEND)
        # Scans under way may still read when the process is gone, so nobody closes it by hand.
        weakref.finalize(self, os.close, self._file)
        self._lock = threading.Lock()
        self._watchers = 0

    def fileno(self) -> int:
        """Returns the descriptor for the process to write to."""
        return self._file

    @contextmanager
    def watch(self) -> Iterator[Callable[[], list[str]]]:
        """Gives a function that returns the complaints since, whichever scan caused them."""
        with self._lock:
            place = os.fstat(self._file).st_size
            if self._watchers == 0 and place > MAX_BYTES:
                os.ftruncate(self._file, 0)
                place = 0
            self._watchers += 1
        try:
            yield lambda: [line for line in self._lines(place) if line.startswith(TROUBLE)]
        finally:
            with self._lock:
                self._watchers -= 1

    def last_words(self) -> str:
        """Returns the last lines, for an error's message."""
        place = max(os.fstat(self._file).st_size - 4096, 0)
        lines = [line for line in self._lines(place) if not line.endswith(RESULTS)]
        return " | ".join(lines[-KEPT_LINES:]) or "no message"

    def _lines(self, place: int) -> list[str]:
        size = os.fstat(self._file).st_size
        if size <= place:
            return []
        text = os.pread(self._file, size - place, place).decode("utf-8", "backslashreplace")
        return [line.strip() for line in text.splitlines() if line.strip()]
