"""Why the definitions were not updated, and whether the message is tried again.

    DownloadError               the mirror did not deliver; retried
    ConflictingUpdateError      another run was quicker; retried
    NoSpaceError                too little ephemeral storage; retried slowly
    UntrustedDefinitionsError   a signature is missing or wrong; not retried
    UnprovenDefinitionsError    the engine refuses the set, or it flags harmless files; not retried
    InadmissibleFileError       a file that may not be part of a release; not retried
    OlderDefinitionsError       the set is older or less than what is in force; not retried
    NoEarlierReleaseError       there is nothing to roll back to; not retried
    CoolingDownError            the vendor must not be asked yet; an outcome, never raised further

What is not retried would only be downloaded again to fail again: the next scheduled run looks
afresh. In each case the release that was current stays current.
"""

from __future__ import annotations

from datetime import datetime

from tidegate.errors import MisconfiguredError, PermanentError, TransientError


class DownloadError(TransientError):
    """The mirror could not be reached, broke off, or lacks a database."""


class ConflictingUpdateError(TransientError):
    """Another run changed current.json meanwhile: this one's release is dropped."""


class NoSpaceError(MisconfiguredError):
    """The function's ephemeral storage cannot hold two releases at once."""


class UntrustedDefinitionsError(PermanentError):
    """A database does not carry the vendor's signature, or was altered."""


class UnprovenDefinitionsError(PermanentError):
    """The engine, loaded with the candidate, failed its proof."""


class InadmissibleFileError(PermanentError):
    """A file of a kind that must not be part of a release, or not without the setting."""


class OlderDefinitionsError(PermanentError):
    """A database of the vendor's that is in force is newer than the one offered, or missing."""


class NoEarlierReleaseError(PermanentError):
    """No release before the current one is left."""


class CoolingDownError(PermanentError):
    """The vendor refused this client for a time, which is not over."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"the vendor must not be asked before {until.isoformat()}")
        self.until = until
