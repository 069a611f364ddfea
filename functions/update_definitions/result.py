"""What a run did: the answer to a direct invocation, and what the metrics are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from functions.update_definitions.request import Action
from tidegate.definitions import timestamp


class Outcome(StrEnum):
    """How a run ended that did not fail.

    BEHIND: the mirror speaks of a newer set than it has; what is in force is not confirmed.
    HELD_BACK: the vendor's set is the one that an operator rolled back from.
    """

    PUBLISHED = "PUBLISHED"
    ROLLED_BACK = "ROLLED_BACK"
    UP_TO_DATE = "UP_TO_DATE"
    BEHIND = "BEHIND"
    COOLING_DOWN = "COOLING_DOWN"
    HELD_BACK = "HELD_BACK"


@dataclass(frozen=True, slots=True)
class Result:
    """What is in force after the run. `signatures` and `engine_resident_bytes` where known."""

    action: Action
    outcome: Outcome
    release: str | None = None
    previous: str | None = None
    signatures: int | None = None
    verified_at: datetime | None = None
    cooling_down_until: datetime | None = None
    engine_resident_bytes: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it for the caller: what is not known is left out."""
        facts: dict[str, Any] = {
            "action": self.action.value,
            "outcome": self.outcome.value,
            "release": self.release,
            "previous": self.previous,
            "signatures": self.signatures,
            "verifiedAt": timestamp(self.verified_at) if self.verified_at else None,
            "coolingDownUntil": (
                timestamp(self.cooling_down_until) if self.cooling_down_until else None
            ),
            "engineResidentBytes": self.engine_resident_bytes,
        }
        return {name: value for name, value in facts.items() if value is not None}
