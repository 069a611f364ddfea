"""Reads what clamd answers: exactly one complete reply, or a failure; never silence as "clean".

Shapes (clamd's protocol, z-commands: each reply ends with a NUL, then the connection ends):

    fd[12]: OK
    fd[12]: Win.Test.EICAR_HDB-1 FOUND
    fd[12]: Can't read file ERROR

Signatures of unsigned files get ".UNOFFICIAL" appended by the engine; it is taken off here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

POLICY_PREFIX = "Tidegate.Unsupported."
UNOFFICIAL_SUFFIX = ".UNOFFICIAL"
MAX_REPLY_BYTES = 65_536
# How the engine's complaints begin (they are on its output, not in the reply). Over some twelve
# thousand sound and damaged files it wrote none but for streams that it could not read on.
TROUBLE = ("LibClamAV Error", "LibClamAV Warning")
RESOURCES = re.compile(
    r"write|no space|too many open|memory|alloc|mmap|temporary|can't (create|open|generate)"
    r"|(unable|failed) to (create|open)",
    re.IGNORECASE,
)


class Reason(StrEnum):
    """Why the engine could not look at all of an object."""

    ENCRYPTED = "ENCRYPTED"
    ENGINE_LIMIT = "ENGINE_LIMIT"
    UNREADABLE_FORMAT = "UNREADABLE_FORMAT"


@dataclass(frozen=True, slots=True)
class Clean:
    """The engine read all of it and found nothing."""


@dataclass(frozen=True, slots=True)
class Threat:
    """A signature was found."""

    name: str


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Some of it could not be looked at, so it is neither clean nor a threat."""

    reason: Reason
    name: str


@dataclass(frozen=True, slots=True)
class EngineFailure:
    """No verdict: the engine is dead, mute or confused. Restart it, then ask once more."""

    message: str
    timed_out: bool = False


type Outcome = Clean | Threat | Unsupported | EngineFailure

DESCRIPTOR = re.compile(rb"fd\[\d+\]")
HEURISTICS = (
    ("Heuristics.Limits.Exceeded", Reason.ENGINE_LIMIT),
    ("Heuristics.Encrypted.", Reason.ENCRYPTED),
    ("Heuristics.Broken.", Reason.UNREADABLE_FORMAT),
    # Disk images of which two readers see different content (the engine's own spellings).
    ("Heuristics.APMPartitionIntersection", Reason.UNREADABLE_FORMAT),
    ("Heuristics.GPTPartitionIntersection", Reason.UNREADABLE_FORMAT),
    ("Heuristics.MBRPartitionnIntersect", Reason.UNREADABLE_FORMAT),
)


def parse(reply: bytes) -> Outcome:
    """Turns the reply to a scan of one descriptor into an outcome."""
    if not reply:
        return EngineFailure("the engine ended the connection without a reply")
    if not reply.endswith(b"\0"):
        return EngineFailure(f"the reply is incomplete: {_shown(reply)}")
    if reply.count(b"\0") > 1:
        return EngineFailure(f"more than one reply: {_shown(reply)}")
    line = reply[:-1]
    subject, separator, answer = line.partition(b": ")
    if not separator or not DESCRIPTOR.fullmatch(subject):
        return EngineFailure(f"the reply is not about the descriptor: {_shown(reply)}")
    return _outcome(answer)


def parse_all(reply: bytes, path: str) -> tuple[Outcome, ...]:
    """Turns the replies to an all-match scan of one path into outcomes, in the engine's order."""
    if not reply.endswith(b"\0"):
        return (EngineFailure(f"the reply is incomplete: {_shown(reply)}"),)
    subject = path.encode() + b": "
    outcomes = []
    for line in reply[:-1].split(b"\0"):
        if not line.startswith(subject):
            return (EngineFailure(f"the reply is not about {path}: {_shown(line)}"),)
        outcomes.append(_outcome(line.removeprefix(subject)))
    return tuple(outcomes)


def judge_troubles(troubles: Sequence[str]) -> Unsupported | EngineFailure:
    """Turns what the engine complained of, during a scan that it called OK, into an outcome.

    Want of space or memory is the engine's failure. All else is the content's: it could not be
    read to its end.
    """
    text = " | ".join(line.partition(": ")[2] or line for line in troubles[:3])
    if any(RESOURCES.search(line) for line in troubles):
        return EngineFailure(f"the engine ran out of resources: {text}")
    return Unsupported(Reason.UNREADABLE_FORMAT, text)


def is_policy(outcome: Outcome) -> bool:
    """Tells whether one of the layer's own policy signatures ended the scan."""
    return isinstance(outcome, Unsupported) and outcome.name.startswith(POLICY_PREFIX)


def _outcome(answer: bytes) -> Outcome:
    if answer == b"OK":
        return Clean()
    found = answer.removesuffix(b" FOUND")
    if found != answer and found:
        return _classified(found.decode("ascii", "backslashreplace"))
    return EngineFailure(f"the engine reports: {_shown(answer)}")


def _classified(found: str) -> Outcome:
    name = found.removesuffix(UNOFFICIAL_SUFFIX)
    if name.startswith(POLICY_PREFIX):
        encrypted = name.removeprefix(POLICY_PREFIX).startswith("Encrypted")
        return Unsupported(Reason.ENCRYPTED if encrypted else Reason.UNREADABLE_FORMAT, name)
    for prefix, reason in HEURISTICS:
        if name.startswith(prefix):
            return Unsupported(reason, name)
    return Threat(name)


def _shown(reply: bytes) -> str:
    return reply[:200].decode("ascii", "backslashreplace").replace("\0", "\\0")
