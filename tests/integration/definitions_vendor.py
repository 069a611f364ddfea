"""A vendor of definitions for tests: signs databases and differences as ClamAV's vendor does.

ClamAV knows its vendor by three RSA moduli, kept as decimal numbers in its binaries: one for
.cvd files, one for the .info member of each container, one for differences (.cdiff). The layer
is copied with these numbers replaced by those of keys made here, so the genuine verification
runs, against keys whose private halves the test holds. How a signature is computed is told in
ClamAV's libclamav/dsig.c: a PSS padding for .info and .cdiff, the bare MD5 for .cvd.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import math
import re
import secrets
import shutil
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

Files = Mapping[str, bytes]

_DIGITS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"
_HASH_BYTES = 32
_BLOCK_BYTES = 256
# The start of each number as it stands in ClamAV 1.4's binaries, and its public exponent.
_CONTAINER_KEY = (b"118640995551645342603070001658", 100001027, 1024)
_INFO_KEY = (b"110888949830485454736595561066", 100002049, 2048)
_DIFFERENCE_KEY = (b"147839058740774670902622285165", 100002053, 2048)
_CARRIERS = ("lib/libclamav.so.12", "lib/libfreshclam.so.3", "bin/sigtool")


@dataclass(frozen=True, slots=True)
class Key:
    """An RSA key."""

    modulus: int
    private: int

    @classmethod
    def make(cls, bits: int, exponent: int) -> Key:
        first, second = _prime(bits // 2, exponent), _prime(bits // 2, exponent)
        return cls(first * second, pow(exponent, -1, (first - 1) * (second - 1)))

    def sign(self, block: int) -> str:
        """The signature of a number, in the vendor's digits, the least first."""
        value, text = pow(block, self.private, self.modulus), ""
        while value:
            text += _DIGITS[value & 63]
            value >>= 6
        return text

    def sign_padded(self, content: bytes) -> str:
        """The signature of a content by its SHA-256 in a PSS padding."""
        block = _padded(content)
        # ClamAV reads a block that begins with a zero as a shorter one.
        while not block[0]:
            block = _padded(content)
        return self.sign(int.from_bytes(block, "big"))


@dataclass(frozen=True, slots=True)
class Vendor:
    """Signs, and has a layer that trusts its signatures and no others."""

    containers: Key
    infos: Key
    differences: Key
    layer: Path

    @classmethod
    def make(cls, genuine: Path, layer: Path) -> Vendor:
        """A vendor with new keys, and at `layer` a copy of the genuine layer that trusts them."""
        keys = [Key.make(bits, exponent) for _, exponent, bits in _ALL_KEYS]
        shutil.copytree(genuine, layer)
        replaced = 0
        for name in _CARRIERS:
            content = (genuine / "clamav" / name).read_bytes()
            for (start, _, _), key in zip(_ALL_KEYS, keys, strict=True):
                modulus = str(key.modulus).encode()
                pattern = start + rb"\d{%d}" % (len(modulus) - len(start))
                content, times = re.subn(pattern, modulus, content)
                replaced += times
            target = layer / "clamav" / name
            target.chmod(0o755)
            target.write_bytes(content)
        assert replaced == 4, "ClamAV keeps its keys elsewhere than it did"
        containers, infos, differences = keys
        return cls(containers, infos, differences, layer)

    @property
    def file_types(self) -> bytes:
        """A table of file types, as the vendor's daily database has one."""
        return (self.layer / "clamav" / "policy" / "builtin" / "tidegate.ftm").read_bytes()

    def container(self, name: str, version: int, files: Files) -> bytes:
        """A signed .cvd of these files."""
        packed, digest = b"", "00"
        # Here too a zero at the beginning would be lost. The .info's signature has a random salt.
        while digest.startswith("00"):
            packed = gzip.compress(_tar(self._members(name, version, files)), mtime=0)
            digest = hashlib.md5(packed).hexdigest()
        signature = self.containers.sign(int(digest, 16))
        header = _header(version, _count(files), digest, signature)
        return header.ljust(512).encode() + packed

    def difference(self, name: str, version: int, old: Files, new: Files) -> bytes:
        """A signed .cdiff that makes `new`, of this version, out of `old`."""
        lines = [f"UNLINK {name}.info"]
        lines += [f"UNLINK {file}" for file in old]
        for file, content in self._members(name, version, new).items():
            if file != "COPYING":
                lines += [f"OPEN {file}"]
                lines += [f"ADD {line}" for line in content.decode().splitlines()]
                lines += ["CLOSE"]
        script = "\n".join(lines).encode() + b"\n"
        body = f"ClamAV-Diff:{version}:{len(script)}:".encode() + gzip.compress(script, mtime=0)
        return body + b":" + self.differences.sign_padded(body).encode()

    def _members(self, name: str, version: int, files: Files) -> dict[str, bytes]:
        listed = {"COPYING": b"For tests.\n", **files}
        info = _header(version, _count(files), "X", "X") + "\n"
        for file, content in listed.items():
            info += f"{file}:{len(content)}:{hashlib.sha256(content).hexdigest()}\n"
        signature = self.infos.sign_padded(info.encode())
        return {
            "COPYING": listed["COPYING"],
            f"{name}.info": f"{info}DSIG:{signature}\n".encode(),
            **files,
        }


_ALL_KEYS = (_CONTAINER_KEY, _INFO_KEY, _DIFFERENCE_KEY)


def _padded(content: bytes) -> bytes:
    salt = secrets.token_bytes(_HASH_BYTES)
    digest = hashlib.sha256(bytes(8) + hashlib.sha256(content).digest() + salt).digest()
    length = _BLOCK_BYTES - _HASH_BYTES - 1
    plain = bytes(length - _HASH_BYTES - 1) + b"\x01" + salt
    rounds = math.ceil(length / _HASH_BYTES)
    mask = b"".join(
        hashlib.sha256(digest + number.to_bytes(4, "big")).digest() for number in range(rounds)
    )
    masked = bytearray(one ^ other for one, other in zip(plain, mask, strict=False))
    masked[0] &= 0x7F
    return bytes(masked) + digest + b"\xbc"


def _header(version: int, signatures: int, digest: str, signature: str) -> str:
    # The year 2026, and later with each version: freshclam asks by If-Modified-Since.
    seconds = 1_790_000_000 + version
    return (
        f"ClamAV-VDB:22 Nov 2026 10-00 +0000:{version}:{signatures}:90:"
        f"{digest}:{signature}:tester:{seconds}"
    )


def _count(files: Files) -> int:
    return sum(content.count(b"\n") for name, content in files.items() if not name.endswith(".ftm"))


def _tar(members: Files) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _prime(bits: int, exponent: int) -> int:
    while True:
        # With the two highest bits set, a product has as many decimal digits as the original.
        candidate = secrets.randbits(bits) | (3 << (bits - 2)) | 1
        if math.gcd(exponent, candidate - 1) == 1 and _is_prime(candidate):
            return candidate


def _is_prime(candidate: int) -> bool:
    if any(candidate % small == 0 for small in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31)):
        return False
    return all(
        pow(secrets.randbelow(candidate - 3) + 2, candidate - 1, candidate) == 1 for _ in range(8)
    )
