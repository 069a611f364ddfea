"""(a) and (b): a warm scan of a 1 KB object by the whole handler."""

import statistics
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from benchmarks import clamscan, contents, report
from benchmarks.bench import Bench, Subject, expect_clean
from benchmarks.children import Child
from benchmarks.measure import Pairs, interleaved
from benchmarks.report import Row
from benchmarks.resources import Item

OBJECT_BYTES = 1024
BATCH = 10
WARM_UP = 10
REPETITIONS = 120
CLAMSCAN_REPETITIONS = 5
SCANS_PER_CLAMSCAN = 30
INFORMATION_REPETITIONS = 3
MAX_RATIO = 1.3
MIN_TIMES_FASTER = 100
CALLS = "bare AWS calls (GetObject, PutItem, GetObjectTagging, PutObjectTagging, PutEvents)"


def against_bare_calls(bench: Bench) -> list[Row]:
    """(a): against the same AWS calls and the same scan without anything around them."""
    with bench.subject() as subject, bench.bare() as bare:
        items = _items(bench, BATCH)
        item = items[0]
        requests = _requests(bench, subject, item)
        baseline = _bare_scan(bare, subject.engine_socket, requests)
        bare.call("ready")
        name = f"{CALLS} + bare socket scan"
        by_queue = _compare(lambda: subject.scan_batch([item]), baseline, REPETITIONS)
        direct = _compare(lambda: subject.scan(item), baseline, REPETITIONS)
        ten = _compare(lambda: subject.scan_batch(items) / BATCH, baseline, REPETITIONS // 4)
    return [
        report.at_most("a", "1 KB object, whole handler, SQS event", name, by_queue, MAX_RATIO),
        report.at_most("a", "1 KB object, whole handler, direct", name, direct, MAX_RATIO),
        report.at_most("a", f"1 KB object, one of an SQS batch of {BATCH}", name, ten, None),
    ]


def against_clamscan(bench: Bench) -> list[Row]:
    """(b): against one run of clamscan for each object, with the same AWS calls around it."""
    program = clamscan.fetch(bench.artifacts, bench.cache)
    with bench.subject() as subject, bench.bare() as bare:
        (item,) = _items(bench, 1)
        requests = _requests(bench, subject, item)
        bare.call("ready")
        database = subject.engine_folder / "database"
        command = [*program, f"--database={database}", "--no-summary"]

        def baseline() -> float:
            answer = bare.call("calls_and_clamscan", item=requests, command=command)
            expect_clean(answer.result)
            return answer.seconds

        def warm() -> float:
            # clamscan's load empties the processor's caches, and a warm scan is to be measured.
            runs = [subject.scan_batch([item]) for _ in range(SCANS_PER_CLAMSCAN)]
            return statistics.median(runs)

        pairs = interleaved(warm, baseline, warm_up=1, repetitions=CLAMSCAN_REPETITIONS)
        alone = _engines_alone(bench, bare, subject.engine_socket, command)
    return [
        report.times_faster(
            "b",
            "1 KB object, whole handler, SQS event",
            "the same bare AWS calls + clamscan, which loads the definitions each time",
            pairs,
            MIN_TIMES_FASTER,
        ),
        report.times_faster(
            "b",
            "one scan by the resident engine alone, without AWS",
            "clamscan alone, without AWS",
            alone,
            None,
        ),
    ]


def _engines_alone(bench: Bench, bare: Child, engine_socket: str, command: list[str]) -> Pairs:
    path = str(contents.text(bench.cache, OBJECT_BYTES))

    def resident() -> float:
        answers = [
            bare.call("scan_alone", path=path, engine_socket=engine_socket)
            for _ in range(SCANS_PER_CLAMSCAN)
        ]
        for answer in answers:
            expect_clean(answer.result)
        return statistics.median(answer.seconds for answer in answers)

    def clamscan_run() -> float:
        answer = bare.call("clamscan_alone", path=path, command=command)
        expect_clean(answer.result)
        return answer.seconds

    return interleaved(resident, clamscan_run, warm_up=0, repetitions=INFORMATION_REPETITIONS)


def _items(bench: Bench, number: int) -> list[Item]:
    path = contents.text(bench.cache, OBJECT_BYTES)
    return [bench.resources.put(f"small/{index}.log", path) for index in range(number)]


def _requests(bench: Bench, subject: Subject, item: Item) -> dict[str, Any]:
    """Have the handler scan the object, and return what the baseline asks of AWS: the same."""
    detail = subject.verdict(item)
    resources = bench.resources
    return {
        **asdict(item),
        "table": resources.table,
        "bus": resources.bus,
        "detail": detail,
        "row": resources.ledger_row(item),
        "tags": resources.tags(item),
    }


def _bare_scan(bare: Child, engine_socket: str, requests: dict[str, Any]) -> Callable[[], float]:
    def run() -> float:
        answer = bare.call("calls_and_scan", item=requests, engine_socket=engine_socket)
        expect_clean(answer.result)
        return answer.seconds

    return run


def _compare(
    subject: Callable[[], float], baseline: Callable[[], float], repetitions: int
) -> Pairs:
    return interleaved(subject, baseline, warm_up=WARM_UP, repetitions=repetitions)
