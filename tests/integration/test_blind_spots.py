"""The real engine on the corpus: what hides from it is refused, ordinary files stay clean."""

import io
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from clamav_layer import canary
from clamav_layer.clamd import Clamd
from clamav_layer.engine import Engine
from clamav_layer.limits import EngineLimits
from clamav_layer.replies import Clean, Threat
from functions.scan_object.inspection import inspect
from tests.blind_spots import corpus
from tests.blind_spots.measurement import Measured, measure, scanned, table
from tests.blind_spots.variant import PAYLOAD, Variant
from tests.engine_fixtures import RELEASE, REPOSITORY, make_release

READY_SECONDS = 60.0
DOCUMENT = REPOSITORY / "docs" / "verification-engine.md"
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
# Set to write the document's table anew instead of comparing it.
WRITE_VARIABLE = "TIDEGATE_WRITE_DOCS"


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release that finds the payload only as a file of its own, as signatures of files do."""
    signature = f"Test.Eicar:0:0:{PAYLOAD.hex()}\n".encode()
    folder = tmp_path_factory.mktemp("blind-spots")
    return make_release(folder, RELEASE, {"eicar.ndb": signature}, eicar=False)


@pytest.fixture(scope="module")
def with_policy(built_clamav_layer: Path, release: Path) -> Iterator[Engine]:
    """The engine as the function runs it."""
    with TemporaryDirectory(prefix="tg-") as folder:
        engine = Engine(Path(folder), root=built_clamav_layer)
        engine.start(release)
        engine.wait_until_proven(READY_SECONDS)
        yield engine
        engine.stop()


@pytest.fixture(scope="module")
def alone(
    built_clamav_layer: Path, release: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clamd]:
    """The same engine with the same settings, without any policy of ours."""
    root = tmp_path_factory.mktemp("bare-layer")
    (root / "clamav" / "policy").mkdir(parents=True)
    for entry in (built_clamav_layer / "clamav").iterdir():
        if entry.name != "policy":
            (root / "clamav" / entry.name).symlink_to(entry)
    (root / "clamav" / "policy" / "nothing.ndb").write_text("Test.Nothing:0:0:00112233445566\n")
    with (
        TemporaryDirectory(prefix="tg-") as folder,
        ThreadPoolExecutor(max_workers=1) as keeper,
    ):
        clamd = Clamd(Path(folder) / "clamd", release, EngineLimits(), keeper, root)
        (Path(folder) / "clamd").mkdir()
        clamd.start()
        clamd.wait_until_answering(time.monotonic() + READY_SECONDS)
        yield clamd
        clamd.stop()


@pytest.fixture(scope="module")
def measured(alone: Clamd, with_policy: Engine) -> list[Measured]:
    """Every hostile variant, measured."""
    return [measure(variant, alone, with_policy) for variant in corpus.hostile()]


def test_hostile_variants_are_never_clean(measured: list[Measured]) -> None:
    """Whatever the engine passes over in silence is refused by a signature or a check."""
    assert len(measured) > 300
    assert [row.name for row in measured if row.passed] == []


def test_engine_alone_passes_over_many_of_them(measured: list[Measured]) -> None:
    """The corpus is worth its name: without policy and checks a large part would be clean."""
    assert sum(row.passed_alone for row in measured) > 100


@pytest.mark.parametrize("nesting", corpus.NESTINGS)
def test_nested_hostile_variants_are_never_clean(nesting: str, with_policy: Engine) -> None:
    """What is refused is refused inside other archives too."""
    passed = [variant.name for variant in corpus.nested(nesting) if _is_clean(variant, with_policy)]
    assert passed == []


@pytest.mark.parametrize("variant", corpus.benign(), ids=repr)
def test_ordinary_file_is_clean(variant: Variant, with_policy: Engine) -> None:
    """Neither the policy nor the checks take exception to what people really upload."""
    assert scanned(with_policy, variant.content) == Clean()
    assert _refusal(variant) is None


def test_type_that_the_engine_ignores_is_scanned(alone: Clamd, with_policy: Engine) -> None:
    """Three bytes in front make the engine alone ignore a file; with the policy it is scanned."""
    signature = b"TIDEGATE-RELEASE-" + RELEASE.encode() + b"-CANARY"
    assert scanned(alone, b"ID3" + signature) == Clean()
    assert scanned(with_policy, b"ID3" + signature) == Threat(canary.release_name(RELEASE))


def test_document_tells_what_was_measured(measured: list[Measured]) -> None:
    """The table in the documentation is the one that this engine and policy give."""
    passed = sum(row.passed_alone for row in measured)
    summary = f"{len(measured)} hostile variants: the engine alone calls {passed} of them OK.\n\n"
    expected = summary + table(measured)
    text = DOCUMENT.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    body, _, tail = rest.partition(END)
    if WRITE_VARIABLE in os.environ:
        DOCUMENT.write_text(head + BEGIN + expected + END + tail, encoding="utf-8")
        return
    assert body == expected, f"run this test with {WRITE_VARIABLE}=1 to write the table anew"


def _is_clean(variant: Variant, engine: Engine) -> bool:
    return isinstance(scanned(engine, variant.content), Clean) and _refusal(variant) is None


def _refusal(variant: Variant) -> object:
    return inspect(io.BytesIO(variant.content), len(variant.content))
