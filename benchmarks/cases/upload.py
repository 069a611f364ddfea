"""(u): the command's upload of 2 GB, against a bare transfer of the same file."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from benchmarks import contents, report
from benchmarks.bench import Bench
from benchmarks.errors import BenchmarkError
from benchmarks.measure import Pairs, interleaved
from benchmarks.report import Row
from local.paths import REPOSITORY

FILE_BYTES = 2000 * contents.MEGABYTE
MAX_RATIO = 1.05
WARM_UP = 1
REPETITIONS = 9
_SECONDS = 300.0
_BUCKET = "sink"
# The least that does it: a new process, boto3, and its transfer manager as it comes.
_BARE = "import sys, boto3; boto3.client('s3').upload_file(*sys.argv[1:])"
_KEYS = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "eu-central-1",
}


def against_bare_transfer(bench: Bench) -> list[Row]:
    """Compare whole processes, from their start to their end."""
    file = contents.noise(bench.cache, FILE_BYTES)
    pairs = measure(file, warm_up=WARM_UP, repetitions=REPETITIONS)
    return [
        report.at_most(
            "u",
            "2 GB file, `tidegate upload` (parts of 16 MiB), whole process",
            "boto3's upload_file as it comes (parts of 8 MiB), whole process, same sink",
            pairs,
            MAX_RATIO,
        )
    ]


def measure(file: Path, *, warm_up: int, repetitions: int) -> Pairs:
    """Upload the file by turns with the command and with boto3 alone."""
    with _sink() as endpoint_url:
        environment = {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": endpoint_url,
            **_KEYS,
        }
        roots = (REPOSITORY / "cli", REPOSITORY / "layers" / "shared")
        ours = {**environment, "PYTHONPATH": os.pathsep.join(map(str, roots))}
        target = f"s3://{_BUCKET}/command"
        command = ["-m", "tidegate_cli", "upload", str(file), target, "--json"]
        bare = ["-c", _BARE, str(file), _BUCKET, "bare"]
        return interleaved(
            _run(command, ours, endpoint_url, "command", file),
            _run(bare, environment, endpoint_url, "bare", file),
            warm_up=warm_up,
            repetitions=repetitions,
        )


def _run(
    arguments: list[str], environment: dict[str, str], endpoint_url: str, key: str, file: Path
) -> Callable[[], float]:
    s3: Any = boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        aws_access_key_id=_KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=_KEYS["AWS_SECRET_ACCESS_KEY"],
        region_name=_KEYS["AWS_DEFAULT_REGION"],
    )

    def run() -> float:
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-P", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
            timeout=_SECONDS,
        )
        seconds = time.perf_counter() - started
        if done.returncode:
            raise BenchmarkError(f"the upload ended with {done.returncode}: {done.stderr[-300:]}")
        arrived = s3.head_object(Bucket=_BUCKET, Key=key)["ContentLength"]
        if arrived != file.stat().st_size:
            raise BenchmarkError(f"{arrived:,} of {file.stat().st_size:,} bytes arrived")
        return seconds

    return run


@contextmanager
def _sink() -> Iterator[str]:
    """Give the address of a sink of our own, and end it afterwards."""
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "benchmarks.sink"],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise BenchmarkError("the sink has no standard input or output")
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            # It ends with its standard input.
            process.stdin.close()
            process.wait()
