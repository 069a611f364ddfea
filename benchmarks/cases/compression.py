"""(g) to (k): compress_log's compressor, its whole handler, its memory, and every cold start."""

import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from benchmarks import artifacts, compressing, contents, report
from benchmarks.bench import Bench
from benchmarks.children import Child
from benchmarks.errors import BenchmarkError
from benchmarks.measure import interleaved
from benchmarks.report import Row

PRESSED_BYTES = 100 * contents.MEGABYTE
HANDLED_BYTES = 200 * contents.MEGABYTE
LARGE_BYTES = 2000 * contents.MEGABYTE
FASTER_THAN_ZLIB = 6.0
FASTER_THAN_PIGZ = 4.0
MOST_SIZE = 1.18
MOST_WHOLE = 1.2
MOST_MEMORY_BYTES = 200 * contents.MEGABYTE
MOST_GROWTH_BYTES = 10 * contents.MEGABYTE
REPETITIONS = 5
IMPORT_REPETITIONS = 7
WAYS = {"parts": "download_fileobj", "stream": "GetObject in one stream"}
# boto3 and Powertools, which any handler here needs.
IMPORT_BASELINE = (
    "boto3, aws_xray_sdk.core, aws_lambda_powertools.metrics, aws_lambda_powertools.tracing"
)


def against_gzip(bench: Bench) -> list[Row]:
    """Compare isal, with its proof, with the standard library's gzip -6 in the same pipeline."""
    path = contents.logs(bench.cache, PRESSED_BYTES)
    with compressing.compressor(bench) as process:
        pairs = interleaved(
            _pressed(process, path, "isal"),
            _pressed(process, path, "zlib"),
            warm_up=1,
            repetitions=REPETITIONS,
        )
        packed = {name: _packed_bytes(process, path, name) for name in ("isal", "zlib", "zstd")}
        kinds = [
            (kind, _size_ratio(process, make(bench.cache, PRESSED_BYTES // 4)))
            for kind, make in (
                ("access log alone", contents.access_log),
                ("application log alone", contents.application_log),
            )
        ]
        members = interleaved(
            _pressed(process, path, "isal"),
            _pressed(process, path, "zlib in members"),
            warm_up=0,
            repetitions=REPETITIONS,
        )
        zstd = interleaved(
            _pressed(process, path, "zstd"),
            _pressed(process, path, "zlib"),
            warm_up=0,
            repetitions=2,
        )
        unproven = interleaved(
            _pressed(process, path, "isal"),
            _pressed(process, path, "isal, unproven"),
            warm_up=0,
            repetitions=REPETITIONS,
        )
    zlib = "the standard library's gzip stream, level 6, in the same pipeline; nothing proven"
    return [
        report.times_faster(
            "g", "100 MB of logs through the press: isal, proven", zlib, pairs, FASTER_THAN_ZLIB
        ),
        report.times_faster(
            "g", "the same", "zlib level 6 in members, by as many threads", members, None
        ),
        _sizes("g", "size of the same: isal", packed["isal"], packed["zlib"], zlib, MOST_SIZE),
        *(
            Row("g", f"size: {kind}", "", zlib, f"{ratio:.2f} x", figures={"ratio": ratio})
            for kind, ratio in kinds
        ),
        report.times_faster("g", "the same with zstd, proven", zlib, zstd, None),
        _sizes("g", "size of the same: zstd", packed["zstd"], packed["zlib"], zlib, None),
        report.at_most(
            "g", "isal with the proof", "isal without the proof, same pipeline", unproven, None
        ),
    ]


def against_pigz(bench: Bench) -> list[Row]:
    """Compare the same press with pigz -6 on two processors."""
    program = shutil.which("pigz")
    if program is None:
        raise BenchmarkError("pigz is not installed: apt-get install pigz")
    path = contents.logs(bench.cache, PRESSED_BYTES)

    def pigz() -> float:
        started = time.perf_counter()
        subprocess.run(
            [program, "-6", "-p2", "-c", str(path)], stdout=subprocess.DEVNULL, check=True
        )
        return time.perf_counter() - started

    with compressing.compressor(bench) as process:
        pairs = interleaved(
            _pressed(process, path, "isal"), pigz, warm_up=1, repetitions=REPETITIONS
        )
    return [
        report.times_faster(
            "h",
            "100 MB of logs through the press: isal, proven",
            "pigz -6 -p2 into nothing",
            pairs,
            FASTER_THAN_PIGZ,
        )
    ]


def against_bare_move(bench: Bench) -> list[Row]:
    """Compare the whole handler with a bare download, a bare isal and a bare upload."""
    path = contents.logs(bench.cache, HANDLED_BYTES)
    with compressing.compressor(bench) as process, compressing.bare_compressor(bench) as bare:

        def handler() -> float:
            item = compressing.clean_log(bench, path)
            return compressing.compress(bench, process, item).seconds

        kept = bench.resources.put("bench/bare.log", path)

        def moved(way: str) -> float:
            answer = bare.call(
                "move", item=asdict(kept), bucket=bench.resources.archive_bucket, way=way
            )
            return answer.seconds

        handler()
        seconds = {way: min(moved(way) for _ in range(2)) for way in WAYS}
        way = min(WAYS, key=lambda name: seconds[name])
        pairs = interleaved(handler, lambda: moved(way), warm_up=0, repetitions=REPETITIONS)
        bench.resources.remove(kept)
    return [
        report.at_most(
            "i",
            "200 MB log, whole handler, direct: verdict, copy, proof, tags, deletion, event",
            f"bare download ({WAYS[way]}) + one isal call + bare upload, one after the other",
            pairs,
            MOST_WHOLE,
        )
    ]


def memory_of_large_log(bench: Bench) -> list[Row]:
    """Compare the peak memory of a process for 200 MB with that of one for 2 GB."""
    peaks: dict[int, int] = {}
    told = []
    for size in (HANDLED_BYTES, LARGE_BYTES):
        item = compressing.clean_log(bench, contents.logs(bench.cache, size))
        with compressing.compressor(bench) as process:
            answer = compressing.compress(bench, process, item)
            peaks[size] = _peak_bytes(process)
        processor = answer.result["processor_seconds"]
        told.append(
            f"{size // contents.MEGABYTE} MB: {peaks[size] / contents.MEGABYTE:.0f} MB at its "
            f"peak, {answer.seconds:.1f} s, {processor:.1f} s of processor"
        )
    small, large = peaks.values()
    growth = large - small
    return [
        Row(
            "j",
            "whole handler, fresh process: resident memory at its peak (VmHWM)",
            told[1],
            told[0],
            f"{growth / contents.MEGABYTE:+.1f} MB",
            f"(at most {max(peaks.values()) / contents.MEGABYTE:.0f} MB)",
            f"≤ {MOST_GROWTH_BYTES // contents.MEGABYTE} MB apart, "
            f"< {MOST_MEMORY_BYTES // contents.MEGABYTE} MB",
            abs(growth) <= MOST_GROWTH_BYTES and max(peaks.values()) < MOST_MEMORY_BYTES,
            {"small_bytes": small, "large_bytes": large},
        )
    ]


def of_every_function(bench: Bench) -> list[Row]:
    """Measure import time and package size of each function as it was built."""
    rows = []
    for folder in sorted(bench.artifacts.build.glob("*Function")):
        packages = [path for path in (folder / "functions").iterdir() if path.is_dir()]
        handler = f"functions.{packages[0].name}.handler"
        layers = [
            bench.artifacts.build / name / "python" for name in ("SharedLayer", "ClamavLayer")
        ]
        path = ":".join(str(part) for part in (folder, *layers))
        pairs = interleaved(
            lambda path=path, handler=handler: _import_seconds(path, handler),  # type: ignore[misc]
            lambda path=path: _import_seconds(path, IMPORT_BASELINE),  # type: ignore[misc]
            warm_up=1,
            repetitions=IMPORT_REPETITIONS,
        )
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        told = f"import of {packages[0].name} ({size / contents.MEGABYTE:.2f} MB without layers)"
        rows.append(report.at_most("k", told, f"import of {IMPORT_BASELINE}", pairs, None))
    return rows


def _pressed(process: Child, path: Path, packing: str) -> Callable[[], float]:
    def run() -> float:
        return process.call("press", path=str(path), packing=packing).seconds

    return run


def _packed_bytes(process: Child, path: Path, packing: str) -> int:
    return int(process.call("press", path=str(path), packing=packing).result["packed"])


def _size_ratio(process: Child, path: Path) -> float:
    return _packed_bytes(process, path, "isal") / _packed_bytes(process, path, "zlib")


def _sizes(
    case: str, subject: str, ours: int, theirs: int, baseline: str, limit: float | None
) -> Row:
    ratio = ours / theirs
    return Row(
        case,
        subject,
        f"{ours / contents.MEGABYTE:.1f} MB",
        f"{theirs / contents.MEGABYTE:.1f} MB\n{baseline}",
        f"{ratio:.2f} x",
        goal="" if limit is None else f"≤ {limit:g} x",
        met=None if limit is None else ratio <= limit,
        figures={"subject_bytes": ours, "baseline_bytes": theirs, "ratio": ratio},
    )


def _peak_bytes(process: Child) -> int:
    status = Path("/proc") / str(process.process_id) / "status"
    lines = status.read_text(encoding="ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def _import_seconds(path: str, modules: str) -> float:
    clock = "time.process_time()"
    script = f"import time; began = {clock}; import {modules}; print({clock} - began)"
    environment = {
        **artifacts.base_environment(),
        "PYTHONPATH": path,
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    done = subprocess.run(
        [str(artifacts.PYTHON), "-P", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)
