"""A mirror of definitions on the loopback interface, which can be made to misbehave."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Fault:
    """What becomes of a request: a refusal, half of the content, or no answer at all."""

    status: int = 200
    retry_after_seconds: int | None = None
    truncated: bool = False
    mute: bool = False


@dataclass
class Mirror:
    """Files by name, faults by name (or "*" for all), and what was asked for.

    `asked` holds names; one of which only the header was asked for stands in brackets.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    not_modified: bool = False
    asked: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def fault(self, name: str) -> Fault:
        return self.faults.get(name) or self.faults.get("*") or Fault()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, mirror: Mirror) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mirror = mirror


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        mirror, name = self.server.mirror, self.path.rpartition("/")[2]
        wanted = self.headers.get("Range")
        mirror.asked.append(f"[{name}]" if wanted else name)
        fault, content = mirror.fault(name), mirror.files.get(name)
        if fault.mute:
            mirror.closing.wait(60)
        elif fault.status != 200:
            self._refuse(fault)
        elif content is None:
            self.send_error(404)
        elif mirror.not_modified and self.headers.get("If-Modified-Since"):
            self._refuse(Fault(304))
        else:
            self._deliver(content, wanted, fault)

    def _refuse(self, fault: Fault) -> None:
        self.send_response(fault.status)
        if fault.retry_after_seconds is not None:
            self.send_header("Retry-After", str(fault.retry_after_seconds))
        self.end_headers()

    def _deliver(self, content: bytes, wanted: str | None, fault: Fault) -> None:
        if wanted:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            total, content = len(content), content[int(first) : int(last) + 1]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{last}/{total}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if fault.truncated and not wanted:
            content = content[: len(content) // 2]
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def running_mirror() -> Iterator[Mirror]:
    """A mirror that answers until the block ends."""
    mirror = Mirror()
    with _Server(mirror) as server:
        mirror.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield mirror
        finally:
            mirror.closing.set()
            server.shutdown()
            thread.join()
