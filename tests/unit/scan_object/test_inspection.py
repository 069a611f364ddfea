"""The structural checks: what they refuse and why, what they let pass, and where they stop."""

import bz2
import gzip
import io
import lzma
import time
import zlib

import pytest

from functions.scan_object.inspection import InspectionLimits, Reason, Refusal, inspect
from tests.blind_spots import corpus, documents, foreign, streams, zips
from tests.blind_spots.made_by_tools import made_by_tools
from tests.blind_spots.variant import Variant

VARIANTS = {
    variant.name: variant.content
    for variant in (*zips.hostile(), *streams.hostile(), *documents.hostile(), *foreign.hostile())
}
REASONS = {
    "zip: ZipCrypto": Reason.ENCRYPTED,
    "zip: AES": Reason.ENCRYPTED,
    "zip: strong encryption": Reason.ENCRYPTED,
    "zip: encrypted by directory only": Reason.ENCRYPTED,
    "zip: masked headers": Reason.ENCRYPTED,
    "zip: lzma": Reason.UNSUPPORTED_COMPRESSION,
    "zip: method 9 (deflate64)": Reason.UNSUPPORTED_COMPRESSION,
    "zip: method 93 (zstd)": Reason.UNSUPPORTED_COMPRESSION,
    "zip: patched data": Reason.UNSUPPORTED_COMPRESSION,
    "zip: no directory": Reason.TRUNCATED,
    "zip: cut in the data": Reason.TRUNCATED,
    "zip: cut in the directory": Reason.TRUNCATED,
    "zip: second part of a split archive": Reason.TRUNCATED,
    "zip: local size too long": Reason.UNREADABLE_FORMAT,
    "zip: local sizes zero": Reason.UNREADABLE_FORMAT,
    "zip: local method stored": Reason.UNREADABLE_FORMAT,
    "zip: both sizes short": Reason.TRUNCATED,
    "zip: stored, unpacks to more": Reason.UNREADABLE_FORMAT,
    "zip: broken after the payload": Reason.UNREADABLE_FORMAT,
    "zip: two names": Reason.UNREADABLE_FORMAT,
    "zip: zip64 sizes": Reason.UNREADABLE_FORMAT,
    "zip: behind another archive": Reason.UNREADABLE_FORMAT,
    "zip: behind a broken header": Reason.UNREADABLE_FORMAT,
    "zip: behind a picture, sizes behind": Reason.UNREADABLE_FORMAT,
    "gzip: cut": Reason.TRUNCATED,
    "gzip: wrong checksum": Reason.UNREADABLE_FORMAT,
    "gzip: of tar, cut": Reason.TRUNCATED,
    "gzip: zip archive behind": Reason.UNREADABLE_FORMAT,
    "bzip2: cut": Reason.TRUNCATED,
    "bzip2: in several streams": Reason.UNREADABLE_FORMAT,
    "xz: cut": Reason.TRUNCATED,
    "lzma alone": Reason.UNSUPPORTED_COMPRESSION,
    "lzma alone: unusual settings": Reason.UNSUPPORTED_COMPRESSION,
    "zlib stream": Reason.UNSUPPORTED_COMPRESSION,
    "tar: wrong checksum": Reason.UNREADABLE_FORMAT,
    "tar: binary size": Reason.UNREADABLE_FORMAT,
    "tar: size in a pax header": Reason.UNREADABLE_FORMAT,
    "tar: member of an unknown type": Reason.UNSUPPORTED_COMPRESSION,
    "tar: cut in the member": Reason.TRUNCATED,
    "tar: without an end": Reason.TRUNCATED,
    "tar: behind a block of zeros": Reason.UNREADABLE_FORMAT,
    "tar: zip archive behind": Reason.UNREADABLE_FORMAT,
    "7z: BZip2": Reason.UNSUPPORTED_COMPRESSION,
    "7z: BCJ2 and LZMA2": Reason.UNSUPPORTED_COMPRESSION,
    "7z: Delta and LZMA2": Reason.UNSUPPORTED_COMPRESSION,
    "7z: PPMd": Reason.UNSUPPORTED_COMPRESSION,
    "7z: encrypted": Reason.ENCRYPTED,
    "7z: encrypted header": Reason.ENCRYPTED,
    "7z: cut": Reason.TRUNCATED,
    "7z: broken content": Reason.UNREADABLE_FORMAT,
    "cab: cut": Reason.TRUNCATED,
    "cab: one of a set": Reason.TRUNCATED,
}
READ_BY_THE_ENGINE = (
    "zip: deflated",
    "zip: stored",
    "zip: bzip2",
    "zip: sizes behind",
    "zip: with a comment",
    "zip: with data behind",
    "zip: behind a script",
    "gzip: in several members",
    "gzip: zeros behind",
    "gzip: of gzip of bzip2",
    "xz: in several streams",
    "xz: x86 filter",
    "tar: pax",
    "tar: long name, GNU",
    "7z: LZMA",
    "7z: LZMA2",
    "7z: Copy",
    "7z: BCJ and LZMA",
    "7z: BCJ and LZMA2",
    "7z: plain header",
    "cab: MSZIP",
)


def examined(
    content: bytes, limits: InspectionLimits | None = None, deadline: float | None = None
) -> Refusal | None:
    """Inspects a few bytes."""
    return inspect(io.BytesIO(content), len(content), limits=limits, deadline=deadline)


def reason(content: bytes, limits: InspectionLimits | None = None) -> Reason | None:
    """Returns why the content is refused."""
    refusal = examined(content, limits)
    return refusal.reason if refusal else None


@pytest.mark.parametrize("name", REASONS)
def test_hostile_archive_is_refused_with_its_reason(name: str) -> None:
    """What the engine would pass over is refused in the word that fits."""
    assert reason(VARIANTS[name]) is REASONS[name]


@pytest.mark.parametrize("nesting", corpus.NESTINGS)
@pytest.mark.parametrize("name", REASONS)
def test_nested_hostile_archive_is_refused(name: str, nesting: str) -> None:
    """The same holds inside other archives, except for zip archives behind something else."""
    if "behind a picture" in name:
        assert reason(VARIANTS[name]) is not None
        return
    assert reason(corpus.NESTINGS[nesting](VARIANTS[name])) is not None


@pytest.mark.parametrize("name", READ_BY_THE_ENGINE)
def test_archive_that_the_engine_reads_passes(name: str) -> None:
    """Where the engine sees everything, its word is enough."""
    assert examined(VARIANTS[name]) is None


@pytest.mark.parametrize("variant", corpus.benign(), ids=repr)
def test_ordinary_file_passes(variant: Variant) -> None:
    """The checks take no exception to what people really upload."""
    assert examined(variant.content) is None


def test_refusal_names_the_member() -> None:
    """A person reading the reason learns which member it was."""
    refusal = examined(VARIANTS["zip: AES"])
    assert refusal == Refusal(Reason.ENCRYPTED, "zip member 'payload.com' is encrypted")


def test_archives_too_deep_are_refused() -> None:
    """Nesting beyond the limit is refused, not left unread."""
    content = b"harmless"
    for _ in range(5):
        content = gzip.compress(content)
    assert reason(content, InspectionLimits(max_depth=5)) is None
    assert reason(content, InspectionLimits(max_depth=4)) is Reason.ARCHIVE_TOO_DEEP


def test_too_many_members_are_refused() -> None:
    """The count goes over all archives in the file."""
    inner = zips.zipped({"a": b"1", "b": b"2"})
    content = zips.zipped({"c.zip": inner, "d.zip": inner})
    assert reason(content, InspectionLimits(max_entries=6)) is None
    assert reason(content, InspectionLimits(max_entries=5)) is Reason.ENGINE_LIMIT


@pytest.mark.parametrize(
    "bomb",
    [
        gzip.compress(bytes(3_000_000)),
        bz2.compress(bytes(3_000_000)),
        lzma.compress(bytes(3_000_000)),
        zlib.compress(bytes(3_000_000)),
        zips.zipped({"zeros": bytes(3_000_000)}),
        zips.zipped({"zeros.gz": gzip.compress(bytes(3_000_000))}),
    ],
    ids=["gzip", "bzip2", "xz", "zlib", "zip", "gzip in zip"],
)
def test_bomb_is_refused_at_the_limit(bomb: bytes) -> None:
    """Unpacking stops at the limit, whatever the ratio."""
    assert reason(bomb, InspectionLimits(max_unpacked_bytes=1_000_000)) is Reason.ENGINE_LIMIT


def test_passed_deadline_is_refused() -> None:
    """An inspection without time refuses; it never waves through."""
    refusal = examined(zips.zipped({"a": b"1"}), deadline=time.monotonic() - 1)
    assert refusal is not None
    assert refusal.reason is Reason.ENGINE_LIMIT


def test_large_nested_archive_is_read_from_a_temporary_file() -> None:
    """Beyond the memory limit a nested archive goes through a file, with the same result."""
    noise = streams.NOISE * 20
    limits = InspectionLimits(memory_bytes=1000)
    sound = zips.zipped({"inner.zip": zips.zipped({"noise": noise})})
    broken = zips.zipped({"inner.zip": zips.zipped({"noise": noise})[:-30]})
    assert reason(sound, limits) is None
    assert reason(broken, limits) is Reason.TRUNCATED


def test_file_of_another_kind_is_hardly_read() -> None:
    """A file that is no archive costs its first and last bytes only."""
    file = _Counting(bytes(20_000_000))
    assert inspect(file, 20_000_000) is None
    assert file.read_bytes < 1_000_000


def test_nested_7z_is_read() -> None:
    """A 7z archive inside a 7z archive's sibling formats is looked into as well."""
    inner = made_by_tools()["7z: BZip2"]
    assert reason(gzip.compress(inner)) is Reason.UNSUPPORTED_COMPRESSION


class _Counting(io.BytesIO):
    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.read_bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.read_bytes += len(data)
        return data


def test_quoted_printable_archive_is_looked_into() -> None:
    """An archive attached as quoted-printable is read like one in base64."""
    text = "".join(f"={byte:02X}" for byte in VARIANTS["gzip: cut"]).encode()
    lines = b"=\n".join(text[at : at + 72] for at in range(0, len(text), 72))
    head = b"From: a@example.com\nContent-Transfer-Encoding: quoted-printable\n\n"
    assert reason(head + lines + b"\n--x--\n") is Reason.TRUNCATED
    assert reason(head + text) is Reason.TRUNCATED


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b"") * 300_000,
        lzma.compress(b"") * 150_000,
        b"From: a\n" + b"Content-Transfer-Encoding: base64\n\n--\n" * 150_000,
        b"From: a\nContent-Transfer-Encoding: quoted-printable\n\n" + b"A" * 5_000_000,
        streams.tarred(content=b"")[:512] * 20_000,
        b"PK\x03\x04" + b"PK\x05\x06" * 100_000,
    ],
    ids=["gzip members", "xz streams", "mail parts", "endless line", "tar headers", "zip ends"],
)
def test_tedious_input_is_done_with_soon(content: bytes) -> None:
    """Input made to keep a reader busy costs no more than its length."""
    start = time.monotonic()
    examined(content)
    assert time.monotonic() - start < 10
