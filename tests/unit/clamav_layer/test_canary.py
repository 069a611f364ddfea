"""The proof that an engine must pass before it is believed."""

from collections.abc import Callable

import pytest

from clamav_layer import canary
from clamav_layer.errors import CanaryError
from clamav_layer.replies import Clean, EngineFailure, Outcome, Reason, Threat, Unsupported

RELEASE = "20260102T030405Z-0123abcd"
SOUND: dict[bytes, Outcome] = {
    canary.release_token(RELEASE): Threat("Tidegate.Release.20260102T030405Z0123abcd"),
    canary.eicar(): Threat("Win.Test.EICAR_HDB-1"),
    canary.POLICY_TOKEN: Unsupported(Reason.UNREADABLE_FORMAT, "Tidegate.Unsupported.Canary"),
    canary.HARMLESS: Clean(),
}


def engine(**changed: Outcome) -> Callable[[bytes], Outcome]:
    """Returns a scan function of a sound engine but for the named differences."""
    names = dict(zip(("release", "eicar", "policy", "harmless"), SOUND, strict=True))
    answers = {**SOUND, **{names[name]: outcome for name, outcome in changed.items()}}
    return answers.__getitem__


def test_sound_engine_passes() -> None:
    """An engine that finds the three tokens and lets the harmless text pass is proven."""
    canary.prove(engine(), RELEASE)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"release": Clean()}, "not in force: the engine says OK"),
        ({"release": Threat("Tidegate.Release.20250102T030405Z0123abcd")}, "not in force"),
        ({"eicar": Clean()}, "EICAR test file is not found"),
        ({"eicar": Threat("Something.Else")}, "EICAR test file is not found"),
        ({"policy": Clean()}, "policy signatures are not in force"),
        ({"policy": Threat("Tidegate.Unsupported.Canary")}, "policy signatures are not in force"),
        ({"harmless": Threat("Test.FalseAlarm")}, "harmless text is not clean: .*FalseAlarm"),
        ({"harmless": EngineFailure("dead")}, "harmless text is not clean: dead"),
    ],
)
def test_engine_with_one_fault_is_refused(changed: dict[str, Outcome], message: str) -> None:
    """One wrong answer is enough to refuse an engine, and the error says which."""
    with pytest.raises(CanaryError, match=message):
        canary.prove(engine(**changed), RELEASE)


def test_release_signature_names_its_release_alone() -> None:
    """The signature's name and its pattern both come from the release's id."""
    name, kind, offset, pattern = canary.release_signature(RELEASE).decode().strip().split(":")

    assert name == "Tidegate.Release.20260102T030405Z0123abcd"
    assert (kind, offset) == ("0", "*")
    assert bytes.fromhex(pattern) == b"TIDEGATE-RELEASE-20260102T030405Z-0123abcd-CANARY"


def test_eicar_is_the_standard_file() -> None:
    """The test file has the standard's 68 bytes."""
    assert len(canary.eicar()) == 68
    assert canary.eicar().startswith(b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$")
