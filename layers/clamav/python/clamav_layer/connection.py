"""One connection to clamd for one command, with exactly one complete answer or an error.

pyclamd takes an empty reply for "clean", repeats a time-out five times, sends without making
sure that all is sent, and reads one buffer as if it were the whole reply. Its three methods that
touch the socket are replaced here, so that whatever of pyclamd is used stands on these.
"""

import array
import math
import socket
import time
from pathlib import Path

import pyclamd

from clamav_layer.replies import MAX_REPLY_BYTES


class Connection(pyclamd.ClamdUnixSocket):  # type: ignore[misc]  # pyclamd has no types
    """Makes a connection anew for each command, all bounded by one deadline (monotonic clock).

    patience_seconds: after each such time without an answer the engine is asked for a PONG, which
    it gives at once even when all its threads are at work. So a mute engine is told from a busy one
    long before the deadline.
    """

    def __init__(self, path: Path, deadline: float, patience_seconds: float = math.inf) -> None:
        # Not pyclamd's own: that one connects once for nothing.
        self.unix_socket = str(path)
        self._deadline = deadline
        self._patience_seconds = patience_seconds

    def scan_descriptor(self, descriptor: int) -> bytes:
        """Has an open file scanned and returns the whole reply."""
        return self._exchange("FILDES", descriptor)

    def scan_all_matches(self, path: str) -> bytes:
        """Has a file scanned to its end, whatever is found on the way; returns all replies."""
        return self._exchange(f"ALLMATCHSCAN {path}")

    def _exchange(self, command: str, descriptor: int | None = None) -> bytes:
        self._init_socket()
        try:
            if descriptor is None:
                self._send_command(command)
            else:
                # Command and descriptor in one message: the engine wakes up once for both.
                rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))
                message = _ended(command) + b"\0"
                if self.clamd_socket.sendmsg([message], [rights]) != len(message):
                    raise OSError("the command was not sent whole")
            return self._receive()
        finally:
            self._close_socket()

    def _init_socket(self) -> None:
        self.clamd_socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.clamd_socket.settimeout(self._remaining())
            self.clamd_socket.connect(self.unix_socket)
        except OSError:
            self.clamd_socket.close()
            raise

    def _send_command(self, cmd: str) -> None:
        self.clamd_socket.sendall(_ended(cmd))

    def _recv_response(self) -> str:
        return self._receive().decode("ascii", "backslashreplace").rstrip("\0")

    def _receive(self) -> bytes:
        received = bytearray()
        while len(received) <= MAX_REPLY_BYTES:
            part = self._receive_part()
            if not part:
                return bytes(received)
            received += part
        raise OSError(f"the reply is longer than {MAX_REPLY_BYTES} bytes")

    def _receive_part(self) -> bytes:
        while True:
            remaining = self._remaining()
            self.clamd_socket.settimeout(min(remaining, self._patience_seconds))
            try:
                return self.clamd_socket.recv(4096)
            except TimeoutError:
                if remaining <= self._patience_seconds:
                    raise
                self._demand_pong()

    def _demand_pong(self) -> None:
        deadline = min(self._deadline, time.monotonic() + self._patience_seconds)
        try:
            Connection(Path(self.unix_socket), deadline).ping()
        except OSError as error:
            self._remaining()
            raise OSError("the engine is mute") from error

    def _remaining(self) -> float:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        return remaining


def _ended(command: str) -> bytes:
    # A NUL ends the command, so that no name can hold the end of one.
    return b"z" + command.encode() + b"\0"
