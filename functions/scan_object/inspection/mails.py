"""Mail: yields what the parts of a message hold, however it is encoded.

The engine unpacks messages well; they are read here only because an archive attached to one can be
tampered with like any other. Parts are found by their `Content-Transfer-Encoding` alone, so that
messages inside messages need no further care.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator
from typing import Final

from functions.scan_object.inspection.limits import Budget
from functions.scan_object.inspection.streams import CHUNK_BYTES, Reader

_HEADER: Final = b"content-transfer-encoding"
_VALUE: Final = re.compile(rb'[ \t]*:\s*"?([A-Za-z0-9-]+)')
_BLANK_LINE: Final = re.compile(rb"\n[ \t]*\r?\n")
_BOUNDARY: Final = b"\n--"
_LIKE_A_HEADER: Final = re.compile(rb"(?im)^(?:from |[a-z][a-z0-9-]*:[ \t])")
_LONGEST_HEADERS: Final = 64 * 1024
_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64: Final = bytes(byte for byte in range(256) if byte not in _BASE64)
_BASE64_GROUP: Final = 4
_LONGEST_ESCAPE: Final = 4


def looks_like_mail(head: bytes) -> bool:
    """Tells whether this may be a message: text with a line like a header near its beginning."""
    return b"\0" not in head and _LIKE_A_HEADER.search(head) is not None


def parts(source: Reader, budget: Budget) -> Iterator[Reader]:
    """Yields the decoded content of each encoded part; the caller reads each to its end."""
    text = _Text(source, budget)
    while (encoding := text.next_encoding()) is not None:
        decode = _DECODERS.get(encoding)
        if decode is not None:
            yield _Part(text, decode)


class _Text:
    """The message with a little of it held in memory, from `_at` on."""

    def __init__(self, source: Reader, budget: Budget) -> None:
        self._source = source
        self._budget = budget
        self._held = b""
        self._small = b""
        self._at = 0
        self._ended = False

    def next_encoding(self) -> bytes | None:
        """Goes to the next encoded part's first byte and returns its encoding."""
        while (found := self._small.find(_HEADER, self._at)) < 0:
            if self._ended:
                return None
            self._at = max(self._at, len(self._held) + 1 - len(_HEADER))
            self._fill()
        self._budget.spend_entry()
        self._at = found + len(_HEADER)
        self._hold(_LONGEST_HEADERS)
        value = _VALUE.match(self._held, self._at)
        blank = _BLANK_LINE.search(self._held, self._at, self._at + _LONGEST_HEADERS)
        if value is None or blank is None:
            return b""
        # The line's end stays: a boundary may follow at once.
        self._at = blank.end() - 1
        return value[1].lower()

    def body(self) -> bytes:
        """Returns the next bytes of the part, nothing at its end."""
        self._hold(CHUNK_BYTES)
        stop = self._held.find(_BOUNDARY, self._at)
        if stop < 0:
            stop = len(self._held) if self._ended else len(self._held) - len(_BOUNDARY)
        data = self._held[self._at : stop]
        self._at = stop
        return data

    def _hold(self, size: int) -> None:
        while not self._ended and len(self._held) - self._at < size:
            self._fill()

    def _fill(self) -> None:
        data = self._source.read(CHUNK_BYTES)
        self._ended = not data
        self._held = self._held[self._at :] + data
        self._small = self._held.lower()
        self._at = 0
        self._budget.check_time()


class _Part:
    """One part's content, decoded piece by piece."""

    def __init__(self, text: _Text, decode: Callable[[bytes, bool], tuple[bytes, bytes]]) -> None:
        self._text = text
        self._decode = decode
        self._encoded = b""
        self._decoded = b""
        self._ended = False
        self._begun = False

    def read(self, size: int, /) -> bytes:
        while not self._decoded and not self._ended:
            data = self._text.body()
            self._ended = not data
            if not self._begun:
                # The end of the line before the content.
                data, self._begun = data.removeprefix(b"\n"), True
            self._decoded, self._encoded = self._decode(self._encoded + data, self._ended)
        data, self._decoded = self._decoded[:size], self._decoded[size:]
        return data


def _base64(encoded: bytes, ended: bool) -> tuple[bytes, bytes]:  # noqa: FBT001
    letters = encoded.translate(None, _NOT_BASE64)
    whole = len(letters) - len(letters) % _BASE64_GROUP
    rest = letters[whole:]
    decoded = binascii.a2b_base64(letters[:whole])
    if ended and len(rest) > 1:
        decoded += binascii.a2b_base64(rest + b"=" * (_BASE64_GROUP - len(rest)))
    return decoded, b"" if ended else rest


def _quoted_printable(encoded: bytes, ended: bool) -> tuple[bytes, bytes]:  # noqa: FBT001
    whole = len(encoded)
    if not ended:
        # An escape is three bytes long, its line end may be another; lines need not ever end.
        escape = encoded.rfind(b"=", -_LONGEST_ESCAPE)
        whole = escape if escape >= 0 else whole
    return binascii.a2b_qp(encoded[:whole]), encoded[whole:]


_DECODERS: Final[dict[bytes, Callable[[bytes, bool], tuple[bytes, bytes]]]] = {
    b"base64": _base64,
    b"quoted-printable": _quoted_printable,
}
