"""What a running engine must find, and must not find, before any of its verdicts is believed.

    EICAR           → a threat: the vendor's (or the set's own) signatures are at work
    release token   → Tidegate.Release.<id>: exactly this release is in force
    policy token    → Tidegate.Unsupported.Canary: the layer's policy is at work, both its
                      signatures and its table of file types
    harmless text   → clean

Each release carries its own signature in RELEASE_FILE, made by `release_signature`.
"""

import re
from collections.abc import Callable

from clamav_layer.errors import CanaryError
from clamav_layer.replies import POLICY_PREFIX, Clean, EngineFailure, Outcome, Threat, Unsupported

RELEASE_FILE = "tidegate-release.ndb"
POLICY_NAME = f"{POLICY_PREFIX}Canary"
# It begins like an MP3, a type that the engine leaves unscanned unless the policy's table of file
# types is in force (layers/clamav/file_types.py).
POLICY_TOKEN = b"ID3" + b"TIDEGATE-POLICY" + b"-CANARY"
HARMLESS = b"A harmless text, which no signature may find.\n"


def eicar() -> bytes:
    """Returns the standard test file, put together so that no scanner takes this file for it."""
    return rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"


def release_token(release: str) -> bytes:
    """Returns the text that only this release's signatures find."""
    return f"TIDEGATE-RELEASE-{release}-CANARY".encode("ascii")


def release_name(release: str) -> str:
    """Returns the name under which the release's token is found."""
    return f"Tidegate.Release.{re.sub('[^A-Za-z0-9]', '', release)}"


def release_signature(release: str) -> bytes:
    """Returns the content of RELEASE_FILE for this release (format: ClamAV's .ndb)."""
    return f"{release_name(release)}:0:*:{release_token(release).hex()}\n".encode("ascii")


def prove(scan: Callable[[bytes], Outcome], release: str) -> None:
    """Returns when the engine behind `scan` passed, else raises CanaryError with the reason."""
    expected_release = release_name(release)
    found = scan(release_token(release))
    if found != Threat(expected_release):
        raise CanaryError(f"release {release} is not in force: {described(found)}")
    found = scan(eicar())
    if not (isinstance(found, Threat) and "eicar" in found.name.lower()):
        raise CanaryError(f"the EICAR test file is not found: {described(found)}")
    found = scan(POLICY_TOKEN)
    if not (isinstance(found, Unsupported) and found.name == POLICY_NAME):
        raise CanaryError(f"the policy signatures are not in force: {described(found)}")
    found = scan(HARMLESS)
    if found != Clean():
        raise CanaryError(f"a harmless text is not clean: {described(found)}")


def described(outcome: Outcome) -> str:
    """Returns the outcome in words, for an error's message."""
    match outcome:
        case Clean():
            return "the engine says OK"
        case EngineFailure(message):
            return message
        case Threat(name) | Unsupported(_, name):
            return f"the engine says {name}"
