"""Decides what the engine's word and our own checks amount to. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from clamav_layer.replies import Clean, Outcome, Threat, Unsupported
from functions.scan_object.inspection import Refusal
from tidegate.errors import TransientError
from tidegate.verdicts import Action, ScanStatus


class NoVerdictError(TransientError):
    """The engine gave no usable answer; retried."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """A status, with the threats' names or the reason for which there is no full scan."""

    status: ScanStatus
    threats: tuple[str, ...] = ()
    reason: str | None = None


def assess(outcome: Outcome, refusal: Refusal | None) -> Assessment:
    """Return the verdict on content that the engine has scanned and our own checks have seen.

    A threat outweighs all else. NO_THREATS_FOUND takes both: the engine's plain OK, and nothing
    that the engine is known to pass over. Whatever is neither raises NoVerdictError.
    """
    match outcome:
        case Threat(name):
            return Assessment(ScanStatus.THREATS_FOUND, threats=(name,))
        case Unsupported(reason, detail):
            return Assessment(ScanStatus.UNSUPPORTED, reason=_text(reason, detail))
        case Clean() if refusal is not None:
            return Assessment(ScanStatus.UNSUPPORTED, reason=_text(refusal.reason, refusal.detail))
        case Clean():
            return Assessment(ScanStatus.NO_THREATS_FOUND)
        case _:
            raise NoVerdictError(f"the engine gave no verdict: {outcome}")


def action_for(status: ScanStatus, *, unsupported: Action, failed: Action) -> Action:
    """Return what is to be done with an object of this status, by the operator's choices.

    What could not be read cannot be moved either, and stays blocked.
    """
    match status:
        case ScanStatus.NO_THREATS_FOUND:
            return Action.NONE
        case ScanStatus.THREATS_FOUND:
            return Action.QUARANTINE
        case ScanStatus.UNSUPPORTED:
            return unsupported
        case ScanStatus.FAILED:
            return failed
        case ScanStatus.ACCESS_DENIED:
            return Action.BLOCK


def _text(reason: str, detail: str) -> str:
    return f"{reason}: {detail}" if detail else str(reason)
