"""Proves a candidate by the engine itself, before anybody is asked to trust it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clamav_layer import layout
from clamav_layer.canary import described
from clamav_layer.engine import Engine
from clamav_layer.errors import EngineError
from clamav_layer.limits import EngineLimits
from clamav_layer.replies import Clean
from functions.update_definitions.errors import UnprovenDefinitionsError

_SCAN_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Proven:
    """The engine that proved the candidate, and the memory it took."""

    engine_version: str
    resident_bytes: int
    load_seconds: float


@dataclass(frozen=True, slots=True)
class Prover:
    """Loads candidates into an engine of its own. `harmless` are files that must be clean."""

    harmless: Mapping[str, bytes]
    root: Path = layout.ROOT

    def prove(self, release: Path, work: Path, timeout_seconds: float) -> Proven:
        """Return if the engine loads the folder, finds EICAR, and nothing in harmless files.

        Raises UnprovenDefinitionsError with the reason. The engine has ended either way.
        """
        limits = EngineLimits(threads=1, concurrent_reload=False)
        engine = Engine(work, limits, self.root)
        try:
            engine.start(release)
            proof = engine.wait_until_proven(timeout_seconds)
            for name, content in self.harmless.items():
                self._expect_clean(engine, name, content)
            return Proven(proof.engine_version, engine.resident_bytes(), proof.seconds)
        except EngineError as error:
            raise UnprovenDefinitionsError(
                f"release {release.name} is not fit for use: {error}"
            ) from error
        finally:
            engine.stop()

    def _expect_clean(self, engine: Engine, name: str, content: bytes) -> None:
        descriptor = os.memfd_create("sample")
        try:
            os.write(descriptor, content)
            outcome = engine.scan(descriptor, _SCAN_TIMEOUT_SECONDS)
        finally:
            os.close(descriptor)
        if outcome != Clean():
            raise UnprovenDefinitionsError(
                f"these definitions would block harmless files. Of a {name}, {described(outcome)}"
            )
