"""(c): a 100 MB object, against a bare download and a bare scan of the same object."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from benchmarks import contents, report
from benchmarks.bench import Bench, Subject, expect_clean
from benchmarks.children import Child
from benchmarks.measure import interleaved
from benchmarks.report import Row
from benchmarks.resources import Item

OBJECT_BYTES = 100 * contents.MEGABYTE
MAX_RATIO = 1.15
REPETITIONS = 5
INFORMATION_REPETITIONS = 2
# boto3's own parallel parts, and one plain stream: the quicker of the two is the baseline.
WAYS = {"parts": "download_fileobj", "stream": "GetObject in one stream"}


def against_bare_download(bench: Bench) -> list[Row]:
    """Compare for a text, for noise and, for information, for a ZIP."""
    kinds: tuple[tuple[str, Callable[[Path, int], Path], float | None], ...] = (
        ("text", contents.text, MAX_RATIO),
        ("random bytes", contents.noise, MAX_RATIO),
        ("ZIP", contents.archive, None),
    )
    rows = []
    with bench.subject() as subject, bench.bare() as bare:
        way = ""
        for name, make, limit in kinds:
            bench.console.log(f"(c) {name}")
            item = bench.resources.put(f"large/{name}", make(bench.cache, OBJECT_BYTES))
            handler = partial(subject.scan, item)
            handler()
            way = way or _quicker_way(subject, bare, item)
            pairs = interleaved(
                handler,
                _bare(subject, bare, item, way),
                warm_up=0,
                repetitions=INFORMATION_REPETITIONS if limit is None else REPETITIONS,
            )
            measured = f"100 MB object ({name}), whole handler, direct"
            baseline = f"bare download ({WAYS[way]}) + bare socket scan"
            rows.append(report.at_most("c", measured, baseline, pairs, limit))
            bench.resources.remove(item)
    return rows


def _quicker_way(subject: Subject, bare: Child, item: Item) -> str:
    """Return the way of downloading that makes the harder baseline, each tried twice."""
    seconds = {way: min(_bare(subject, bare, item, way)() for _ in range(2)) for way in WAYS}
    return min(WAYS, key=lambda way: seconds[way])


def _bare(subject: Subject, bare: Child, item: Item, way: str) -> Callable[[], float]:
    def run() -> float:
        answer = bare.call(
            "download_and_scan",
            item=asdict(item),
            engine_socket=subject.engine_socket,
            directory=str(subject.directory),
            way=way,
        )
        expect_clean(answer.result["reply"])
        return answer.seconds

    return run
