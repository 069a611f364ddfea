"""Writes the tag `labels` beside the verdict's tags, and never a better verdict.

PutObjectTagging replaces all tags and knows no condition, so the verdict has to be sent again with
each write, and a scan of the same version may come to another verdict between the reading and the
writing. What keeps its verdict safe is that the scanner enters a verdict in the ledger before it
tags the object:

1. Read the ledger, then the tags. They must tell the same verdict; a tag that differs is set to
   what the ledger says.
2. Write the tags as they were read, with `labels` added.
3. Read the ledger again. If it is unchanged, no verdict that the object was tagged with before
   step 2 can be another than the one just sent. If it has changed, write its verdict, until the
   ledger stands still.

So the only verdicts ever sent are one that was read from the object and agrees with the ledger,
and one that stands in the ledger for this very content. Killed between 2 and 3, the message comes
back, and step 1 repairs; without versions `settle_newcomer` does, where another object has taken
the place meanwhile. A verdict's tag that is missing though the ledger has one is never put
back: whoever took it off has closed the object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from functions.label_image.errors import VerdictPendingError
from functions.label_image.labels import LABELS_TAG_KEY
from functions.label_image.report import Tagging
from tidegate import tags
from tidegate.errors import (
    AccessDeniedError,
    MisconfiguredError,
    ObjectError,
    ObjectMissingError,
)
from tidegate.objectref import ObjectRef
from tidegate.objects import ObjectState, is_pinned_by_version
from tidegate.tags import DEFINITIONS_TAG_KEY, DETAIL_TAG_KEY, legal_value
from tidegate.verdicts import ScanStatus

_MOST_ROUNDS = 4


class _Objects(Protocol):
    def head(self, ref: ObjectRef) -> ObjectState: ...
    def tags(self, ref: ObjectRef) -> dict[str, str]: ...
    def put_tags(self, ref: ObjectRef, wanted: Mapping[str, str]) -> None: ...
    def remove_tags(self, ref: ObjectRef, keys: set[str]) -> None: ...


class _Ledger(Protocol):
    def row(self, ref: ObjectRef) -> dict[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class RecordedVerdict:
    """What the ledger says of an object's content, as its tags would."""

    status: str
    detail: str
    definitions: str
    scanned_at: str

    @classmethod
    def of(cls, row: Mapping[str, Any] | None, ref: ObjectRef) -> RecordedVerdict | None:
        """Return the verdict in a row; None where there is none, or one on other content."""
        if not row or "status" not in row or row.get("etag") != (ref.etag or ""):
            return None
        return cls(
            status=row["status"],
            detail=legal_value(", ".join(row.get("threats", ())) or row.get("reason", "")),
            definitions=legal_value(row.get("definitionsRelease", "")),
            scanned_at=row.get("scannedAt", ""),
        )


@dataclass(frozen=True, slots=True)
class Tagger:
    """Writes `labels` on exact versions."""

    objects: _Objects
    ledger: _Ledger
    status_tag_key: str

    def write(self, ref: ObjectRef, text: str) -> Tagging:
        """Make `text` the object's tag `labels`, or take the tag off where it is empty.

        Raises VerdictPendingError (retried), MisconfiguredError where a verdict that is not clean
        may not be put right, and what Objects and Ledger do.
        """
        for _ in range(_MOST_ROUNDS):
            verdict = self._recorded(ref)
            present = self.objects.tags(ref)
            tagged = self.status_tag_key in present
            if verdict is not None and tagged and not self._agrees(present, verdict):
                self._put_right(ref, verdict)
                continue
            wanted = tags.merge(present, {}, {LABELS_TAG_KEY: text}) or {}
            if wanted == present:
                return _result(text, wanted)
            if verdict is not None and not tagged:
                raise VerdictPendingError(
                    f"{ref} has the verdict {verdict.status} in the ledger and none in its tags"
                )
            self._put(ref, wanted)
            latest = self._recorded(ref)
            if latest == verdict or latest is None:
                return _result(text, wanted)
            self._put_right(ref, latest)
        raise VerdictPendingError(f"the verdict on {ref} changes while its labels are written")

    def settle_newcomer(self, ref: ObjectRef) -> None:
        """Put right what a run that died may have written on the object that took this one's place.

        Without versions only, and where labels show that it was a run of ours. What the newcomer's
        tags tell is set to its own verdict, or taken off where it has none. Raises what Objects and
        Ledger do.
        """
        if is_pinned_by_version(ref):
            return
        newcomer = self.objects.head(replace(ref, etag=None)).ref
        present, verdict = self.objects.tags(newcomer), self._recorded(newcomer)
        ours = {self.status_tag_key, LABELS_TAG_KEY} <= present.keys()
        if not ours or (verdict and self._agrees(present, verdict)):
            return
        self._take_off(newcomer)
        verdict = self._recorded(newcomer)
        if verdict is not None:
            self._restore(newcomer, verdict)

    def _recorded(self, ref: ObjectRef) -> RecordedVerdict | None:
        return RecordedVerdict.of(self.ledger.row(ref), ref)

    def _agrees(self, present: Mapping[str, str], verdict: RecordedVerdict) -> bool:
        # Without room, or by an older scanner, there is a status and no release beside it.
        release = present.get(DEFINITIONS_TAG_KEY, verdict.definitions)
        told = (present.get(self.status_tag_key), release)
        return told == (verdict.status, verdict.definitions)

    def _put_right(self, ref: ObjectRef, verdict: RecordedVerdict) -> None:
        try:
            self._restore(ref, verdict)
        except AccessDeniedError as error:
            if verdict.status == ScanStatus.NO_THREATS_FOUND:
                raise
            raise MisconfiguredError(
                f"{ref} may be tagged with a better verdict than {verdict.status}, the ledger's, "
                f"which may not be written: {error}"
            ) from error

    def _restore(self, ref: ObjectRef, verdict: RecordedVerdict) -> None:
        """Write the verdict as the scanner would, until the ledger stands still."""
        for _ in range(_MOST_ROUNDS):
            present = self.objects.tags(ref)
            essential = {self.status_tag_key: verdict.status}
            useful = {DETAIL_TAG_KEY: verdict.detail, DEFINITIONS_TAG_KEY: verdict.definitions}
            others = {key: value for key, value in present.items() if key != LABELS_TAG_KEY}
            wanted = tags.merge(present, essential, useful) or tags.merge(others, essential, useful)
            if wanted is not None and wanted != present:
                self._put(ref, wanted)
            latest = self._recorded(ref)
            if latest == verdict or latest is None:
                return
            verdict = latest
        raise VerdictPendingError(f"the verdict on {ref} changes while its tags are put right")

    def _put(self, ref: ObjectRef, wanted: Mapping[str, str]) -> None:
        """Write the tags; where no version pins them, take ours off again if they met another."""
        self.objects.put_tags(ref, wanted)
        if is_pinned_by_version(ref):
            return
        try:
            self.objects.head(ref)
        except ObjectMissingError:
            raise
        except ObjectError:
            # Replaced; or cannot be looked at, as our object could a moment ago.
            self._take_off(ref)
            raise

    def _take_off(self, ref: ObjectRef) -> None:
        verdict = {self.status_tag_key, DETAIL_TAG_KEY, DEFINITIONS_TAG_KEY}
        self.objects.remove_tags(ref, {LABELS_TAG_KEY} | verdict)


def _result(text: str, written: Mapping[str, str]) -> Tagging:
    if not text:
        return Tagging.NOTHING_TO_WRITE
    return Tagging.WRITTEN if LABELS_TAG_KEY in written else Tagging.NO_ROOM
