"""What came of looking at one bucket, as a value and as an answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from functions.remediate_bucket.change import Change, Outcome, to_answer
from functions.remediate_bucket.control import Compliance, Control, Finding
from functions.remediate_bucket.exemptions import AnyExemption, InvalidExemption


@dataclass(frozen=True, slots=True)
class Judged:
    """A control's finding on the bucket."""

    control: Control
    finding: Finding


@dataclass(frozen=True, slots=True)
class Result:
    """The bucket as it is in the end, and each change that was made, planned or refused.

    `untold`: changes that are open until people were told of them.
    """

    bucket: str
    region: str
    mode: str
    findings: tuple[Judged, ...] = ()
    changes: tuple[Change, ...] = ()
    exemptions: tuple[AnyExemption, ...] = ()
    untold: tuple[str, ...] = ()

    @property
    def worth_telling(self) -> tuple[Change, ...]:
        """The changes of which people are told at once."""
        return tuple(
            change
            for change in self.changes
            if change.outcome in (Outcome.APPLIED, Outcome.FAILED) or change.alert
        )

    @property
    def score(self) -> int | None:
        """The share of judged controls that are met, in percent; unknown ones are not."""
        return score(judged.finding.compliance for judged in self.findings)


def score(compliances: Iterable[Compliance]) -> int | None:
    """Return the percentage of met controls, None where none applies. Never rounded up to 100."""
    judged = [item for item in compliances if item is not Compliance.NOT_APPLICABLE]
    if not judged:
        return None
    return judged.count(Compliance.COMPLIANT) * 100 // len(judged)


def to_response(result: Result) -> dict[str, Any]:
    """Return the answer to a direct invocation."""
    return {
        "schemaVersion": "1.0",
        "mode": result.mode,
        "bucket": result.bucket,
        "region": result.region,
        "findings": [_finding(judged) for judged in result.findings],
        "changes": [to_answer(change) for change in result.changes],
        "exemptions": [_exemption(exemption) for exemption in result.exemptions],
    }


def _finding(judged: Judged) -> dict[str, Any]:
    control, finding = judged.control, judged.finding
    told = {
        "control": control.id,
        "title": control.title,
        "compliance": finding.compliance.value,
        "mode": control.mode.value,
        "reason": finding.reason,
    }
    if finding.advice:
        told["advice"] = finding.advice
    return told


def _exemption(exemption: AnyExemption) -> dict[str, Any]:
    if isinstance(exemption, InvalidExemption):
        return {"source": exemption.source, "valid": False, "reason": exemption.fault}
    return {
        "source": exemption.source,
        "valid": True,
        "controls": sorted(exemption.controls),
        "until": exemption.last_day.isoformat(),
        "approver": exemption.approver,
        "reason": exemption.reason,
    }
