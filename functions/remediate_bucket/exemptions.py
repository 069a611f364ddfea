"""Who is exempt from what, why, by whom and until when: told by a tag or by a table row.

The tag (`tidegate-exempt` unless the stack names another), within S3's legal characters:

    controls=tls-only:versioning until=2026-12-31 approver=jane@example.com reason=old clients

In any order. `controls` are ids joined by colons, or `all`, or `public`: the bucket is public on
purpose, and nothing that blocks public access is applied. The row, in the changes table, is
`bucket`, `entry` = "exemption#<control, all or public>", `until`, `approver`, `reason`. All parts
must be given: what cannot be understood exempts the bucket from every change, and people are
told, for somebody meant something by it. An expired exemption no longer counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

ALL = "all"
PUBLIC = "public"
_NAMES = ("controls", "until", "approver", "reason")
_PART = re.compile(rf"(?:^|\s)({'|'.join(_NAMES)})=")


@dataclass(frozen=True, slots=True)
class Exemption:
    """Changes by these controls are not made until then. `source`: tag or row."""

    controls: frozenset[str]
    until: datetime
    approver: str
    reason: str
    source: str

    def covers(self, control: str, now: datetime) -> bool:
        """Whether the control is exempt now."""
        return now < self.until and bool(self.controls & {control, ALL})

    @property
    def last_day(self) -> date:
        """The last day on which it counts."""
        return (self.until - timedelta(seconds=1)).date()

    @property
    def said(self) -> str:
        """The exemption in words."""
        return f"exempt until {self.last_day}, approved by {self.approver}: {self.reason}"


@dataclass(frozen=True, slots=True)
class InvalidExemption:
    """Something that was meant as an exemption and cannot be understood: all is exempt."""

    source: str
    fault: str

    @property
    def said(self) -> str:
        """The fault in words."""
        return f"the exemption in its {self.source} cannot be understood: {self.fault}"


type AnyExemption = Exemption | InvalidExemption


def from_tag(key: str, value: str, known: frozenset[str]) -> AnyExemption:
    """Return what the tag's value says; `known` are the ids of all controls."""
    pieces = _PART.split(value)
    parts = {name: text.strip() for name, text in zip(pieces[1::2], pieces[2::2], strict=True)}
    if pieces[0].strip() or len(parts) * 2 + 1 != len(pieces):
        return InvalidExemption(f"tag {key}", "expected controls=… until=… approver=… reason=…")
    return _checked(f"tag {key}", parts, known)


def from_row(row: Mapping[str, Any], known: frozenset[str]) -> AnyExemption:
    """Return what a row of the changes table says."""
    parts = {name: str(row.get(name, "")).strip() for name in _NAMES}
    parts["controls"] = str(row["entry"]).partition("#")[2]
    return _checked("table row", parts, known)


def _checked(source: str, parts: Mapping[str, str], known: frozenset[str]) -> AnyExemption:
    missing = [name for name in _NAMES if not parts.get(name)]
    if missing:
        return InvalidExemption(source, f"{', '.join(missing)} is missing")
    try:
        last = date.fromisoformat(parts["until"])
    except ValueError:
        return InvalidExemption(source, f"until={parts['until']} is not a date such as 2026-12-31")
    controls = frozenset(parts["controls"].split(":"))
    unknown = controls - known - {ALL, PUBLIC}
    if unknown:
        return InvalidExemption(source, f"{', '.join(sorted(unknown))} is no control")
    try:
        # The last day counts whole.
        until = datetime.combine(last, time(), UTC) + timedelta(days=1)
    except OverflowError:
        return InvalidExemption(source, f"until={last} is past the last day that can be counted")
    return Exemption(controls, until, parts["approver"], parts["reason"], source)


def in_force(exemptions: Iterable[AnyExemption], now: datetime) -> tuple[AnyExemption, ...]:
    """Return those that still count; one that cannot be understood counts for ever."""
    return tuple(
        item for item in exemptions if isinstance(item, InvalidExemption) or now < item.until
    )
