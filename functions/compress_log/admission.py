"""Which logs are compressed, and why the others are left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from functions.compress_log.report import LogLeftError, Outcome
from tidegate.errors import MalformedEventError
from tidegate.objectref import ObjectRef
from tidegate.objects import ARCHIVE_CLASSES
from tidegate.stored import Stored
from tidegate.verdicts import ScanStatus


class Trigger(StrEnum):
    """When logs are compressed: when they are asked for, when found clean, or when they come."""

    OFF = "OFF"
    AFTER_SCAN = "AFTER_SCAN"
    ON_UPLOAD = "ON_UPLOAD"


@dataclass(frozen=True, slots=True)
class Admission:
    """The rules. `max_bytes` is the size of the largest log that is tried."""

    trigger: Trigger
    suffixes: tuple[str, ...]
    archive_bucket: str
    status_tag_key: str
    max_bytes: int

    def suffix_of(self, ref: ObjectRef) -> str:
        """Return the suffix by which the key names a log, the longest that fits.

        MalformedEventError (not retried) where it names none, and for an object of the archive
        itself, whose compression would set off its own.
        """
        if ref.bucket == self.archive_bucket:
            raise MalformedEventError(f"{ref} lies in the archive itself")
        fitting = [suffix for suffix in self.suffixes if ref.key.endswith(suffix)]
        if not fitting:
            raise MalformedEventError(f"{ref} ends in none of {', '.join(self.suffixes)}")
        return max(fitting, key=len)

    def check(self, original: Stored) -> None:
        """Raise LogLeftError for what needs no look at the content to be left."""
        if original.size_bytes == 0:
            raise LogLeftError(Outcome.EMPTY, "it has no content")
        if original.size_bytes > self.max_bytes:
            raise LogLeftError(
                Outcome.TOO_LARGE,
                f"it has {original.size_bytes} bytes, more than MaxLogBytes ({self.max_bytes})",
            )
        if original.storage_class in ARCHIVE_CLASSES:
            raise LogLeftError(
                Outcome.UNREADABLE, f"it lies in {original.storage_class} and has to be restored"
            )

    def check_verdict(
        self, ref: ObjectRef, tags: Mapping[str, str], row: Mapping[str, Any] | None
    ) -> None:
        """Raise LogLeftError unless the latest verdict on this content lets it go.

        The ledger hears of each verdict first, and only the scanner writes it: it has to vouch
        for the content, and the tag must not gainsay it. A rescan may have found by now what the
        scan before did not. Where nothing is scanned first (ON_UPLOAD), only a threat counts.
        """
        same = row is not None and row.get("etag") == (ref.etag or "")
        known = row.get("status") if row is not None and same else None
        told = tags.get(self.status_tag_key)
        verdicts = {verdict for verdict in (known, told) if verdict is not None}
        if self.trigger is Trigger.ON_UPLOAD:
            bad = verdicts & {ScanStatus.THREATS_FOUND.value}
        else:
            bad = verdicts - {ScanStatus.NO_THREATS_FOUND.value}
            if known is None:
                raise LogLeftError(Outcome.NOT_CLEAN, "the ledger has no verdict on this content")
        if bad:
            raise LogLeftError(Outcome.NOT_CLEAN, f"its verdict is {', '.join(sorted(bad))}")
