"""What the engine makes of a dead, mute or starved clamd: never a clean verdict."""

import json
import lzma
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clamav_layer import canary
from clamav_layer.clamd import memory_file
from clamav_layer.engine import Engine
from clamav_layer.errors import DefinitionsError, EngineStartError, EngineUnavailableError
from clamav_layer.limits import EngineLimits
from clamav_layer.replies import Clean, EngineFailure, Outcome, Reason, Threat, Unsupported
from tests.engine_fixtures import REPOSITORY, slow_to_scan

READY_SECONDS = 30.0
SCAN_SECONDS = 20.0
PYTHON_ROOTS = (REPOSITORY, REPOSITORY / "layers" / "clamav" / "python")


@pytest.fixture
def engine(built_clamav_layer: Path, short_path: Path, small_release: Path) -> Iterator[Engine]:
    """A proven engine with the small release."""
    engine = Engine(short_path / "e", EngineLimits(), built_clamav_layer)
    engine.start(small_release)
    engine.wait_until_proven(READY_SECONDS)
    yield engine
    engine.stop()


def scan(engine: Engine, content: bytes, seconds: float = SCAN_SECONDS) -> Outcome:
    """Scans a few bytes through a memfd."""
    with memory_file(content) as descriptor:
        return engine.scan(descriptor, seconds)


def process_of(engine: Engine) -> int:
    """Returns the number of the engine's process."""
    process = engine.process_id()
    assert process is not None
    return process


def ended(process: int, within_seconds: float = 5.0) -> bool:
    """Tells whether the process is gone within the time."""
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        status = Path(f"/proc/{process}/status")
        if not status.exists() or "State:\tZ" in status.read_text():
            return True
        time.sleep(0.02)
    return False


def test_clamd_killed_mid_scan_is_a_failure_and_is_restarted(engine: Engine) -> None:
    """A scan whose engine dies has no verdict; after a restart the next one is right."""
    content = slow_to_scan()
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(scan, engine, content)
        time.sleep(0.3)
        os.kill(process_of(engine), signal.SIGKILL)
        outcome = under_way.result()

    assert isinstance(outcome, EngineFailure)
    assert not outcome.timed_out
    with pytest.raises(EngineUnavailableError):
        scan(engine, b"hello")
    engine.ensure_running(READY_SECONDS)
    assert scan(engine, canary.eicar()) == Threat("Test.Eicar")


def test_dead_engine_is_noticed_without_a_scan(engine: Engine) -> None:
    """A process that died between two scans is replaced before it is asked."""
    process = process_of(engine)
    os.kill(process, signal.SIGKILL)

    deadline = time.monotonic() + READY_SECONDS
    while process_of(engine) == process and time.monotonic() < deadline:
        engine.ensure_running(READY_SECONDS)

    assert process_of(engine) != process
    assert scan(engine, b"hello") == Clean()


def test_mute_engine_is_a_timed_out_failure_and_is_restarted(engine: Engine) -> None:
    """A process that exists and says nothing gives no verdict and is not asked again."""
    process = process_of(engine)
    os.kill(process, signal.SIGSTOP)

    started = time.monotonic()
    outcome = scan(engine, b"hello", 0.5)

    assert isinstance(outcome, EngineFailure)
    assert outcome.timed_out
    assert time.monotonic() - started < 1.5
    engine.ensure_running(READY_SECONDS)
    assert ended(process)
    assert scan(engine, b"hello") == Clean()


def test_mute_engine_is_noticed_long_before_the_deadline(
    built_clamav_layer: Path, short_path: Path, small_release: Path
) -> None:
    """A process that answers no PING is given up at once, so that there is time for a retry."""
    limits = EngineLimits(patience_seconds=0.5)
    engine = Engine(short_path / "e", limits, built_clamav_layer)
    engine.start(small_release)
    engine.wait_until_proven(READY_SECONDS)
    os.kill(process_of(engine), signal.SIGSTOP)

    started = time.monotonic()
    outcome = scan(engine, b"hello", 100.0)

    assert isinstance(outcome, EngineFailure)
    assert not outcome.timed_out
    assert "mute" in outcome.message
    assert time.monotonic() - started < 10.0
    engine.stop()


def test_busy_engine_is_not_taken_for_a_mute_one(
    built_clamav_layer: Path, short_path: Path, small_release: Path
) -> None:
    """With all threads at work the engine still answers that it is alive."""
    limits = EngineLimits(patience_seconds=0.5, threads=1)
    engine = Engine(short_path / "e", limits, built_clamav_layer)
    engine.start(small_release)
    engine.wait_until_proven(READY_SECONDS)
    content = slow_to_scan(6)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda _: scan(engine, content, 100.0), range(2)))

    assert outcomes == [Clean(), Clean()]
    engine.stop()


def test_deadline_ends_a_scan_under_way(engine: Engine) -> None:
    """A scan that does not end in its time is a failure at that time, not later."""
    content = slow_to_scan()
    started = time.monotonic()

    outcome = scan(engine, content, 0.5)

    assert isinstance(outcome, EngineFailure)
    assert outcome.timed_out
    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_no_time_left_is_a_failure(engine: Engine, seconds: float) -> None:
    """A scan without time gives no verdict."""
    outcome = scan(engine, b"hello", seconds)

    assert isinstance(outcome, EngineFailure)
    assert outcome.timed_out


def test_restart_fails_scans_of_other_threads_without_a_verdict(engine: Engine) -> None:
    """A restart for one thread's sake ends the scans of the others as failures."""
    content = slow_to_scan()
    with ThreadPoolExecutor(2) as pool:
        scans = [pool.submit(scan, engine, content) for _ in range(2)]
        time.sleep(0.3)
        engine.restart(READY_SECONDS)
        outcomes = [run.result() for run in scans]

    assert all(isinstance(outcome, EngineFailure) for outcome in outcomes)
    assert scan(engine, b"hello") == Clean()


def test_engine_recovers_from_a_start_that_failed(
    built_clamav_layer: Path, short_path: Path, small_release: Path
) -> None:
    """What kept a process from starting may pass; the next attempt uses the same release."""
    release = shutil.copytree(small_release, short_path / small_release.name)
    engine = Engine(short_path / "e", EngineLimits(), built_clamav_layer)
    engine.start(release)
    engine.wait_until_proven(READY_SECONDS)
    os.kill(process_of(engine), signal.SIGKILL)
    assert isinstance(scan(engine, b"hello"), EngineFailure)

    release.rename(short_path / "elsewhere")
    with pytest.raises(DefinitionsError):
        engine.ensure_running(READY_SECONDS)
    (short_path / "elsewhere").rename(release)

    assert engine.ensure_running(READY_SECONDS).release == release.name
    assert scan(engine, b"hello") == Clean()
    engine.stop()


def test_threads_that_see_the_same_dead_engine_restart_it_once(engine: Engine) -> None:
    """Four threads in need of a restart share one."""
    os.kill(process_of(engine), signal.SIGKILL)
    assert isinstance(scan(engine, b"hello"), EngineFailure)
    with ThreadPoolExecutor(4) as pool:
        proofs = {proof.seconds for proof in pool.map(engine.ensure_running, [READY_SECONDS] * 4)}

    assert len(proofs) == 1


def test_engine_that_is_not_ready_in_time_is_ended(
    built_clamav_layer: Path, short_path: Path, small_release: Path
) -> None:
    """A start that takes too long is an error with the engine's last words, and no orphan."""
    engine = Engine(short_path / "e", EngineLimits(), built_clamav_layer)
    engine.start(small_release)
    process = process_of(engine)

    with pytest.raises(EngineStartError, match="not ready in time"):
        engine.wait_until_proven(0.0)

    assert ended(process)
    assert engine.ensure_running(READY_SECONDS).release == small_release.name
    engine.stop()


def test_truncated_stream_is_unsupported(engine: Engine) -> None:
    """The engine calls a truncated xz stream OK and only writes an error: that is not clean."""
    stream = lzma.compress(random.Random(1).randbytes(200_000))  # no secret

    outcome = scan(engine, stream[:100_000])

    assert isinstance(outcome, Unsupported)
    assert outcome.reason == Reason.UNREADABLE_FORMAT
    assert scan(engine, stream) == Clean()


def test_errors_of_one_scan_are_not_another_ones(engine: Engine) -> None:
    """Clean content beside a truncated stream is clean, however the scans overlap."""
    stream = lzma.compress(random.Random(1).randbytes(20_000))[:10_000]
    contents = [stream, b"hello"] * 30
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda content: scan(engine, content), contents))

    assert all(isinstance(outcome, Unsupported) for outcome in outcomes[::2])
    assert set(outcomes[1::2]) == {Clean()}


def test_engine_gets_none_of_the_callers_environment_or_files(
    built_clamav_layer: Path,
    short_path: Path,
    small_release: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Credentials and open objects stay with the caller."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    engine = Engine(short_path / "e", EngineLimits(), built_clamav_layer)
    with memory_file(b"another object"):
        engine.start(small_release)
        engine.wait_until_proven(READY_SECONDS)
        place = Path(f"/proc/{process_of(engine)}")
        environment = (place / "environ").read_bytes()
        files = {os.readlink(link) for link in (place / "fd").iterdir()}  # noqa: PTH115
    engine.stop()

    assert b"AWS" not in environment
    assert not [name for name in files if "memfd:scan" in name]


PARENT = """
import sys, threading, time
from pathlib import Path
from clamav_layer.engine import Engine
from clamav_layer.limits import EngineLimits

engine = Engine(Path(sys.argv[1]), EngineLimits(), Path(sys.argv[2]))
thread = threading.Thread(target=engine.start, args=(Path(sys.argv[3]),))
thread.start()
thread.join()
time.sleep(0.2)
engine.wait_until_proven(30)
print(engine.process_id(), flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_child_dies_with_its_parent_and_not_with_the_thread_that_asked_for_it(
    built_clamav_layer: Path, short_path: Path, small_release: Path, how: signal.Signals
) -> None:
    """The engine outlives the thread that started it, and ends with the process."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, short_path, built_clamav_layer, small_release],
        env={"PYTHONPATH": os.pathsep.join(map(str, PYTHON_ROOTS))},
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.send_signal(how)
        parent.wait(10)

    assert ended(child)


def test_full_disk_never_means_clean(
    built_clamav_layer: Path, short_path: Path, small_release: Path
) -> None:
    """With no room for what the engine unpacks, nothing that needs room is called clean.

    Runs in a mount namespace of its own, where a tiny file system can be mounted without harm.
    """
    script = 'mount -t tmpfs -o size=2m tmpfs "$1" && shift && exec "$@"'
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "-Ur"]
    done = subprocess.run(
        [
            *(*unshare, "sh", "-c", script, "sh", str(short_path)),
            *(sys.executable, "-m", "tests.integration.full_disk"),
            *(str(short_path), str(built_clamav_layer), str(small_release)),
        ],
        env={"PYTHONPATH": os.pathsep.join(map(str, PYTHON_ROOTS)), "PATH": os.environ["PATH"]},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )

    outcomes = json.loads(done.stdout)

    assert outcomes.pop("small text") == "Clean"
    assert len(outcomes) >= 9
    assert set(outcomes.values()) <= {"EngineFailure", "Threat"}, outcomes


def test_scan_waits_for_a_change_no_longer_than_its_own_time(
    built_clamav_layer: Path, short_path: Path, small_release: Path, other_release: Path
) -> None:
    """Where scans wait for a change of definitions, each waits for its own time only."""
    limits = EngineLimits(concurrent_reload=False)
    engine = Engine(short_path / "e", limits, built_clamav_layer)
    engine.start(small_release)
    engine.wait_until_proven(READY_SECONDS)
    content = slow_to_scan(4)
    with ThreadPoolExecutor(2) as pool:
        under_way = pool.submit(scan, engine, content, 100.0)
        time.sleep(0.1)
        change = pool.submit(engine.load, other_release, 100.0)
        time.sleep(0.1)
        with pytest.raises(EngineUnavailableError, match="still under way"):
            scan(engine, b"hello", 0.1)
        assert under_way.result() == Clean()
        assert change.result().release == other_release.name
    engine.stop()
