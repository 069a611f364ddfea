"""What the engine's word and our own checks amount to."""

import pytest

from clamav_layer.replies import Clean, EngineFailure, Reason, Threat, Unsupported
from functions.scan_object.assessment import (
    Assessment,
    NoVerdictError,
    action_for,
    assess,
)
from functions.scan_object.inspection import Refusal
from functions.scan_object.inspection.reasons import Reason as Refused
from tidegate.verdicts import Action, ScanStatus

REFUSAL = Refusal(next(iter(Refused)), "what was seen")
LIMIT = Unsupported(Reason.ENGINE_LIMIT, "Heuristics.Limits.Exceeded.MaxFiles")


def test_engine_ok_and_nothing_refused_is_the_only_way_to_no_threats_found() -> None:
    """Plain OK and no refusal give NO_THREATS_FOUND."""
    assert assess(Clean(), None) == Assessment(ScanStatus.NO_THREATS_FOUND)


@pytest.mark.parametrize("refusal", [None, REFUSAL])
def test_threat_outweighs_all_else(refusal: Refusal | None) -> None:
    """A found threat is told even where the scan was not full."""
    assert assess(Threat("Eicar"), refusal) == Assessment(ScanStatus.THREATS_FOUND, ("Eicar",))


def test_refused_content_is_unsupported_though_the_engine_says_ok() -> None:
    """What the engine is known to pass over is not called clean."""
    found = assess(Clean(), REFUSAL)
    assert found.status is ScanStatus.UNSUPPORTED
    assert found.reason == f"{REFUSAL.reason}: what was seen"


@pytest.mark.parametrize("refusal", [None, REFUSAL])
def test_engine_limit_is_unsupported(refusal: Refusal | None) -> None:
    """A limit of the engine is a reason, not a threat and not clean."""
    assert assess(LIMIT, refusal).status is ScanStatus.UNSUPPORTED


def test_engine_failure_is_no_verdict() -> None:
    """Whatever is no answer is retried."""
    with pytest.raises(NoVerdictError, match="mute"):
        assess(EngineFailure("mute"), None)


@pytest.mark.parametrize("unsupported", [Action.BLOCK, Action.ALLOW, Action.QUARANTINE])
@pytest.mark.parametrize("failed", [Action.BLOCK, Action.ALLOW, Action.QUARANTINE])
def test_operators_choices_govern_only_their_own_status(
    unsupported: Action, failed: Action
) -> None:
    """No choice of the operator lets a threat pass or touches a clean object."""
    actions = {
        status: action_for(status, unsupported=unsupported, failed=failed) for status in ScanStatus
    }
    assert actions == {
        ScanStatus.NO_THREATS_FOUND: Action.NONE,
        ScanStatus.THREATS_FOUND: Action.QUARANTINE,
        ScanStatus.UNSUPPORTED: unsupported,
        ScanStatus.FAILED: failed,
        ScanStatus.ACCESS_DENIED: Action.BLOCK,
    }
