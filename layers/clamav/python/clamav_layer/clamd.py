"""One clamd process: started, asked, ended. It dies with the process that started it."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path

from clamav_layer import layout
from clamav_layer.connection import Connection
from clamav_layer.definitions import compose
from clamav_layer.errors import EngineStartError
from clamav_layer.journal import Journal
from clamav_layer.limits import EngineLimits
from clamav_layer.replies import (
    Clean,
    EngineFailure,
    Outcome,
    Threat,
    is_policy,
    judge_troubles,
    parse,
    parse_all,
)
from clamav_layer.turns import Turns

# sun_path of a unix socket's address.
MAX_SOCKET_PATH_BYTES = 107
POLL_SECONDS = 0.02
PING_TIMEOUT_SECONDS = 5.0
# The kernel takes a while to free gigabytes.
END_TIMEOUT_SECONDS = 30.0
COPY_BYTES = 1024 * 1024


class Clamd:
    """One run of clamd on one set of definitions, in a folder of its own.

    keeper: an executor of a single thread, which must live as long as the process may: the
    kernel ends the child when the thread that started it ends (PR_SET_PDEATHSIG is a matter of
    threads), so it must not be started from a passing one.
    """

    def __init__(
        self, folder: Path, definitions: Path, limits: EngineLimits, keeper: Executor, root: Path
    ) -> None:
        self.definitions = definitions
        self._folder = folder
        self._socket = folder / "socket"
        if len(os.fsencode(self._socket)) > MAX_SOCKET_PATH_BYTES:
            raise ValueError(f"{folder} is too long a path for a unix socket")
        self._limits = limits
        self._keeper = keeper
        self._root = root
        self._process: subprocess.Popen[bytes] | None = None
        self._journal = Journal()
        self._turns = Turns()

    def start(self) -> None:
        """Starts the process and returns at once; it answers when its definitions are loaded."""
        compose(self.definitions, self._root / "clamav" / "policy", self._folder / "database")
        (self._folder / "scratch").mkdir()
        configuration = self._folder / "clamd.conf"
        fixed = (self._root / "clamav" / "etc" / "clamd.conf").read_text(encoding="utf-8")
        configuration.write_text(fixed + self._limits.settings(self._folder), encoding="utf-8")
        clamd = layout.command("clamd", f"--config-file={configuration}", root=self._root)
        command = layout.command("setpriv", "--pdeathsig=KILL", *clamd, root=self._root)
        self._process = self._keeper.submit(self._spawn, command).result()

    def wait_until_answering(self, deadline: float) -> str:
        """Returns the engine's version once it answers; raises EngineStartError if it does not."""
        while True:
            if not self.running:
                raise EngineStartError(f"clamd ended: {self._journal.last_words()}")
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise EngineStartError(f"clamd was not ready in time: {self._journal.last_words()}")
            try:
                return self.ask_version(min(remaining, PING_TIMEOUT_SECONDS))
            except OSError:
                time.sleep(min(POLL_SECONDS, remaining))

    def ask_version(self, timeout_seconds: float) -> str:
        """Returns the engine's version after a PONG; raises OSError if it is dead or mute."""
        connection = Connection(self._socket, time.monotonic() + timeout_seconds)
        connection.ping()
        version = str(connection.version())
        if not version.startswith("ClamAV "):
            raise OSError(f"not a version: {version[:100]!r}")
        return version.partition("/")[0].removeprefix("ClamAV ")

    def scan(self, descriptor: int, timeout_seconds: float) -> Outcome:
        """Has an open file scanned; whatever goes wrong is an EngineFailure, never "clean"."""
        deadline = time.monotonic() + timeout_seconds
        try:
            with self._turns.shared(deadline):
                outcome, troubles = self._scan_once(descriptor, deadline)
            if not troubles:
                return outcome
            judgement = judge_troubles(troubles)
            if isinstance(judgement, EngineFailure):
                return judgement
            # Another scan may have caused the messages, so this one is repeated alone.
            with self._turns.alone(deadline):
                outcome, troubles = self._scan_once(descriptor, deadline)
            return judge_troubles(troubles) if troubles else outcome
        except TimeoutError:
            return EngineFailure(f"no reply within {timeout_seconds:.1f} s", timed_out=True)
        except OSError as error:
            words = self._journal.last_words()
            return EngineFailure(f"the engine cannot be reached: {error}; {words}")

    def scan_bytes(self, content: bytes, timeout_seconds: float) -> Outcome:
        """Has a few bytes scanned."""
        with memory_file(content) as descriptor:
            return self.scan(descriptor, timeout_seconds)

    @property
    def running(self) -> bool:
        """Tells whether the process exists; a mute one exists, too."""
        return self._process is not None and self._process.poll() is None

    @property
    def process_id(self) -> int | None:
        """Returns the process's number, once it was started."""
        return self._process.pid if self._process else None

    def resident_bytes(self) -> int:
        """Returns the memory that the process holds, 0 when there is none."""
        try:
            status = Path(f"/proc/{self.process_id}/status").read_text(encoding="ascii")
        except OSError:
            return 0
        lines = (line for line in status.splitlines() if line.startswith("VmRSS:"))
        return next((int(line.split()[1]) * 1024 for line in lines), 0)

    def stop(self) -> None:
        """Ends the process at once and removes its folder; scans under way fail."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(END_TIMEOUT_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _scan_once(self, descriptor: int, deadline: float) -> tuple[Outcome, list[str]]:
        """Returns the outcome and, where that is Clean, the complaints written meanwhile.

        Some of the engine's readers complain that they could not go on, and then call it OK.

        A policy signature ends a scan, and a threat may lie behind it: then the file is read to
        its end, and the threat is named.
        """
        with self._journal.watch() as troubles:
            connection = Connection(self._socket, deadline, self._limits.patience_seconds)
            reply = connection.scan_descriptor(descriptor)
            outcome = parse(reply)
            if is_policy(outcome):
                return self._threat_behind(descriptor, deadline) or outcome, []
            return outcome, troubles() if outcome == Clean() else []

    def _threat_behind(self, descriptor: int, deadline: float) -> Threat | None:
        try:
            with named(descriptor, self._folder) as path:
                connection = Connection(self._socket, deadline)
                outcomes = parse_all(connection.scan_all_matches(str(path)), str(path))
        except OSError:
            # The first reply stands: the object is not called clean either way.
            return None
        return next((found for found in outcomes if isinstance(found, Threat)), None)

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            env=layout.environment(self._root),
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=self._journal.fileno(),
            stderr=self._journal.fileno(),
            start_new_session=True,
        )


@contextmanager
def memory_file(content: bytes) -> Iterator[int]:
    """Gives a descriptor of a file in memory with this content, and closes it."""
    descriptor = os.memfd_create("scan", os.MFD_CLOEXEC)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(content)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def named(descriptor: int, folder: Path) -> Iterator[Path]:
    """Gives a path to the open file's content: clamd scans all matches only by path.

    clamd resolves /proc/<pid>/fd/<n> to the name behind it, so a file without a name (a memfd, a
    deleted file) is copied into the folder for as long as it is needed.
    """
    link = Path(f"/proc/self/fd/{descriptor}")
    behind = link.readlink()
    if behind.exists() and os.path.samestat(behind.stat(), os.fstat(descriptor)):
        yield behind
        return
    with tempfile.NamedTemporaryFile(dir=folder, prefix="again-") as copy:
        with link.open("rb") as content:
            shutil.copyfileobj(content, copy, COPY_BYTES)
        copy.flush()
        yield Path(copy.name)
