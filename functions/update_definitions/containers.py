"""ClamAV's database containers: verifies their signatures and brings them into the quickest form.

A .cvd is a header of 512 bytes and a compressed tar, both under one signature. A .cld, which
freshclam makes from a .cvd and the vendor's differences, has the same header and a tar whose
`.info` member is signed and holds the SHA-256 of each other member. sigtool verifies either. The
tar of a .cld may be uncompressed, which loads in 0.79 of the CPU time (measured, ClamAV 1.4.6),
and is told by its first member, COPYING.
"""

from __future__ import annotations

import gzip
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from clamav_layer import layout
from functions.update_definitions.errors import UntrustedDefinitionsError

HEADER_BYTES = 512
MAX_UNPACKED_BYTES = 2 << 30
_CHUNK_BYTES = 1 << 20
_FIRST_MEMBER = b"COPYING"
_VERIFY_TIMEOUT_SECONDS = 120
# Fields of the header: ClamAV-VDB:time:version:signatures:level:md5:dsig:builder:seconds
_VERSION, _SIGNATURES = 2, 3


@dataclass(frozen=True, slots=True)
class Header:
    """What a container says of itself."""

    version: int
    signatures: int


def read_header(path: Path) -> Header:
    """Return the container's header, unverified; UntrustedDefinitionsError where it has none."""
    with path.open("rb") as file:
        fields = file.read(HEADER_BYTES).decode("ascii", "replace").split(":")
    try:
        if fields[0] != "ClamAV-VDB":
            raise ValueError(fields[0])
        return Header(int(fields[_VERSION]), int(fields[_SIGNATURES]))
    except (IndexError, ValueError) as error:
        raise UntrustedDefinitionsError(f"{path.name} is not a ClamAV database") from error


def verify(path: Path, root: Path = layout.ROOT) -> Header:
    """Return the container's header once the vendor's signature is found to be right.

    Raises UntrustedDefinitionsError with sigtool's own words.
    """
    command = layout.command("sigtool", "--info", str(path), root=root)
    try:
        done = subprocess.run(
            command,
            env=layout.environment(root),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_VERIFY_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UntrustedDefinitionsError(f"{path.name} took too long to verify") from error
    if done.returncode != 0 or "Verification OK" not in done.stdout:
        words = " ".join(done.stderr.split())[:500]
        raise UntrustedDefinitionsError(f"{path.name} is not signed by the vendor: {words}")
    return read_header(path)


def unpack(path: Path, folder: Path, root: Path = layout.ROOT) -> Path:
    """Move the verified container into the folder, as an uncompressed .cld where it can be one."""
    target = folder / f"{path.stem}.cld"
    with path.open("rb") as source:
        header = source.read(HEADER_BYTES)
        if source.read(len(_FIRST_MEMBER)) == _FIRST_MEMBER:
            return path.rename(target)
        source.seek(HEADER_BYTES)
        if not _decompress(source, header, target):
            return path.rename(folder / path.name)
    verify(target, root)
    path.unlink()
    return target


def _decompress(source: BinaryIO, header: bytes, target: Path) -> bool:
    """Write the header and the decompressed tar; False where a .cld cannot begin like that."""
    try:
        with gzip.open(source) as tar, target.open("xb") as file:
            block = tar.read(_CHUNK_BYTES)
            usable = block.startswith(_FIRST_MEMBER)
            file.write(header)
            while block and usable:
                if file.tell() > MAX_UNPACKED_BYTES:
                    raise UntrustedDefinitionsError(f"{target.stem} unpacks to too much")
                file.write(block)
                block = tar.read(_CHUNK_BYTES)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UntrustedDefinitionsError(f"{target.stem} cannot be unpacked: {error}") from error
    if not usable:
        target.unlink()
    return usable
