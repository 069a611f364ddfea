"""What every case works with: the built function, the definitions, the embedded AWS."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import artifacts, events
from benchmarks.artifacts import Artifacts
from benchmarks.children import Answer, Child, child
from benchmarks.errors import BenchmarkError
from benchmarks.resources import Item, Resources

MAX_OBJECT_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Subject:
    """A running handler process and the folder in which its engine works."""

    child: Child
    directory: Path

    def scan(self, item: Item) -> float:
        """Invoke the handler directly for one object; return the seconds."""
        return self._invoke(item).seconds

    def verdict(self, item: Item) -> dict[str, Any]:
        """Invoke the handler directly for one object; return the verdict's detail."""
        detail: dict[str, Any] = self._invoke(item).result
        return detail

    def scan_batch(self, items: Sequence[Item]) -> float:
        """Invoke the handler with one SQS message for each object; return the seconds."""
        answer = self.child.call("invoke", event=events.batch(items))
        if answer.result["batchItemFailures"]:
            raise BenchmarkError(f"messages failed: {answer.result['batchItemFailures']}")
        return answer.seconds

    def _invoke(self, item: Item) -> Answer:
        answer = self.child.call("invoke", event=events.direct(item))
        check_verdict(answer.result, item)
        return answer

    @property
    def engine_folder(self) -> Path:
        """The folder of the one engine that runs."""
        folders = [path.parent for path in self.directory.rglob("socket")]
        if len(folders) != 1:
            raise BenchmarkError(f"there are {len(folders)} engines in {self.directory}")
        return folders[0]

    @property
    def engine_socket(self) -> str:
        """The socket of the one engine that runs."""
        return str(self.engine_folder / "socket")


@dataclass(frozen=True, slots=True)
class Bench:
    """The parts of one run. `definitions` is the folder of the published release."""

    artifacts: Artifacts
    resources: Resources
    definitions: Path
    definition_keys: list[str]
    cache: Path
    console: Console

    @contextmanager
    def subject(self) -> Iterator[Subject]:
        """Start a handler process with an empty work directory."""
        with _directory() as directory:
            environment = self._lambda_environment(directory)
            with child(
                "benchmarks.subject", artifacts.PYTHON, environment, self.cache / "subject.log"
            ) as process:
                yield Subject(process, directory)

    @contextmanager
    def bare(self) -> Iterator[Child]:
        """Start a process for the baselines."""
        environment = {**artifacts.base_environment(), **self.resources.server.variables}
        with child(
            "benchmarks.bare", artifacts.PYTHON, environment, self.cache / "bare.log"
        ) as process:
            yield process

    def _lambda_environment(self, directory: Path) -> dict[str, str]:
        """Return the handler's environment: Lambda's own variables and the template's.

        Tracing is on, as deployed; this request is not among those that X-Ray samples, as most
        are not.
        """
        resources = self.resources
        return {
            **artifacts.base_environment(),
            **resources.server.variables,
            "PYTHONPATH": self.artifacts.subject_path(),
            "AWS_REGION": resources.server.variables["AWS_DEFAULT_REGION"],
            "AWS_LAMBDA_FUNCTION_NAME": "scan_object",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "3008",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "LAMBDA_TASK_ROOT": str(self.artifacts.build / "ScanObjectFunction"),
            "_X_AMZN_TRACE_ID": (
                "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"
            ),
            "TMPDIR": str(directory),
            "POWERTOOLS_SERVICE_NAME": "scan_object",
            "POWERTOOLS_METRICS_NAMESPACE": "Tidegate",
            "POWERTOOLS_LOG_LEVEL": "INFO",
            "DEFINITIONS_BUCKET_NAME": resources.definitions_bucket,
            "LEDGER_TABLE_NAME": resources.table,
            "EVENT_BUS_NAME": resources.bus,
            "QUEUE_URL": resources.queue_url,
            "MAX_RECEIVE_COUNT": "5",
            "STATUS_TAG_KEY": "scan-status",
            "MAX_OBJECT_BYTES": str(MAX_OBJECT_BYTES),
            "MAX_DEFINITIONS_AGE_HOURS": "72",
            "UNSUPPORTED_ACTION": "BLOCK",
            "FAILED_ACTION": "BLOCK",
            "ENGINE_THREADS": str(min(2, os.cpu_count() or 1)),
            "WORK_DIRECTORY": str(directory),
        }


def check_verdict(detail: dict[str, Any], item: Item) -> None:
    """Make sure that all of the object was read and found clean: a quick failure is no result."""
    status = detail["scanResultDetails"]["scanResultStatus"]
    if status != "NO_THREATS_FOUND":
        raise BenchmarkError(f"expected NO_THREATS_FOUND, got {status}: {detail['scanner']}")
    if detail["scanner"]["sha256"] != item.sha256:
        raise BenchmarkError(f"{item.key}: what was scanned is not what was uploaded")


def expect_clean(reply: str) -> None:
    """Make sure that a bare scan found the object clean."""
    if reply != "OK":
        raise BenchmarkError(f"expected OK from the bare scan, got {reply!r}")


@contextmanager
def _directory() -> Iterator[Path]:
    """Give a folder whose name is short enough for a unix socket, and remove it."""
    directory = Path(tempfile.mkdtemp(prefix="tidegate-bench-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
