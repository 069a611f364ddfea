"""Writes a verdict down in all three places: ledger, tags of the exact version, event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from tidegate.errors import (
    AccessDeniedError,
    ObjectArchivedError,
    ObjectMissingError,
    ObjectReplacedError,
)
from tidegate.ledger import Kept, Recorded, Superseded
from tidegate.tags import DEFINITIONS_TAG_KEY, DETAIL_TAG_KEY
from tidegate.verdicts import (
    DETAIL_TYPE,
    Action,
    ScanResult,
    ScanStatus,
    Tagging,
    to_detail,
)

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

    from tidegate.objectref import ObjectRef


class VerdictLedger(Protocol):
    """Where verdicts are kept, and never bettered on the same content."""

    def record(self, result: ScanResult, limits: Mapping[str, int]) -> Recorded | Kept | Superseded:
        """Write the verdict, or say why another one stands."""


class TagWriter(Protocol):
    """Where an object version's tags are merged."""

    def merge_tags(
        self, ref: ObjectRef, essential: Mapping[str, str], useful: Mapping[str, str]
    ) -> dict[str, str] | None:
        """Add the tags to those of the version; None where there is no room."""


class Publisher(Protocol):
    """Where events are told."""

    def publish(self, detail_type: str, detail: Mapping[str, object]) -> None:
        """Tell one event."""


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes verdicts down. Each step is safe to repeat, so a retry finishes what was begun.

    The order is such that a crash never leaves more trust than was earned: first the ledger,
    which knows whether the content was found infected before; then the tag, which opens the
    object for reading; last the event, which sets the other functions to work.
    """

    ledger: VerdictLedger
    tags: TagWriter
    bus: Publisher
    logger: Logger
    status_tag_key: str
    limits: Mapping[str, int]

    def record(self, result: ScanResult) -> ScanResult | None:
        """Write the verdict and return it as it stands; None where the object is gone meanwhile.

        Raises TransientError and MisconfiguredError of the services.
        """
        standing = self.mark(result)
        if standing is None:
            return None
        self.bus.publish(DETAIL_TYPE, to_detail(standing))
        return standing

    def mark(self, result: ScanResult) -> ScanResult | None:
        """Write the verdict into ledger and tags, and tell nobody yet."""
        standing = self._in_ledger(result)
        return standing and self._on_object(standing)

    def _in_ledger(self, result: ScanResult) -> ScanResult | None:
        match self.ledger.record(result, self.limits):
            case Recorded():
                return result
            case Kept(threats, release):
                self.logger.warning(
                    "the same content was found infected before; that verdict stands",
                    extra={"scanned_now": result.status, "threats": threats},
                )
                return replace(
                    result,
                    status=ScanStatus.THREATS_FOUND,
                    action=Action.QUARANTINE,
                    threats=threats,
                    reason=None,
                    definitions_release=release,
                )
            case Superseded():
                self.logger.info("a later upload under this name has its verdict already")
                return None

    def _on_object(self, result: ScanResult) -> ScanResult | None:
        essential = {self.status_tag_key: result.status.value}
        useful = {
            DETAIL_TAG_KEY: result.detail_text,
            DEFINITIONS_TAG_KEY: result.definitions_release or "",
        }
        try:
            merged = self.tags.merge_tags(result.ref, essential, useful)
        except (ObjectMissingError, ObjectReplacedError):
            self.logger.info("deleted or replaced after the scan; nothing tagged")
            return None
        except (AccessDeniedError, ObjectArchivedError) as error:
            self.logger.exception(
                "the verdict could not be written on the object, which stays unreadable where "
                "RequireCleanStatus is on",
                extra={"error_text": str(error)},
            )
            return replace(result, tagging=Tagging.NOT_WRITTEN)
        if merged is None:
            return replace(result, tagging=Tagging.NO_ROOM)
        complete = all(key in merged for key, value in useful.items() if value)
        return replace(result, tagging=Tagging.COMPLETE if complete else Tagging.STATUS_ONLY)
