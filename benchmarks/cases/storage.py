"""(s): a storage report on 1,000 buckets, against nothing but waiting for the same calls."""

import os
from dataclasses import asdict

from benchmarks import artifacts
from benchmarks.bench import Bench
from benchmarks.children import child
from benchmarks.errors import BenchmarkError
from benchmarks.measure import Pairs, Spread
from benchmarks.report import Row
from local.paths import REPOSITORY

FAMILY_BUCKETS, TIMES = 200, 5
LATENCY_SECONDS = 0.05
# As the template sets them.
THREADS = 32
REPETITIONS = 3
MAX_RATIO = 1.5


def against_waiting(bench: Bench) -> list[Row]:
    """Report on 1,000 buckets with 50 ms a call; the baseline waits as often, and does no more."""
    path = (
        bench.artifacts.build / "ReportStorageFunction",
        bench.artifacts.build / "SharedLayer" / "python",
        REPOSITORY,
    )
    environment = {
        **artifacts.base_environment(),
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "POWERTOOLS_TRACE_DISABLED": "true",
    }
    log = bench.cache / "storage-report.log"
    subject, baseline = [], []
    with child("benchmarks.storage_report", artifacts.PYTHON, environment, log) as process:
        asked = {"latency_seconds": LATENCY_SECONDS, "threads": THREADS}
        found = process.call("report", times=1, **asked).result
        for _ in range(REPETITIONS):
            answer = process.call("report", times=TIMES, **asked)
            found = answer.result
            if found["buckets"] != FAMILY_BUCKETS * TIMES:
                raise BenchmarkError(f"{found['buckets']} buckets were reported on")
            subject.append(answer.seconds)
            baseline.append(process.call("wait", calls=found["calls"], **asked).seconds)
    pairs = Pairs(tuple(subject), tuple(baseline))
    measured, waited = Spread.of(pairs.subject), Spread.of(pairs.baseline)
    return [
        Row(
            "s",
            "storage report on 1,000 buckets, 50 ms a call, 32 threads",
            f"{measured.median:.1f} s",
            f"{waited.median:.1f} s\n{found['calls']:,} calls waited for, nothing computed",
            f"{pairs.ratio:.2f} x",
            f"({found['cpu_seconds']:.1f} s of processor time, page of "
            f"{found['page_bytes'] / 1000:.0f} KB)",
            f"≤ {MAX_RATIO:g} x",
            pairs.ratio <= MAX_RATIO,
            {
                **{f"subject_{name}": value for name, value in asdict(measured).items()},
                **{f"baseline_{name}": value for name, value in asdict(waited).items()},
                "ratio": pairs.ratio,
                "calls": found["calls"],
                "cpu_seconds": found["cpu_seconds"],
                "page_bytes": found["page_bytes"],
            },
        )
    ]
