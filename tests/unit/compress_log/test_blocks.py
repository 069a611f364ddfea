"""Objects are read block by block, ahead, in order, and never as other bytes than asked for."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import IncompleteReadError
from botocore.response import StreamingBody

from functions.compress_log import blocks
from functions.compress_log.blocks import PIECE_BYTES, BlockStream, in_order, read_block, spans
from tests.unit.compress_log.fakes import REF, FakeObjects
from tidegate.errors import ObjectReplacedError, TransientError
from tidegate.objectref import ObjectRef


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait between attempts."""
    monkeypatch.setattr(blocks, "_PAUSE_SECONDS", 0)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, []),
        (1, [(0, 0)]),
        (10, [(0, 9)]),
        (11, [(0, 9), (10, 10)]),
        (25, [(0, 9), (10, 19), (20, 24)]),
    ],
)
def test_spans_cover_the_object_once(size: int, expected: list[tuple[int, int]]) -> None:
    """Each byte is in one block, and only the last is shorter."""
    assert list(spans(size, 10)) == expected


class Breaking:
    """A body that breaks off, or ends early, as often as told; then the whole block."""

    def __init__(self, failures: int, short: bool) -> None:
        self.failures, self.short, self.asked = failures, short, 0

    def open_range(self, ref: ObjectRef, first: int, last: int) -> Any:
        self.asked += 1
        whole = b"0123456789"[first : last + 1]
        if self.asked > self.failures:
            return StreamingBody(io.BytesIO(whole), len(whole))
        return Broken(whole[:-1]) if self.short else Broken(None)


class Broken:
    """A body without its end."""

    def __init__(self, content: bytes | None) -> None:
        self.content = content

    def read(self, _: int) -> bytes:
        if self.content is None:
            raise IncompleteReadError(actual_bytes=1, expected_bytes=2)
        return self.content

    def close(self) -> None:
        pass


@pytest.mark.parametrize("short", [True, False])
def test_body_that_breaks_off_is_asked_for_again(short: bool) -> None:
    """Botocore repeats a request, not a body; half a block never passes for one."""
    source = Breaking(2, short)

    assert read_block(source, REF, 2, 5) == [b"2345"]
    assert source.asked == 3


def test_block_comes_in_pieces() -> None:
    """All of one size, but for the last."""
    content = bytes(range(256)) * 10_000
    objects = FakeObjects({REF.key: content})
    pieces = read_block(objects, REF, 7, len(content) - 1)

    assert [len(piece) for piece in pieces] == [*[PIECE_BYTES] * 4, 462_841]
    assert b"".join(pieces) == content[7:]
    assert len(objects.reads) == 1


@pytest.mark.parametrize("short", [True, False])
def test_body_that_breaks_off_always_is_a_transient_error(short: bool) -> None:
    """After three attempts the message goes back."""
    with pytest.raises(TransientError):
        read_block(Breaking(9, short), REF, 2, 5)


def test_object_that_was_replaced_is_not_asked_for_again() -> None:
    """No attempt could bring back what is gone."""
    objects = FakeObjects(refusals={REF.key: ObjectReplacedError("412")})

    with pytest.raises(ObjectReplacedError):
        read_block(objects, REF, 0, 1)
    assert len(objects.reads) == 1


def test_results_come_in_order_with_few_under_way() -> None:
    """The last may be done first: it waits, and so does what comes after the window."""
    gate, under_way, most = threading.Event(), 0, 0
    lock = threading.Lock()

    def work(number: int) -> int:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        if number == 0:
            gate.wait(5)
        if number == 2:
            gate.set()
        with lock:
            under_way -= 1
        return number

    with ThreadPoolExecutor(4) as pool:
        assert list(in_order(pool, work, range(50), 3)) == list(range(50))
    assert most <= 3


def test_error_is_raised_at_its_turn_and_ends_the_rest() -> None:
    """What came before it was good; what had not begun never does."""
    done: list[int] = []

    def work(number: int) -> int:
        if number == 3:
            raise TransientError("stop")
        done.append(number)
        return number

    seen: list[int] = []
    with ThreadPoolExecutor(1) as pool, pytest.raises(TransientError):
        seen.extend(in_order(pool, work, range(1000), 3))
    assert seen == [0, 1, 2]
    assert len(done) < 10


def test_blocks_read_as_one_stream() -> None:
    """In pieces of any size, across the blocks' borders, to the end."""
    stream = io.BufferedReader(BlockStream(iter([b"abc", b"d", b"efgh"])), 2)

    assert [stream.read(3), stream.read(2), stream.read(), stream.read()] == [
        b"abc",
        b"de",
        b"fgh",
        b"",
    ]
