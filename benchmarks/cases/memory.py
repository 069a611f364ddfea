"""(e): how far the Python process's memory grows while a large object is scanned."""

from pathlib import Path

from benchmarks import contents
from benchmarks.bench import MAX_OBJECT_BYTES, Bench
from benchmarks.report import Row

OBJECT_BYTES = MAX_OBJECT_BYTES
MAX_GROWTH_BYTES = 150 * contents.MEGABYTE


def of_large_object(bench: Bench) -> list[Row]:
    """Scan one object of the largest size; compare the peak with the memory before."""
    small = bench.resources.put("memory/small.log", contents.text(bench.cache, 1024))
    large = bench.resources.put("memory/large.log", contents.text(bench.cache, OBJECT_BYTES))
    with bench.subject() as subject:
        subject.scan(small)
        process = Path("/proc") / str(subject.child.process_id)
        # 5: the peak counts from here on (proc(5)).
        (process / "clear_refs").write_text("5")
        before = _kilobytes(process, "VmRSS")
        seconds = subject.scan(large)
        peak = _kilobytes(process, "VmHWM")
    bench.resources.remove(large)
    growth = (peak - before) * 1024
    return [
        Row(
            "e",
            "1 GiB object (text): resident memory of the Python process alone (VmHWM)",
            f"{peak / 1024:.0f} MiB at its peak",
            f"{before / 1024:.0f} MiB\nresident after one 1 KB object, before the large one",
            f"+ {growth / contents.MEGABYTE:.0f} MB",
            f"(in {seconds:.0f} s)",
            f"≤ {MAX_GROWTH_BYTES // contents.MEGABYTE} MB",
            growth <= MAX_GROWTH_BYTES,
            {"before_bytes": before * 1024, "peak_bytes": peak * 1024, "seconds": seconds},
        )
    ]


def _kilobytes(process: Path, name: str) -> int:
    status = (process / "status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith(f"{name}:"))
