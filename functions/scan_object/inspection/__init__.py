"""Structural checks for what the engine would pass over in silence.

`inspect` is the one entry; see docs/verification-engine.md for what was measured.
"""

from functions.scan_object.inspection.archives import inspect
from functions.scan_object.inspection.limits import InspectionLimits
from functions.scan_object.inspection.reasons import Reason, Refusal

__all__ = ["InspectionLimits", "Reason", "Refusal", "inspect"]
