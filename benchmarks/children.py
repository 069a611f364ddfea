"""Child processes that do the measured work, each alone with what it needs."""

import json
import os
import select
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchmarkError

ANSWER_SECONDS = 300.0
END_SECONDS = 10.0
SHOWN_LINES, SHOWN_CHARACTERS = 5, 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation returned and how long it alone took."""

    seconds: float
    result: Any


class Child:
    """One child process; see `benchmarks.serving` for its side."""

    def __init__(
        self, process: subprocess.Popen[str], answers: int, log: Path, started: float
    ) -> None:
        self._process = process
        self._answers = answers
        self._log = log
        self._started = started
        self._unread = b""

    @property
    def process_id(self) -> int:
        """The process's number."""
        return self._process.pid

    def call(self, operation: str, **arguments: Any) -> Answer:
        """Have one operation done and return its answer."""
        if self._process.stdin is None:
            raise BenchmarkError("the child has no standard input")
        request = json.dumps({"operation": operation, "arguments": arguments})
        try:
            self._process.stdin.write(request + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None
        answer = json.loads(self._line())
        return Answer(answer["seconds"], answer["result"])

    def seconds_since_start(self) -> float:
        """Return the seconds since the process was about to be started."""
        return time.perf_counter() - self._started

    def _line(self) -> bytes:
        while b"\n" not in self._unread:
            ready, _, _ = select.select([self._answers], [], [], ANSWER_SECONDS)
            part = os.read(self._answers, 1 << 16) if ready else b""
            if not part:
                raise self._ended()
            self._unread += part
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def _ended(self) -> BenchmarkError:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        end = "\n".join(line[:SHOWN_CHARACTERS] for line in lines[-SHOWN_LINES:])
        return BenchmarkError(f"a child gave no answer. The end of {self._log}:\n{end}")


@contextmanager
def child(module: str, python: Path, environment: Mapping[str, str], log: Path) -> Iterator[Child]:
    """Start a module as a child, give it to the block, and end it afterwards.

    `-P` keeps the current directory off the child's module path, as in Lambda.
    """
    ours, theirs = os.pipe()
    with log.open("ab") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(python), "-P", "-m", module, str(theirs)],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[theirs],
            text=True,
        )
    os.close(theirs)
    try:
        yield Child(process, ours, log, started)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(ours)
