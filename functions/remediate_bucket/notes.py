"""What the changes table says of a bucket: exemptions, holds, its own profile, open changes.

    exemption#<control, all or public>   reason, approver, until          (an operator's)
    profile                              apply, and fields of Profile     (an operator's)
    hold#<control>                       change, afterSha256, expiresAt   (an undo's)
    open#<change>                        a change that is not told yet    (a run's)

All under the bucket's name. An operator's row that cannot be understood keeps all changes from
the bucket, as an exemption that cannot be understood does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any

from functions.remediate_bucket import exemptions
from functions.remediate_bucket.control import Profile
from functions.remediate_bucket.exemptions import AnyExemption, InvalidExemption

_NUMBERS = frozenset({"noncurrent_days", "abort_uploads_days", "lock_days", "archive_after_days"})
_TEXTS = frozenset({"log_target_bucket", "log_prefix", "kms_key_arn", "inventory_target_bucket"})


@dataclass(frozen=True, slots=True)
class Hold:
    """A control that must not be applied again until then, for its change was undone.

    Nor may another control make the same setting of it: `after_sha256` is its fingerprint.
    """

    control: str
    change: str
    until: datetime
    after_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Notes:
    """All that is noted of a bucket. `apply`: opt-in controls that its own profile asks for."""

    exemptions: tuple[AnyExemption, ...] = ()
    holds: tuple[Hold, ...] = ()
    apply: frozenset[str] = frozenset()
    overrides: Mapping[str, Any] = field(default_factory=dict)
    open_changes: tuple[str, ...] = ()

    def narrowed(self, profile: Profile) -> Profile:
        """Return the profile with the bucket's own values in place of the stack's."""
        return replace(profile, **self.overrides)


def from_rows(rows: Iterable[Mapping[str, Any]], known: frozenset[str]) -> Notes:
    """Return the notes that the rows make up; rows of other kinds are passed over."""
    notes = Notes()
    for row in rows:
        kind, _, rest = str(row["entry"]).partition("#")
        match kind:
            case "exemption":
                found = exemptions.from_row(row, known)
                notes = replace(notes, exemptions=(*notes.exemptions, found))
            case "hold":
                until = datetime.fromtimestamp(int(row["expiresAt"]), UTC)
                hold = Hold(rest, str(row["change"]), until, row.get("afterSha256"))
                notes = replace(notes, holds=(*notes.holds, hold))
            case "open":
                notes = replace(notes, open_changes=(*notes.open_changes, rest))
            case "profile":
                notes = _with_profile(notes, row, known)
    return notes


def _with_profile(notes: Notes, row: Mapping[str, Any], known: frozenset[str]) -> Notes:
    given = {name: value for name, value in row.items() if name not in ("bucket", "entry", "apply")}
    names = {_camel(item.name): item.name for item in fields(Profile)}
    try:
        wanted = frozenset(str(item) for item in row.get("apply", ()))
        overrides = {names[name]: _value(names[name], value) for name, value in given.items()}
        unknown = wanted - known
        if unknown:
            raise ValueError(f"{', '.join(sorted(unknown))} is no control")
    except (KeyError, TypeError, ValueError) as error:
        fault = InvalidExemption("profile row", str(error))
        return replace(notes, exemptions=(*notes.exemptions, fault))
    return replace(notes, apply=wanted, overrides=overrides)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)


def _value(name: str, value: Any) -> Any:
    if name in _NUMBERS and int(value) >= 1:
        return int(value)
    if name in _TEXTS and isinstance(value, str):
        return value or None
    raise ValueError(f"{_camel(name)}={value!r} cannot be set for a bucket")
