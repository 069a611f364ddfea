"""The structural checks on damaged input: they always end, and never raise."""

import io
import time

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.scan_object.inspection import InspectionLimits, inspect
from tests.blind_spots import corpus
from tests.blind_spots.variant import Variant

SMALL = [v for v in (*corpus.hostile(), *corpus.benign()) if len(v.content) < 20_000]
LIMITS = InspectionLimits(max_entries=2000, max_unpacked_bytes=5_000_000)
LONGEST_SECONDS = 10.0

type Change = tuple[int, int, bytes]


def changes() -> st.SearchStrategy[list[Change]]:
    """Places (in thousandths of the length), numbers of bytes to drop, bytes to put there."""
    change = st.tuples(st.integers(0, 1000), st.integers(0, 40), st.binary(max_size=12))
    return st.lists(change, min_size=1, max_size=6)


def changed(content: bytes, what: list[Change]) -> bytes:
    """Returns the content with parts replaced, dropped and put in."""
    for place, dropped, put in what:
        at = len(content) * place // 1000
        content = content[:at] + put + content[at + dropped :]
    return content


def ends(content: bytes) -> None:
    """Inspects and expects an answer in time."""
    start = time.monotonic()
    inspect(io.BytesIO(content), len(content), limits=LIMITS)
    assert time.monotonic() - start < LONGEST_SECONDS


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(variant=st.sampled_from(SMALL), what=changes())
def test_damaged_archive_gets_an_answer(variant: Variant, what: list[Change]) -> None:
    """Whatever is cut out of, or written into, an archive: a refusal or none, and no exception."""
    ends(changed(variant.content, what))


@settings(max_examples=200, deadline=None)
@given(variant=st.sampled_from(SMALL), kept=st.integers(0, 1000))
def test_cut_archive_gets_an_answer(variant: Variant, kept: int) -> None:
    """An archive may end anywhere."""
    ends(variant.content[: len(variant.content) * kept // 1000])


@settings(max_examples=200, deadline=None)
@given(
    magic=st.sampled_from(
        [
            b"PK\x03\x04",
            b"7z\xbc\xaf'\x1c",
            b"\x1f\x8b\x08",
            b"BZh9",
            b"\xfd7zXZ\0",
            b"MSCF",
            b"\x78\x9c",
        ]
    ),
    rest=st.binary(max_size=3000),
)
def test_noise_behind_magic_gets_an_answer(magic: bytes, rest: bytes) -> None:
    """The first bytes promise nothing about the others."""
    ends(magic + rest)
