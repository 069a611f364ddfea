"""The engine with the real clamd of the built layer: what it finds, and how it changes releases."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clamav_layer import canary
from clamav_layer.clamd import memory_file
from clamav_layer.engine import Engine
from clamav_layer.errors import CanaryError, EngineError, EngineStartError, EngineUnavailableError
from clamav_layer.limits import EngineLimits
from clamav_layer.replies import Clean, Outcome, Reason, Threat, Unsupported
from tests.engine_fixtures import (
    OTHER_RELEASE,
    RELEASE,
    make_release,
    ndb,
    slow_to_scan,
    tarred_and_zipped,
    zipped,
)

READY_SECONDS = 30.0
SCAN_SECONDS = 20.0
EICAR = canary.eicar()
EICAR_FOUND = Threat("Test.Eicar")
ONLY_IN_OTHER = b"only-in-the-other-release"

type MakeEngine = Callable[..., Engine]


@pytest.fixture
def make_engine(built_clamav_layer: Path, short_path: Path) -> Iterator[MakeEngine]:
    """Makes engines on the built layer and ends them after the test."""
    engines: list[Engine] = []

    def make(**limits: float) -> Engine:
        folder = short_path / str(len(engines))
        engines.append(Engine(folder, EngineLimits(**limits), built_clamav_layer))  # type: ignore[arg-type]
        return engines[-1]

    yield make
    for engine in engines:
        engine.stop()


@pytest.fixture
def engine(make_engine: MakeEngine, small_release: Path) -> Engine:
    """A proven engine with the small release."""
    engine = make_engine()
    engine.start(small_release)
    engine.wait_until_proven(READY_SECONDS)
    return engine


def scan(engine: Engine, content: bytes, seconds: float = SCAN_SECONDS) -> Outcome:
    """Scans a few bytes through a memfd, as the function does with small objects."""
    with memory_file(content) as descriptor:
        return engine.scan(descriptor, seconds)


def test_engine_tells_what_it_is_once_proven(
    make_engine: MakeEngine, small_release: Path, built_clamav_layer: Path
) -> None:
    """The proof names the engine's version, as recorded in the layer, and the release."""
    engine = make_engine()
    engine.start(small_release)

    proof = engine.wait_until_proven(READY_SECONDS)

    versions = (built_clamav_layer / "clamav" / "VERSIONS.json").read_text()
    assert f'"engine": "{proof.engine_version}"' in versions
    assert proof.release == RELEASE
    assert engine.ensure_running(0) == proof


@pytest.mark.parametrize(
    "content",
    [
        EICAR,
        zipped({"e.com": EICAR}),
        zipped({"inner.zip": zipped({"e.com": EICAR}), "note.txt": b"hello"}),
        tarred_and_zipped({"d/e.com": EICAR}),
    ],
    ids=["plain", "zip", "nested zip", "tar.gz"],
)
def test_eicar_is_found_wherever_it_is(engine: Engine, content: bytes) -> None:
    """The test file is found plain and inside archives."""
    assert scan(engine, content) == EICAR_FOUND


@pytest.mark.parametrize("content", [b"", b"hello", zipped({"a.txt": b"hello"})])
def test_harmless_content_is_clean(engine: Engine, content: bytes) -> None:
    """Content without any signature is clean, and so is no content at all."""
    assert scan(engine, content) == Clean()


def test_file_on_disk_is_scanned_through_its_descriptor(engine: Engine, tmp_path: Path) -> None:
    """A large object's file is scanned like a memfd, wherever its descriptor stands."""
    path = tmp_path / "object: OK\n"
    path.write_bytes(b"x" * 100_000 + EICAR)
    with path.open("rb") as file:
        file.seek(50_000)
        assert engine.scan(file.fileno(), SCAN_SECONDS) == EICAR_FOUND


@pytest.mark.parametrize("unnamed", [True, False])
def test_threat_behind_a_policy_signature_is_named(
    engine: Engine, tmp_path: Path, *, unnamed: bool
) -> None:
    """A policy signature ends a scan; the threat behind it is still what the object is."""
    content = canary.POLICY_TOKEN + b" and " + EICAR
    path = tmp_path / "object"
    path.write_bytes(content)
    with path.open("rb") as file:
        if unnamed:
            path.unlink()
        assert engine.scan(file.fileno(), SCAN_SECONDS) == EICAR_FOUND
    assert scan(engine, content) == EICAR_FOUND
    assert scan(engine, canary.POLICY_TOKEN) == Unsupported(
        Reason.UNREADABLE_FORMAT, "Tidegate.Unsupported.Canary"
    )


def test_content_beyond_a_limit_is_unsupported(
    make_engine: MakeEngine, small_release: Path
) -> None:
    """What is larger, longer inside or nested deeper than the limits is never clean."""
    engine = make_engine(max_bytes=1_000_000)
    engine.start(small_release)
    engine.wait_until_proven(READY_SECONDS)
    nested = b"hello"
    for _ in range(20):
        nested = zipped({"a.zip": nested})
    cases = {
        "MaxFileSize": b"x" * 1_000_001,
        "MaxScanSize": zipped(dict.fromkeys(("a", "b"), b"x" * 600000)),
        "MaxRecursion": nested,
    }

    found = {name: scan(engine, content) for name, content in cases.items()}
    member = scan(engine, zipped({"a": b"x" * 1_000_001}))

    assert found == {
        name: Unsupported(Reason.ENGINE_LIMIT, f"Heuristics.Limits.Exceeded.{name}")
        for name in cases
    }
    assert isinstance(member, Unsupported)
    assert member.reason == Reason.ENGINE_LIMIT


def test_threat_before_a_limit_is_named(make_engine: MakeEngine, small_release: Path) -> None:
    """An archive in which a threat comes before the limit is a threat, not merely unsupported."""
    engine = make_engine(max_bytes=1_000_000)
    engine.start(small_release)
    engine.wait_until_proven(READY_SECONDS)

    assert scan(engine, zipped({"e.com": EICAR, "a": b"x" * 1_000_001})) == EICAR_FOUND


def test_long_scan_is_ended_by_the_engine(make_engine: MakeEngine, small_release: Path) -> None:
    """A scan beyond its time is reported as a limit, and the engine goes on."""
    engine = make_engine(max_scan_seconds=0.3)
    engine.start(small_release)
    engine.wait_until_proven(READY_SECONDS)

    outcome = scan(engine, slow_to_scan())

    assert outcome == Unsupported(Reason.ENGINE_LIMIT, "Heuristics.Limits.Exceeded.MaxScanTime")
    assert scan(engine, EICAR) == EICAR_FOUND


def test_clean_twin_of_one_md5_does_not_open_the_gate(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    """The engine's memory of clean files goes by MD5, for which twins are made; it is off."""
    clean, infected = (bytes.fromhex(text) for text in MD5_TWINS)
    release = make_release(tmp_path, RELEASE, {"twin.ndb": ndb("Test.Twin", infected)})
    engine = make_engine()
    engine.start(release)
    engine.wait_until_proven(READY_SECONDS)

    assert scan(engine, clean) == Clean()
    assert scan(engine, infected) == Threat("Test.Twin")


# Two blocks of different content with the same MD5 (X. Wang, H. Yu: How to Break MD5, 2005).
MD5_TWINS = (
    (
        "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f89"
        "55ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5b"
        "d8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0"
        "e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70"
    ),
    (
        "d131dd02c5e6eec4693d9a0698aff95c2fcab50712467eab4004583eb8fb7f89"
        "55ad340609f4b30283e4888325f1415a085125e8f7cdc99fd91dbd7280373c5b"
        "d8823e3156348f5bae6dacd436c919c6dd53e23487da03fd02396306d248cda0"
        "e99f33420f577ee8ce54b67080280d1ec69821bcb6a8839396f965ab6ff72a70"
    ),
)


@pytest.mark.parametrize(
    ("missing", "message"),
    [({"eicar": False}, "EICAR"), ({"token": False}, f"{RELEASE} is not in force")],
)
def test_release_that_fails_the_canary_is_refused(
    make_engine: MakeEngine, tmp_path: Path, missing: dict[str, bool], message: str
) -> None:
    """An engine that does not find what it must find is ended and never scans."""
    engine = make_engine()
    files = {"other.ndb": ndb("Test.Other", b"something else")}
    engine.start(make_release(tmp_path, RELEASE, files, **missing))

    with pytest.raises(CanaryError, match=message):
        engine.wait_until_proven(READY_SECONDS)

    with pytest.raises(EngineUnavailableError):
        scan(engine, b"hello")
    assert engine.resident_bytes() == 0


def test_release_that_finds_the_harmless_is_refused(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    """A release that finds something in a harmless text would block everything."""
    engine = make_engine()
    engine.start(make_release(tmp_path, files={"bad.ndb": ndb("Test.All", b"harmless text")}))

    with pytest.raises(CanaryError, match=r"not clean: the engine says Test\.All"):
        engine.wait_until_proven(READY_SECONDS)


def test_engine_without_policy_signatures_is_refused(
    built_clamav_layer: Path, short_path: Path, small_release: Path
) -> None:
    """A layer whose policy signatures are lost would pass over things in silence."""
    root = short_path / "layer"
    (root / "clamav" / "policy").mkdir(parents=True)
    (root / "clamav" / "policy" / "other.ndb").write_bytes(ndb("Test.Other", b"something else"))
    for name in ("bin", "lib", "etc"):
        (root / "clamav" / name).symlink_to(built_clamav_layer / "clamav" / name)
    engine = Engine(short_path / "engine", EngineLimits(), root)
    engine.start(small_release)

    with pytest.raises(CanaryError, match="policy signatures are not in force"):
        engine.wait_until_proven(READY_SECONDS)
    engine.stop()


@pytest.mark.parametrize(
    "content",
    [b"Test.Malformed:0:*:xyz\n", b"not a signature at all\n"],
)
def test_corrupt_definitions_are_refused_with_the_reason(
    make_engine: MakeEngine, tmp_path: Path, content: bytes
) -> None:
    """Definitions that the engine cannot read never come into force; the error names the file."""
    engine = make_engine()
    engine.start(make_release(tmp_path, files={"corrupt.ndb": content}))

    with pytest.raises(EngineStartError, match=r"clamd ended: .*corrupt\.ndb"):
        engine.wait_until_proven(READY_SECONDS)


def test_truncated_container_is_refused(make_engine: MakeEngine, tmp_path: Path) -> None:
    """Half a signed container is no container."""
    head = b"ClamAV-VDB:22 Nov 2026 10-00 +0000:1:1:90:" + b"0" * 32 + b":sig:builder:1"
    engine = make_engine()
    engine.start(make_release(tmp_path, files={"daily.cvd": head.ljust(512) + b"\x1f\x8b"}))

    with pytest.raises(EngineError):
        engine.wait_until_proven(READY_SECONDS)


@pytest.mark.parametrize("concurrent", [True, False])
def test_another_release_comes_into_force(
    make_engine: MakeEngine, small_release: Path, other_release: Path, *, concurrent: bool
) -> None:
    """After a change the other release's signatures are at work, and the old process is gone."""
    engine = make_engine(concurrent_reload=concurrent)
    engine.start(small_release)
    engine.wait_until_proven(READY_SECONDS)
    old = engine.process_id()
    assert scan(engine, ONLY_IN_OTHER) == Clean()

    proof = engine.load(other_release, READY_SECONDS)

    assert proof.release == OTHER_RELEASE
    assert scan(engine, ONLY_IN_OTHER) == Threat("Test.OnlyInOther")
    assert not Path(f"/proc/{old}").exists()


@pytest.mark.parametrize("concurrent", [True, False])
@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("corrupt.ndb", b"Test.Malformed:0:*:xyz\n", EngineStartError),
        ("greedy.ndb", ndb("Test.All", b"harmless text"), CanaryError),
    ],
)
def test_bad_release_leaves_the_old_one_at_work(
    make_engine: MakeEngine,
    small_release: Path,
    tmp_path: Path,
    *,
    concurrent: bool,
    name: str,
    content: bytes,
    error: type[EngineError],
) -> None:
    """A release that does not load, or fails the canary, changes nothing but raises the reason."""
    engine = make_engine(concurrent_reload=concurrent)
    engine.start(small_release)
    engine.wait_until_proven(READY_SECONDS)

    with pytest.raises(error):
        engine.load(make_release(tmp_path, OTHER_RELEASE, {name: content}), READY_SECONDS)

    assert scan(engine, EICAR) == EICAR_FOUND
    assert scan(engine, b"a harmless text, after all") == Clean()
    assert engine.ensure_running(READY_SECONDS).release == RELEASE


@pytest.mark.parametrize("concurrent", [True, False])
def test_no_scan_is_lost_while_releases_change(
    make_engine: MakeEngine, small_release: Path, other_release: Path, *, concurrent: bool
) -> None:
    """Scans in four threads all get the right verdict while releases change nine times."""
    engine = make_engine(concurrent_reload=concurrent)
    engine.start(small_release)
    engine.wait_until_proven(READY_SECONDS)
    done = threading.Event()
    found: list[tuple[Outcome, Outcome]] = []

    def scan_on() -> None:
        while not done.is_set():
            found.append((scan(engine, EICAR), scan(engine, b"hello")))
            time.sleep(0.002)

    def wait_for_another_pair() -> None:
        before, deadline = len(found), time.monotonic() + READY_SECONDS
        while len(found) == before and time.monotonic() < deadline:
            time.sleep(0.002)

    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(scan_on) for _ in range(4)]
        try:
            for release in (other_release, small_release) * 4 + (other_release,):
                engine.load(release, READY_SECONDS)
                # Where scans wait for a change, nine in a row might leave them no time at all.
                wait_for_another_pair()
        finally:
            done.set()
        for run in runs:
            run.result()

    assert len(found) >= 8
    assert set(found) == {(EICAR_FOUND, Clean())}
    assert scan(engine, ONLY_IN_OTHER) == Threat("Test.OnlyInOther")


def test_replaced_process_finishes_its_scans(
    make_engine: MakeEngine, small_release: Path, other_release: Path
) -> None:
    """A long scan under way during a change ends with its verdict, by the engine that began it."""
    engine = make_engine()
    engine.start(small_release)
    engine.wait_until_proven(READY_SECONDS)
    content = zipped({"e.com": b"a" * 50_000_000, "f.com": b"b" * 50_000_000, "g": EICAR})
    with ThreadPoolExecutor(1) as pool:
        long_scan = pool.submit(scan, engine, content)
        time.sleep(0.05)
        engine.load(other_release, READY_SECONDS)
        assert long_scan.result() == EICAR_FOUND


def test_memory_is_measured(engine: Engine) -> None:
    """The engine tells how much memory its process holds."""
    assert 5_000_000 < engine.resident_bytes() < 100_000_000


def test_engine_never_started_is_unavailable(make_engine: MakeEngine) -> None:
    """Nothing is asked of an engine that was never started, or was not proven yet."""
    engine = make_engine()

    with pytest.raises(EngineUnavailableError, match="not proven yet"):
        scan(engine, b"hello")
    with pytest.raises(EngineUnavailableError, match="never started"):
        engine.ensure_running(READY_SECONDS)


def test_stopped_engine_leaves_nothing_behind(
    built_clamav_layer: Path, short_path: Path, small_release: Path
) -> None:
    """Stopping ends the process and removes its folder."""
    engine = Engine(short_path, EngineLimits(), built_clamav_layer)
    engine.start(small_release)
    engine.wait_until_proven(READY_SECONDS)
    process = engine.process_id()

    engine.stop()

    assert not Path(f"/proc/{process}").exists()
    assert not list(short_path.iterdir())
