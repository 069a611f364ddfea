"""An S3 that takes uploads and keeps nothing but their sizes: python -m benchmarks.sink.

The embedded AWS holds objects in memory, and two gigabytes, as parts and put together, are more
than a small machine has. Here the bytes are read and dropped, at the same cost for whoever sends
them. Writes its port as the first line on standard output; serves until standard input ends.
"""

import sys
import threading
from collections import defaultdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

CHUNK_BYTES = 1024 * 1024
ETAG = '"0123456789abcdef0123456789abcdef"'


class Sink(BaseHTTPRequestHandler):
    """Answers PutObject, the calls of a multipart upload, and HeadObject."""

    protocol_version = "HTTP/1.1"
    # Answers are small, and each is waited for.
    disable_nagle_algorithm = True
    sizes: ClassVar[defaultdict[str, int]] = defaultdict(int)
    lock: ClassVar[threading.Lock] = threading.Lock()

    def do_PUT(self) -> None:
        """Take a part or an object."""
        size, is_part = self._drop(), "partNumber=" in self.path
        with self.lock:
            self.sizes[self._key] = size + (self.sizes[self._key] if is_part else 0)
        self._answer({"ETag": ETAG})

    def do_POST(self) -> None:
        """Begin or complete an upload."""
        self._drop()
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        if "uploads" in query:
            with self.lock:
                self.sizes[self._key] = 0
            self._answer({}, "<InitiateMultipartUploadResult><UploadId>u</UploadId>")
        else:
            self._answer(
                {"x-amz-version-id": "v"},
                f"<CompleteMultipartUploadResult><ETag>{escape(ETAG)}</ETag>",
            )

    def do_HEAD(self) -> None:
        """Tell how many bytes came."""
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", str(self.sizes[self._key]))
        self.send_header("ETag", ETAG)
        self.end_headers()

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002
        """Keep quiet."""

    @property
    def _key(self) -> str:
        return urlsplit(self.path).path

    def _drop(self) -> int:
        size = left = int(self.headers.get("Content-Length", "0"))
        buffer = memoryview(bytearray(CHUNK_BYTES))
        while left:
            read = self.rfile.readinto(buffer[: min(left, CHUNK_BYTES)])
            if not read:
                raise ConnectionError("the sender went away")
            left -= read
        return size

    def _answer(self, headers: dict[str, str], opened: str = "") -> None:
        """Answer with a document of one element, which is closed here."""
        name = opened[1:].partition(">")[0]
        body = f"{opened}</{name}>".encode() if opened else b""
        self.send_response(HTTPStatus.OK)
        for header, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Takes all connections of a transfer manager at once: one turned away waits for a second."""

    request_queue_size = 128


def main() -> None:
    """Serve until nobody holds standard input any more."""
    server = Server(("127.0.0.1", 0), Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
