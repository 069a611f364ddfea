"""What remediate_bucket answers, and what is to be concluded from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from tidegate_cli.errors import ServiceError


class Compliance(StrEnum):
    """How a bucket stands with one control. UNKNOWN: it could not be read."""

    COMPLIANT = "COMPLIANT"
    NON_COMPLIANT = "NON_COMPLIANT"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    UNKNOWN = "UNKNOWN"


class Outcome(StrEnum):
    """What became of one change."""

    PLANNED = "PLANNED"
    APPLIED = "APPLIED"
    UNDONE = "UNDONE"
    REFUSED = "REFUSED"
    FAILED = "FAILED"


# Good, or of no concern.
_AT_REST = (Compliance.COMPLIANT, Compliance.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One control on one bucket. `mode`: A safe to apply, O opt-in, R report only.

    `advice`: what a person can do where the function cannot.
    """

    control: str
    title: str
    compliance: Compliance
    mode: str
    reason: str
    advice: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that is, or would be, another. `change` is its id for the undo.

    `patch`: what to alter in the template that the bucket comes from.
    """

    change: str | None
    control: str
    operation: str
    outcome: Outcome
    reason: str | None
    before: Any
    after: Any
    patch: str | None

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Return the change as the function tells it."""
        return cls(
            answer.get("change"),
            str(answer.get("control", "")),
            str(answer.get("operation", "")),
            Outcome(answer["outcome"]),
            answer.get("reason"),
            answer.get("before"),
            answer.get("after"),
            answer.get("patch"),
        )


@dataclass(frozen=True, slots=True)
class Remediation:
    """The answer for one bucket."""

    bucket: str
    findings: tuple[Finding, ...]
    changes: tuple[Change, ...]

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Return the answer; ServiceError where it is not of the shape agreed."""
        try:
            findings = tuple(
                Finding(
                    finding["control"],
                    finding["title"],
                    Compliance(finding["compliance"]),
                    finding["mode"],
                    finding.get("reason") or "",
                    finding.get("advice"),
                )
                for finding in answer["findings"]
            )
            changes = tuple(Change.of(change) for change in answer["changes"])
            return cls(answer["bucket"], findings, changes)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ServiceError(f"remediate_bucket's answer lacks or garbles {error}") from error

    @property
    def planned(self) -> tuple[Change, ...]:
        """The changes that would be made."""
        return tuple(change for change in self.changes if change.outcome is Outcome.PLANNED)

    @property
    def all_well(self) -> bool:
        """Whether nothing is left to do: no finding that is bad or unknown, no change refused.

        Findings tell of the bucket as it was read last: of an apply, after its changes.
        """
        return all(finding.compliance in _AT_REST for finding in self.findings) and not any(
            change.outcome in (Outcome.REFUSED, Outcome.FAILED) for change in self.changes
        )


def survey_is_well(answer: Mapping[str, Any]) -> bool:
    """Whether a report over all buckets is whole, and tells of no finding that is bad or unknown.

    `summary.findings` has the number of findings by compliance, without those of which there are
    none; `summary.errors` the number of buckets that could not be looked at.
    """
    summary = answer.get("summary")
    if answer.get("complete") is not True or not isinstance(summary, dict):
        return False
    findings = summary.get("findings")
    return (
        isinstance(findings, dict)
        and summary.get("errors") == 0
        and set(findings) <= {compliance.value for compliance in _AT_REST}
    )


def undone(answer: Mapping[str, Any]) -> Change:
    """Return what became of an undo; ServiceError where the answer is not of the shape agreed."""
    try:
        return Change.of(answer)
    except (KeyError, ValueError) as error:
        raise ServiceError(f"remediate_bucket's answer lacks or garbles {error}") from error
