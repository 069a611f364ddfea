"""Lends a port of this machine's loopback to another of its addresses, for a while.

The embedded AWS listens on the loopback only, because whoever reaches it can run code;
containers reach this machine through the bridge's gateway address, so that address alone is
opened, and only while a container needs it.
"""

import contextlib
import select
import socket
import socketserver
import threading
from collections.abc import Iterator

_CHUNK_BYTES = 1 << 16


class _Relay(socketserver.BaseRequestHandler):
    """Copies bytes both ways between a client and the loopback port until one side ends."""

    def handle(self) -> None:
        client: socket.socket = self.request
        _, port = client.getsockname()
        with socket.create_connection(("127.0.0.1", port)) as target:
            other = {client: target, target: client}
            while True:
                readable, _, _ = select.select([client, target], [], [])
                for source in readable:
                    data = source.recv(_CHUNK_BYTES)
                    if not data:
                        return
                    other[source].sendall(data)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextlib.contextmanager
def forwarded(address: str, port: int) -> Iterator[None]:
    """Forward address:port to 127.0.0.1:port inside the block."""
    with _Server((address, port), _Relay) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
