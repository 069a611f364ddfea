"""Scans many formats with an engine whose folder is on a tiny file system; prints the outcomes.

Run by test_engine_failures.py in a mount namespace of its own:
    python -m tests.integration.full_disk <work folder> <layer> <release>
"""

import base64
import binascii
import bz2
import gzip
import json
import lzma
import random
import sys
import zlib
from pathlib import Path

from clamav_layer import canary
from clamav_layer.clamd import memory_file
from clamav_layer.engine import Engine
from clamav_layer.limits import EngineLimits
from tests.engine_fixtures import tarred_and_zipped, zipped

READY_SECONDS = 30.0
LARGE = random.Random(1).randbytes(3_000_000) + canary.eicar()
BOUNDARY = b"--limit\r\n"


def cases() -> dict[str, bytes]:
    """Returns contents which the engine must unpack to disk in order to find the threat."""
    lines = b"".join(
        binascii.b2a_uu(LARGE[start : start + 45]) for start in range(0, len(LARGE), 45)
    )
    head = b"From: a@b\r\nTo: c@d\r\nMIME-Version: 1.0\r\n"
    kind = b"Content-Type: multipart/mixed; boundary=limit\r\n\r\n"
    part = b"Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    attachment = base64.encodebytes(LARGE)
    deflated = zlib.compress(LARGE)
    return {
        "small text": b"hello",
        "zip": zipped({"a": LARGE}),
        "nested zip": zipped({"a.zip": zipped({"a": LARGE})}),
        "tar.gz": tarred_and_zipped({"a": LARGE}),
        "gz": gzip.compress(LARGE),
        "bz2": bz2.compress(LARGE),
        "xz": lzma.compress(LARGE),
        "mail": head + kind + BOUNDARY + part + attachment + b"\r\n--limit--\r\n",
        "uuencoded": b"begin 644 a.bin\n" + lines + b"`\nend\n",
        "page": b'<html><img src="data:image/png;base64,' + base64.b64encode(LARGE) + b'"></html>',
        "pdf": b"%PDF-1.4\n1 0 obj\n<< /Length "
        + str(len(deflated)).encode()
        + b" /Filter /FlateDecode >>\nstream\n"
        + deflated
        + b"\nendstream\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n",
        "flash": b"CWS\x09" + len(LARGE).to_bytes(4, "little") + deflated,
    }


def main() -> None:
    """Scans each case with a running engine and prints the kinds of outcome as JSON."""
    work, layer, release = map(Path, sys.argv[1:])
    engine = Engine(work / "e", EngineLimits(), layer)
    engine.start(release)
    outcomes = {}
    for name, content in cases().items():
        engine.ensure_running(READY_SECONDS)
        with memory_file(content) as descriptor:
            outcomes[name] = type(engine.scan(descriptor, READY_SECONDS)).__name__
    engine.stop()
    sys.stdout.write(json.dumps(outcomes))


if __name__ == "__main__":
    main()
