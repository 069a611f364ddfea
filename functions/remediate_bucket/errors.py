"""Errors of this function alone.

TidegateError
└── PermanentError
    ├── ForeignAccountError   the event speaks of another account's bucket
    ├── SnapshotError         what was kept of the former setting is not what was written
    └── BucketMissingError    the bucket was deleted, or never there
"""

from __future__ import annotations

from tidegate.errors import PermanentError


class ForeignAccountError(PermanentError):
    """The event is of another account than this function's. Never retried, nothing was done."""


class SnapshotError(PermanentError):
    """A snapshot is missing or differs from its hash in the record. Nothing was restored."""


class BucketMissingError(PermanentError):
    """The bucket does not exist (any more). A message about it is done."""
