"""Which files may be part of a release, told by their names' endings.

The endings are those that ClamAV's readdb.h lists. What is not listed here is refused: unsigned
bytecode (.cbc) is a program, .cfg switches the engine's parts off, .ftm changes what it takes a
file for.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from pathlib import PurePosixPath

from functions.update_definitions.errors import InadmissibleFileError
from tidegate.definitions import RELEASE_CANARY_NAME, is_file_name

SIGNED_CONTAINERS = frozenset({".cvd", ".cld"})
UNSIGNED_CONTAINERS = frozenset({".cud"})
SIGNATURES = frozenset(
    {".db", ".ndb", ".ndu", ".ldb", ".ldu", ".idb", ".cdb", ".gdb", ".pdb", ".pwdb", ".imp"}
    | {".hdb", ".hdu", ".hsb", ".hsu", ".mdb", ".mdu", ".msb", ".msu", ".yar", ".yara"}
)
# They make the engine silent where it would speak.
ALLOW_LISTS = frozenset({".cat", ".crb", ".fp", ".ign", ".ign2", ".sfp", ".wdb"})


class Kind(Enum):
    """How a file is verified."""

    SIGNED_CONTAINER = "signed container"
    CUSTOM = "custom"


def admit(name: str, *, custom_allowed: bool) -> Kind:
    """Return the file's kind; InadmissibleFileError says why it may not be in a release."""
    if not is_file_name(name):
        raise InadmissibleFileError(f"{name!r} is no name for a file of a release")
    if name.casefold() == RELEASE_CANARY_NAME:
        raise InadmissibleFileError(f"{name} is the name of a file that each release gets anew")
    ending = PurePosixPath(name).suffix
    if ending in SIGNED_CONTAINERS:
        return Kind.SIGNED_CONTAINER
    if ending in ALLOW_LISTS:
        what = "is an allow-list: it keeps the engine from reporting what it finds"
    elif ending in UNSIGNED_CONTAINERS:
        what = "is a container without the vendor's signature"
    elif ending in SIGNATURES:
        what = "is not signed by the vendor"
    else:
        raise InadmissibleFileError(f"{name} is of no kind that a release may hold")
    if not custom_allowed:
        raise InadmissibleFileError(f"{name} {what}. AllowCustomSignatures=true would admit it")
    return Kind.CUSTOM


def refuse_twins(names: Iterable[str]) -> None:
    """Raise InadmissibleFileError where one database is there in two forms or spellings."""
    seen: dict[str, str] = {}
    for name in names:
        path = PurePosixPath(name)
        key = path.stem if path.suffix in SIGNED_CONTAINERS | UNSIGNED_CONTAINERS else name
        if twin := seen.get(key.casefold()):
            raise InadmissibleFileError(f"{twin} and {name} are the same database twice")
        seen[key.casefold()] = name
