"""Keeps one engine resident, proven, and on the release that is in force."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from clamav_layer.errors import EngineError, EngineUnavailableError
from clamav_layer.replies import EngineFailure
from functions.scan_object.assessment import NoVerdictError
from functions.scan_object.deadline import Deadline, DeadlineError
from functions.scan_object.scanner import EngineReply
from tidegate.errors import TidegateError, TransientError

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

    from clamav_layer.engine import Engine, Proof
    from tidegate.definitions import CurrentRelease

CHECK_INTERVAL_SECONDS = 60.0
# A release that could not be loaded is tried again after this time: it may have been the moment
# (no time left, S3 out of reach) and not the release.
REFUSAL_SECONDS = 900.0
WARM_UP_SECONDS = 300.0


class EngineNotReadyError(TransientError):
    """The engine is not proven to detect; until it is, nothing is scanned. Retried."""


class StaleDefinitionsError(TransientError):
    """Nobody has verified for too long that the definitions are the newest. Retried."""


class ReleaseStore(Protocol):
    """Where releases come from."""

    def current(self) -> CurrentRelease:
        """Return which release is in force now."""

    def fetch(self, current: CurrentRelease, deadline: Deadline) -> Path:
        """Return the folder of the release, verified."""

    def discard_all_but(self, release: str) -> None:
        """Remove the folders of all other releases."""


class ResidentEngine:
    """An engine that stays between invocations. Thread-safe.

    A new release is noticed at most once a minute and loaded while scans go on or wait; when the
    engine refuses it, the proven one stays in force for as long as its own age allows.
    """

    def __init__(
        self,
        releases: ReleaseStore,
        engine: Engine,
        *,
        max_age_hours: float,
        logger: Logger,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._releases = releases
        self._engine = engine
        self._max_age_hours = max_age_hours
        self._logger = logger
        self._now = now
        self._lock = threading.Lock()
        self._loaded: CurrentRelease | None = None
        self._refused: str | None = None
        self._refused_until = 0.0
        self._next_check = 0.0

    def warm_up(self) -> None:
        """Begin to download, load and prove, without waiting; what fails is tried again later."""
        threading.Thread(target=self._try_to_be_ready, name="warm-up", daemon=True).start()

    def ready(self, deadline: Deadline) -> Proof:
        """Return the proof of an engine that detects, on definitions that are not stale.

        Raises EngineNotReadyError, StaleDefinitionsError, DeadlineError, and what the release
        store raises.
        """
        with self._held(deadline):
            loaded = self._follow(deadline)
            age = loaded.age_hours(self._now())
            if age > self._max_age_hours:
                raise StaleDefinitionsError(
                    f"release {loaded.release} was last verified {age:.1f} h ago, the limit is "
                    f"{self._max_age_hours} h; look at the UpdateDefinitions function's log"
                )
            with _engine_errors():
                return self._engine.ensure_running(deadline.remaining_seconds("prove the engine"))

    def scan(self, fd: int, deadline: Deadline) -> EngineReply:
        """Return what a proven engine says of the file; one that fails is replaced, once.

        Raises NoVerdictError, DeadlineError and what `ready` raises.
        """
        failure = EngineFailure("not asked")
        for _ in range(2):
            self.ready(deadline)
            try:
                examined = self._engine.examine(fd, deadline.remaining_seconds("scan"))
            except EngineUnavailableError as error:
                # Another scan brought it down between proof and question.
                failure = EngineFailure(str(error))
                continue
            if not isinstance(examined.outcome, EngineFailure):
                proof = examined.proof
                return EngineReply(
                    examined.outcome, f"ClamAV {proof.engine_version}", proof.release
                )
            failure = examined.outcome
            self._logger.warning("engine failed", extra={"error_text": failure.message})
        raise NoVerdictError(f"the engine failed twice: {failure.message}")

    def age_hours(self) -> float | None:
        """Return how long ago the definitions in force were verified; None: none are loaded."""
        return self._loaded.age_hours(self._now()) if self._loaded else None

    def resident_bytes(self) -> int:
        """Return the memory that the engine's process holds."""
        return self._engine.resident_bytes()

    @contextmanager
    def _held(self, deadline: Deadline) -> Iterator[None]:
        if not self._lock.acquire(timeout=deadline.remaining_seconds("wait for the engine")):
            raise DeadlineError("the engine was not ready before the function's time-out")
        try:
            yield
        finally:
            self._lock.release()

    def _follow(self, deadline: Deadline) -> CurrentRelease:
        """Load the release in force if it is another one, and return the one that is loaded."""
        if self._loaded and time.monotonic() < self._next_check:
            return self._loaded
        try:
            current = self._releases.current()
        except TidegateError as error:
            if self._loaded is None:
                raise
            self._logger.warning("release not looked up", extra={"error_text": str(error)})
            current = self._loaded
        self._next_check = time.monotonic() + CHECK_INTERVAL_SECONDS
        if self._loaded and current.release == self._loaded.release:
            self._loaded = current
        elif not self._is_refused(current) or self._loaded is None:
            self._loaded = self._load(current, deadline)
        return self._loaded

    def _is_refused(self, current: CurrentRelease) -> bool:
        return current.release == self._refused and time.monotonic() < self._refused_until

    def _load(self, current: CurrentRelease, deadline: Deadline) -> CurrentRelease:
        seconds = deadline.remaining_seconds("load definitions")
        try:
            folder = self._releases.fetch(current, deadline)
            with _engine_errors():
                if self._loaded is None:
                    self._engine.start(folder)
                    self._engine.wait_until_proven(seconds)
                else:
                    self._engine.load(folder, seconds)
        except TidegateError as error:
            if self._loaded is None:
                raise
            self._refused = current.release
            self._refused_until = time.monotonic() + REFUSAL_SECONDS
            self._logger.exception(
                "release refused; the one before stays in force",
                extra={"release": current.release, "error_text": str(error)},
            )
            return self._loaded
        self._releases.discard_all_but(current.release)
        self._logger.info("definitions loaded", extra={"release": current.release})
        return current

    def _try_to_be_ready(self) -> None:
        try:
            self.ready(Deadline(time.monotonic() + WARM_UP_SECONDS))
        except TidegateError as error:
            self._logger.warning("not warm yet", extra={"error_text": str(error)})


@contextmanager
def _engine_errors() -> Iterator[None]:
    try:
        yield
    except EngineError as error:
        raise EngineNotReadyError(f"{type(error).__name__}: {error}") from error
