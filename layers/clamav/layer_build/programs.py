"""The engine's programs and every shared library that they need."""

from __future__ import annotations

import struct
from pathlib import Path

from layer_build.files import BuildError, install, within

PROGRAMS = {
    "clamd": ("clamav-daemon", "usr/sbin/clamd"),
    "freshclam": ("clamav-freshclam", "usr/bin/freshclam"),
    "sigtool": ("clamav", "usr/bin/sigtool"),
    # Ties the life of clamd to that of the process that started it.
    "setpriv": ("util-linux", "usr/bin/setpriv"),
}
# ELF: kinds of segments, tags of the dynamic section.
SEGMENT_LOADED, SEGMENT_DYNAMIC = 1, 2
TAG_NEEDED, TAG_STRINGS = 1, 5


def copy_programs(root: Path, unpacked: dict[str, Path], triplet: str, loader: str) -> set[str]:
    """Copies the programs, the libraries that they need and the loader; returns the packages used.

    Libraries are stored under the names that programs ask for, as plain files: links may not
    survive the way of a layer.
    """
    available: dict[str, tuple[str, Path]] = {}
    for package, folder in unpacked.items():
        for place in (f"lib/{triplet}", f"usr/lib/{triplet}", "lib64"):
            for library in sorted((folder / place).glob("*.so*")):
                available.setdefault(library.name, (package, within(library, folder)))
    carried: set[str] = set()
    needed = [loader]
    (root / "bin").mkdir(parents=True)
    (root / "lib").mkdir()
    for program, (package, path) in PROGRAMS.items():
        source = unpacked[package] / path
        install(source, root / "bin" / program, 0o755)
        carried.add(package)
        needed += needed_libraries(source)
    done: set[str] = set()
    while needed:
        name = needed.pop()
        if name in done:
            continue
        done.add(name)
        if name not in available:
            raise BuildError(f"no package among the dependencies carries {name}")
        package, library = available[name]
        install(library, root / "lib" / name, 0o755)
        carried.add(package)
        needed += needed_libraries(library)
    return carried


def needed_libraries(program: Path) -> list[str]:
    """Returns the names of the shared libraries that a 64-bit ELF file asks for (DT_NEEDED)."""
    data = program.read_bytes()
    if data[:6] != b"\x7fELF\x02\x01":
        raise BuildError(f"{program.name} is no 64-bit little-endian ELF file")
    (header_offset,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    segments = [
        struct.unpack_from("<IIQQQQ", data, header_offset + index * size) for index in range(count)
    ]
    dynamic = next((segment for segment in segments if segment[0] == SEGMENT_DYNAMIC), None)
    if dynamic is None:
        return []
    entries = list(struct.iter_unpack("<qQ", data[dynamic[2] : dynamic[2] + dynamic[5]]))
    strings = next(value for tag, value in entries if tag == TAG_STRINGS)
    # The table's address in memory → its place in the file.
    start = next(
        strings - address + offset
        for kind, _, offset, address, _, length in segments
        if kind == SEGMENT_LOADED and address <= strings < address + length
    )
    names = [start + value for tag, value in entries if tag == TAG_NEEDED]
    return [data[name : data.index(b"\0", name)].decode("ascii") for name in names]
