"""The errors of this function's own.

PermanentError (tidegate.errors)
├── ImageRefusedError    the image gets no labels, for a reason that is recorded
└── NotAcceptedError     Rekognition does not take this form of the image
TransientError (tidegate.errors)
├── VerdictPendingError  a scan has just recorded its verdict and not yet tagged the object
└── DecoderError         the decoder could not be run, which says nothing of the image
"""

from __future__ import annotations

from functions.label_image.reasons import Reason
from tidegate.errors import PermanentError, TransientError


class ImageRefusedError(PermanentError):
    """The image cannot be labelled, whoever tries. Not retried: the reason is recorded."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class NotAcceptedError(PermanentError):
    """Rekognition refuses what it was sent; another form of the same image may be taken."""


class VerdictPendingError(TransientError):
    """The ledger knows a verdict that the object's tags do not show (yet). Retried."""


class DecoderError(TransientError):
    """The decoder's process could not be started or did not answer in time. Retried."""
