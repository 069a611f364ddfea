"""Makes the objects that are scanned: the same bytes on every machine, kept between runs."""

import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from local import log_lines

MEGABYTE = 1_000_000
_SEED = 7
_WORDS = (
    b"INFO", b"WARN", b"request", b"served", b"GET", b"PUT", b"/index.html", b"/api/v1/orders",
    b"200", b"404", b"user", b"session", b"opened", b"closed", b"after", b"ms", b"from", b"cache",
    b"upstream", b"timeout", b"retry", b"connection", b"bytes", b"sent", b"the", b"and", b"for",
)  # fmt: skip
_TEXT_BLOCK = 4 * MEGABYTE
_RANDOM_BLOCK = 4 * MEGABYTE
_LOG_BLOCK = 12_500_000


def text(cache: Path, size_bytes: int) -> Path:
    """Return a file like a log: lines of words and numbers."""
    return _made(cache, f"text-{size_bytes}.log", size_bytes, _text_block)


def noise(cache: Path, size_bytes: int) -> Path:
    """Return a file of random bytes, as compressed or encrypted content is."""
    return _made(cache, f"random-{size_bytes}.bin", size_bytes, _random_block)


def archive(cache: Path, size_bytes: int) -> Path:
    """Return a ZIP of about this size: deflated logs, and random members stored as they are."""
    path = cache / "contents" / f"archive-{size_bytes}.zip"
    if path.exists():
        return path
    logs, images = text(cache, size_bytes // 2), noise(cache, size_bytes * 9 // 10)
    partial = path.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w") as members:
        members.write(logs, "logs/access.log", zipfile.ZIP_DEFLATED)
        content = images.read_bytes()
        for number, first in enumerate(range(0, len(content), 10 * MEGABYTE)):
            members.writestr(f"data/{number}.bin", content[first : first + 10 * MEGABYTE])
    partial.rename(path)
    return path


def access_log(cache: Path, size_bytes: int) -> Path:
    """Return a web server's log, cut to this size."""
    return _repeated(cache, "access", size_bytes, log_lines.access_lines)


def application_log(cache: Path, size_bytes: int) -> Path:
    """Return an application's log, cut to this size."""
    return _repeated(cache, "application", size_bytes, log_lines.application_lines)


def logs(cache: Path, size_bytes: int) -> Path:
    """Return 12.5 MB of each of the two by turns, as often as it takes."""
    path = cache / "contents" / f"logs-{size_bytes}.log"
    if path.exists():
        return path
    parts = [make(cache, _LOG_BLOCK).read_bytes() for make in (access_log, application_log)]
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        for number in range(-(-size_bytes // _LOG_BLOCK)):
            file.write(parts[number % 2][: size_bytes - file.tell()])
    partial.rename(path)
    return path


def _repeated(cache: Path, name: str, size_bytes: int, lines: Callable[[], Iterator[str]]) -> Path:
    return _made(
        cache,
        f"{name}-{size_bytes}.log",
        size_bytes,
        lambda _: log_lines.at_least(lines(), size_bytes),
    )


def _made(cache: Path, name: str, size_bytes: int, block: Callable[[random.Random], bytes]) -> Path:
    path = cache / "contents" / name
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    generator = random.Random(_SEED)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        remaining = size_bytes
        while remaining:
            part = block(generator)[:remaining]
            file.write(part)
            remaining -= len(part)
    partial.rename(path)
    return path


def _random_block(generator: random.Random) -> bytes:
    return generator.randbytes(_RANDOM_BLOCK)


def _text_block(generator: random.Random) -> bytes:
    """Return lines made of a few thousand different phrases, which is quick to make."""
    phrases = [b" ".join(generator.choices(_WORDS, k=12)) for _ in range(500)]
    lines = []
    size = 0
    while size < _TEXT_BLOCK:
        number = generator.getrandbits(32)
        lines.append(b"2026-01-01T00:00:00Z %010d %s\n" % (number, generator.choice(phrases)))
        size += len(lines[-1])
    return b"".join(lines)[:_TEXT_BLOCK]
