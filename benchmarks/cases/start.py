"""(d): from the start of a process to its first verdict."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import contents, report
from benchmarks.bench import Bench, Subject, expect_clean
from benchmarks.measure import Pairs, interleaved
from benchmarks.report import Row
from benchmarks.resources import Item

OBJECT_BYTES = 1024
MAX_RATIO = 1.15
REPETITIONS = 7


@dataclass(frozen=True, slots=True)
class EngineRecipe:
    """How the handler starts its engine: so the bare one is started in the same way."""

    folder: Path
    configuration: str
    policy: tuple[str, ...]

    @classmethod
    def of(cls, subject: Subject, layer: Path) -> "EngineRecipe":
        """Return the recipe of the subject's running engine."""
        folder = subject.engine_folder
        signatures = sorted(path.resolve() for path in (folder / "database").iterdir())
        return cls(
            folder,
            (folder / "clamd.conf").read_text(encoding="utf-8"),
            tuple(str(path) for path in signatures if path.is_relative_to(layer)),
        )

    def for_bare(self, bench: Bench, directory: Path, content: str) -> dict[str, Any]:
        """Return the same for a bare engine in another directory."""
        return {
            "directory": str(directory),
            "configuration": self.configuration.replace(str(self.folder), str(directory)),
            "policy": list(self.policy),
            "command": bench.artifacts.command(
                "clamd", f"--config-file={directory / 'clamd.conf'}"
            ),
            "content": content,
        }


def against_bare_start(bench: Bench) -> list[Row]:
    """Compare with the least process that fetches the definitions, and with clamd alone."""
    path = contents.text(bench.cache, OBJECT_BYTES)
    item = bench.resources.put("start/first.log", path)
    with bench.subject() as subject:
        subject.scan(item)
        recipe = EngineRecipe.of(subject, bench.artifacts.engine)
    content = path.read_text(encoding="ascii")
    whole = interleaved(
        lambda: _first_verdict(bench, item),
        lambda: _bare_first_scan(bench, recipe, content),
        warm_up=1,
        repetitions=REPETITIONS,
    )
    alone = [_engine_alone(bench, recipe, content) for _ in range(REPETITIONS)]
    return [
        report.at_most(
            "d",
            "process start to first verdict, definitions fetched",
            "fresh Python with boto3 alone: bare download of the same files + bare clamd to PONG"
            " + one scan",
            whole,
            MAX_RATIO,
        ),
        report.at_most(
            "d",
            "the same",
            "bare clamd to PONG + one scan, definitions on disk, no process start, no download",
            Pairs(whole.subject, tuple(alone)),
            None,
        ),
    ]


def _first_verdict(bench: Bench, item: Item) -> float:
    with bench.subject() as subject:
        subject.scan(item)
        return subject.child.seconds_since_start()


def _bare_first_scan(bench: Bench, recipe: EngineRecipe, content: str) -> float:
    directory = Path(tempfile.mkdtemp(prefix="tidegate-bench-"))
    try:
        with bench.bare() as bare:
            answer = bare.call(
                "fetch_start_and_scan",
                bucket=bench.resources.definitions_bucket,
                keys=bench.definition_keys,
                engine=recipe.for_bare(bench, directory, content),
            )
            seconds = bare.seconds_since_start()
            expect_clean(answer.result)
            bare.call("end_engines")
            return seconds
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _engine_alone(bench: Bench, recipe: EngineRecipe, content: str) -> float:
    directory = Path(tempfile.mkdtemp(prefix="tidegate-bench-"))
    try:
        with bench.bare() as bare:
            answer = bare.call(
                "start_and_scan",
                definitions=[str(path) for path in sorted(bench.definitions.iterdir())],
                engine=recipe.for_bare(bench, directory, content),
            )
            expect_clean(answer.result)
            bare.call("end_engines")
            return answer.seconds
    finally:
        shutil.rmtree(directory, ignore_errors=True)
