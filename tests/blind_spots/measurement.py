"""What the engine alone says of a variant, what the gate says, and the table of both."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from clamav_layer.clamd import memory_file
from clamav_layer.replies import Clean, Outcome, Threat, Unsupported
from functions.scan_object.inspection import Refusal, inspect
from tests.blind_spots.variant import Variant

SCAN_SECONDS = 30.0


class Scanner(Protocol):
    """An engine, or one bare run of clamd."""

    def scan(self, descriptor: int, timeout_seconds: float) -> Outcome:
        """Has an open file scanned within the time."""
        ...


@dataclass(frozen=True, slots=True)
class Measured:
    """One row: the engine with its best settings, and the engine with policy and checks."""

    name: str
    alone: Outcome
    with_policy: Outcome
    refusal: Refusal | None

    @property
    def passed_alone(self) -> bool:
        """Whether the engine alone calls it clean."""
        return isinstance(self.alone, Clean)

    @property
    def passed(self) -> bool:
        """Whether the gate would call it clean."""
        return isinstance(self.with_policy, Clean) and self.refusal is None


def measure(variant: Variant, alone: Scanner, with_policy: Scanner) -> Measured:
    """Asks both engines and the structural checks."""
    content = variant.content
    return Measured(
        variant.name,
        scanned(alone, content),
        scanned(with_policy, content),
        inspect(io.BytesIO(content), len(content)),
    )


def scanned(engine: Scanner, content: bytes) -> Outcome:
    """Has a few bytes scanned through a memory file."""
    with memory_file(content) as descriptor:
        return engine.scan(descriptor, SCAN_SECONDS)


def table(rows: Iterable[Measured]) -> str:
    """Returns the rows in Markdown."""
    lines = ["| Variant | Engine alone | Tidegate |", "|---|---|---|"]
    lines += [f"| {row.name} | {_alone(row.alone)} | {_gate(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _alone(outcome: Outcome) -> str:
    match outcome:
        case Clean():
            return "**OK**"
        case Threat():
            return "found"
        case Unsupported(name=name):
            return f"`{name}`"
        case _:
            return "no verdict"


def _gate(row: Measured) -> str:
    match row.with_policy, row.refusal:
        case Threat(), _:
            return "THREATS_FOUND"
        case Unsupported(name=name), _:
            return f"UNSUPPORTED: `{name}`"
        case Clean(), Refusal() as refusal:
            return f"UNSUPPORTED: {refusal.reason}"
        case Clean(), None:
            return "**NO_THREATS_FOUND**"
        case _:
            return "FAILED"
