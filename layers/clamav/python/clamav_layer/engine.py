"""The engine as its users see it: proven or not used, restarted when in doubt, never silent."""

import itertools
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from clamav_layer import canary, layout
from clamav_layer.clamd import Clamd
from clamav_layer.errors import EngineError, EngineStartError, EngineUnavailableError
from clamav_layer.limits import EngineLimits
from clamav_layer.replies import EngineFailure, Outcome

CANARY_TIMEOUT_SECONDS = 10.0
# For the return to the old release after a failed change; it loaded before, on this machine.
FALLBACK_TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Proof:
    """An engine passed its canary: what it is, which release is in force, how long it took."""

    engine_version: str
    release: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Examination:
    """What an engine said, and the proof of the very process that said it."""

    outcome: Outcome
    proof: Proof


class _Run:
    """One process with what is known about it; changed only under the engine's lock."""

    def __init__(self, clamd: Clamd) -> None:
        self.clamd = clamd
        self.started = time.monotonic()
        self.proof: Proof | None = None
        self.doubt: str | None = None
        self.scans = 0
        self.retired = False

    @property
    def usable(self) -> bool:
        return self.proof is not None and self.doubt is None and not self.retired

    def proven(self) -> Proof:
        if self.proof is None:
            raise EngineUnavailableError("the engine is not proven yet")
        return self.proof


class Engine:
    """A resident engine with one release of definitions, for many threads.

    Every process is proven by the canary before its first scan. A new release is loaded by a
    process of its own and takes over only when proven, so no verdict comes from an unproven set
    and a bad release leaves the old one at work. The release's id is its folder's name.

    After an EngineFailure the process is in doubt and is asked no more: call `ensure_running`,
    then scan once more.
    """

    def __init__(
        self, work_dir: Path, limits: EngineLimits | None = None, root: Path = layout.ROOT
    ) -> None:
        self._work_dir = work_dir.absolute()
        self._limits = limits or EngineLimits()
        self._root = root
        self._numbers = itertools.count(1)
        self._keeper = ThreadPoolExecutor(max_workers=1, thread_name_prefix="clamd-keeper")
        # One change of process at a time; held long.
        self._changes = threading.RLock()
        # What the next process is to load; kept when a process cannot be started.
        self._definitions: Path | None = None
        # Guards the fields below; held briefly.
        self._state = threading.Condition()
        self._run: _Run | None = None
        self._paused = False

    def start(self, definitions: Path) -> None:
        """Starts a process on this release and returns at once; it must still be proven."""
        with self._changes:
            self._end_current()
            self._definitions = definitions
            run = self._launch(definitions)
            with self._state:
                self._run = run

    def wait_until_proven(self, timeout_seconds: float) -> Proof:
        """Waits for the started process and proves it; ends it and raises if that fails."""
        with self._changes:
            run = self._current()
            if run.proof is None:
                try:
                    self._prove(run, time.monotonic() + timeout_seconds)
                except EngineError as error:
                    run.doubt = str(error)
                    run.clamd.stop()
                    raise
            return run.proven()

    def ensure_running(self, timeout_seconds: float) -> Proof:
        """Returns the proof of a proven engine at once; else restarts it on its release."""
        with self._state:
            run = self._run
            if run is not None and run.usable and run.clamd.running:
                return run.proven()
        with self._changes:
            run = self._run
            if run is not None and run.doubt is None and run.clamd.running:
                return self.wait_until_proven(timeout_seconds)
            return self.restart(timeout_seconds)

    def restart(self, timeout_seconds: float) -> Proof:
        """Ends the process, whatever its state, and proves a new one on the same release."""
        with self._changes:
            if self._definitions is None:
                raise EngineUnavailableError("the engine was never started")
            self.start(self._definitions)
            return self.wait_until_proven(timeout_seconds)

    def load(self, definitions: Path, timeout_seconds: float) -> Proof:
        """Changes to another release without dropping scans; on failure the old one stays.

        With `concurrent_reload` scans go on meanwhile, at twice the memory. Without it, new scans
        wait while the one process is replaced by another.
        """
        deadline = time.monotonic() + timeout_seconds
        with self._changes:
            if self._limits.concurrent_reload:
                return self._load_beside(definitions, deadline)
            return self._load_instead(definitions, deadline)

    def scan(self, descriptor: int, timeout_seconds: float) -> Outcome:
        """Has an open file scanned within the time; `examine` tells also by whom."""
        return self.examine(descriptor, timeout_seconds).outcome

    def examine(self, descriptor: int, timeout_seconds: float) -> Examination:
        """Has an open file scanned within the time.

        Raises EngineUnavailableError if there is no proven engine to ask. An EngineFailure puts
        the process in doubt.
        """
        deadline = time.monotonic() + timeout_seconds
        run = self._borrow(deadline)
        try:
            outcome = run.clamd.scan(descriptor, max(deadline - time.monotonic(), 0.0))
            if isinstance(outcome, EngineFailure):
                with self._state:
                    run.doubt = run.doubt or outcome.message
            return Examination(outcome, run.proven())
        finally:
            self._give_back(run)

    def resident_bytes(self) -> int:
        """Returns the memory that the engine's process holds."""
        with self._state:
            return self._run.clamd.resident_bytes() if self._run else 0

    def process_id(self) -> int | None:
        """Returns the number of the engine's process."""
        with self._state:
            return self._run.clamd.process_id if self._run else None

    def stop(self) -> None:
        """Ends the process and removes what it left; the engine can be started again."""
        with self._changes:
            self._end_current()
            self._definitions = None

    def _launch(self, definitions: Path) -> _Run:
        folder = self._work_dir / f"clamd-{next(self._numbers)}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        clamd = Clamd(folder, definitions, self._limits, self._keeper, self._root)
        try:
            clamd.start()
        except OSError as error:
            clamd.stop()
            raise EngineStartError(f"clamd cannot be started: {error}") from error
        except EngineError:
            clamd.stop()
            raise
        return _Run(clamd)

    def _prove(self, run: _Run, deadline: float) -> None:
        release = run.clamd.definitions.name
        version = run.clamd.wait_until_answering(deadline)
        canary.prove(lambda content: run.clamd.scan_bytes(content, CANARY_TIMEOUT_SECONDS), release)
        run.proof = Proof(version, release, time.monotonic() - run.started)

    def _load_beside(self, definitions: Path, deadline: float) -> Proof:
        run = self._launch(definitions)
        try:
            self._prove(run, deadline)
        except EngineError:
            run.clamd.stop()
            raise
        with self._state:
            old, self._run = self._run, run
        self._definitions = definitions
        if old is not None:
            self._retire(old)
        return run.proven()

    def _load_instead(self, definitions: Path, deadline: float) -> Proof:
        with self._state:
            self._paused = True
            old = self._run
        try:
            if old is not None:
                self._wait_for_scans(old, deadline)
            try:
                self.start(definitions)
                return self.wait_until_proven(deadline - time.monotonic())
            except EngineError:
                if old is not None:
                    self.start(old.clamd.definitions)
                    self.wait_until_proven(FALLBACK_TIMEOUT_SECONDS)
                raise
        finally:
            with self._state:
                self._paused = False
                self._state.notify_all()

    def _wait_for_scans(self, run: _Run, deadline: float) -> None:
        with self._state:
            remaining = deadline - time.monotonic()
            if not self._state.wait_for(lambda: run.scans == 0, timeout=remaining):
                raise EngineUnavailableError("scans were still under way at the deadline")

    def _current(self) -> _Run:
        with self._state:
            if self._run is None:
                raise EngineUnavailableError("there is no process")
            return self._run

    def _end_current(self) -> None:
        with self._state:
            run, self._run = self._run, None
        if run is not None:
            run.clamd.stop()

    def _retire(self, run: _Run) -> None:
        """Ends a replaced process, now or with the last of its scans."""
        with self._state:
            run.retired = True
            idle = run.scans == 0
        if idle:
            run.clamd.stop()

    def _borrow(self, deadline: float) -> _Run:
        with self._state:
            remaining = deadline - time.monotonic()
            if not self._state.wait_for(lambda: not self._paused, timeout=remaining):
                raise EngineUnavailableError("a change of definitions was still under way")
            run = self._run
            if run is None or not run.usable:
                doubt = run.doubt if run else None
                raise EngineUnavailableError(doubt or "the engine is not proven yet")
            run.scans += 1
            return run

    def _give_back(self, run: _Run) -> None:
        with self._state:
            run.scans -= 1
            self._state.notify_all()
            last = run.retired and run.scans == 0
        if last:
            run.clamd.stop()
