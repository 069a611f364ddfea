"""Command line of the benchmarks: python -m benchmarks [--only a,c] [--json FILE]."""

import argparse
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from benchmarks import report, resources, signatures
from benchmarks.artifacts import BENCH_CACHE, Artifacts
from benchmarks.bench import Bench
from benchmarks.cases import (
    burst,
    compression,
    large,
    memory,
    small,
    start,
    storage,
    upload,
)
from benchmarks.errors import BenchmarkError
from benchmarks.report import Row
from local import embedded_aws
from local.errors import LocalError
from local.paths import BUILT_TEMPLATE

CASES: dict[str, Callable[[Bench], list[Row]]] = {
    "a": small.against_bare_calls,
    "b": small.against_clamscan,
    "c": large.against_bare_download,
    "d": start.against_bare_start,
    "e": memory.of_large_object,
    "f": burst.through_the_stack,
    "g": compression.against_gzip,
    "h": compression.against_pigz,
    "i": compression.against_bare_move,
    "j": compression.memory_of_large_log,
    "k": compression.of_every_function,
    "s": storage.against_waiting,
    "u": upload.against_bare_transfer,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the chosen cases; return 0 when each goal is met, 1 when one is missed, 2 on errors."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default=",".join(CASES), help="cases, such as a,c")
    parser.add_argument("--json", type=Path, help="write all figures to this file as well")
    parser.add_argument(
        "--build", type=Path, default=BUILT_TEMPLATE.parent, help="folder of the built artifacts"
    )
    options = parser.parse_args(arguments)
    # Asked to end, leave through the `finally` blocks: they stop what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = options.only.split(",")
    unknown = sorted(set(chosen) - CASES.keys())
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(CASES)}")
    console = Console()
    try:
        rows = _run(chosen, Artifacts(options.build), console)
    except (BenchmarkError, LocalError) as error:
        Console(stderr=True).print(f"[bold red]{type(error).__name__}[/]", error, sep="\n")
        return 2
    except KeyboardInterrupt:
        return 130
    report.show(rows, console)
    if options.json:
        report.write_json(rows, options.json)
    return 1 if any(row.met is False for row in rows) else 0


def _run(chosen: list[str], artifacts: Artifacts, console: Console) -> list[Row]:
    BENCH_CACHE.mkdir(parents=True, exist_ok=True)
    for log in BENCH_CACHE.glob("*.log"):
        log.unlink()
    rows: list[Row] = []
    with console.status("Making the synthetic definitions") as status:
        definitions = signatures.make(BENCH_CACHE)
        status.update("Starting the embedded AWS")
        log = BENCH_CACHE / "embedded-aws.log"
        with embedded_aws.separate(log) as server, resources.resources(server) as made:
            status.update("Publishing the synthetic definitions")
            keys = resources.publish(made.s3, made.definitions_bucket, definitions)
            bench = Bench(artifacts, made, definitions, keys, BENCH_CACHE, console)
            for name in chosen:
                run = CASES[name]
                subject = (run.__doc__ or name).splitlines()[0]
                status.update(f"({name}) {subject}")
                started = time.monotonic()
                try:
                    found = run(bench)
                except (BenchmarkError, LocalError) as error:
                    found = [report.not_measured(name, subject, str(error))]
                for row in found:
                    console.log(f"({name}) [bold]{row.result}[/]  {row.subject}")
                console.log(f"({name}) done in {time.monotonic() - started:.0f} s")
                rows += found
    return rows


if __name__ == "__main__":
    sys.exit(main())
