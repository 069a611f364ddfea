"""Writes the file type tables that make the engine scan what it would leave unscanned.

Measured on ClamAV 1.4.6: a file that begins like an MP3, an Ogg stream, a SQLite database or one of
a few more types is *ignored*: no signature is applied to it, whatever else it holds (a program, a
zip archive). Three bytes in front of anything make it clean. A table of our own takes these types
back to plain binary data, which is scanned. It also names a few headers that a mail message may
begin with, since a message that is not told as one has its attachments left encoded.

The tables are made from the one built into the carried library, so they fit its version:

    tidegate.ftm          what is taken back; loaded beside a release that brings the vendor's
                          table (daily.cvd, daily.cld), where the entry loaded last wins
    builtin/tidegate.ftm  the whole table with that done; loaded instead where a release brings
                          none, since any table at all switches the built-in one off
"""

from __future__ import annotations

import re
from pathlib import Path

FILE_NAME = "tidegate.ftm"
BUILTIN_FOLDER = "builtin"
IGNORED, SCANNED = "CL_TYPE_IGNORED", "CL_TYPE_BINARY_DATA"
# kind:offset:magic:name:required type:type[:from level[:to level]]
_ENTRY = re.compile(
    rb"\0([014]:[0-9*,EOF-]+:[^\0\n:]+:[^\0\n:]+:CL_TYPE_\w+:CL_TYPE_\w+(?::\d*){0,2})(?=\0)"
)
_FEWEST_ENTRIES = 150
# A message may begin with any of its headers; the engine's table lacks those of a part.
_MORE_MAIL_HEADERS = (
    "Content-Type: ",
    "Content-Disposition: ",
    "Content-Transfer-Encoding: ",
    "Content-Description: ",
    "Content-ID: ",
    "Content-Location: ",
    "content-type: ",
)


class FileTypesError(Exception):
    """The library holds no table where one was expected; the layer must not be built."""


def write_policy(library: Path, policy: Path) -> None:
    """Writes both tables into the layer's policy folder."""
    entries = [match.decode("ascii") for match in _ENTRY.findall(library.read_bytes())]
    ignored = [entry for entry in entries if IGNORED in entry]
    if len(entries) < _FEWEST_ENTRIES or not ignored:
        message = f"{library.name}: {len(entries)} file types found, {len(ignored)} ignored"
        raise FileTypesError(message)
    mail = [f"0:0:{h.encode().hex()}:Mail:CL_TYPE_ANY:CL_TYPE_MAIL" for h in _MORE_MAIL_HEADERS]
    whole = [entry.replace(IGNORED, SCANNED) for entry in entries]
    # Content marks (kind 1) do not decide whether a file is scanned; twice the same would cost.
    taken_back = [entry.replace(IGNORED, SCANNED) for entry in ignored if entry[0] == "0"]
    (policy / BUILTIN_FOLDER).mkdir(parents=True, exist_ok=True)
    _write(policy / FILE_NAME, [*taken_back, *mail])
    _write(policy / BUILTIN_FOLDER / FILE_NAME, [*whole, *mail])


def _write(path: Path, entries: list[str]) -> None:
    path.write_text("\n".join(entries) + "\n", encoding="ascii")
