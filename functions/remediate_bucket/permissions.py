"""Which controls may change a bucket by themselves, and which because somebody named them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.remediate_bucket.control import Control, Mode
from functions.remediate_bucket.trigger import BucketRequest, RequestMode

if TYPE_CHECKING:
    from functions.remediate_bucket.notes import Notes


@dataclass(frozen=True, slots=True)
class Permissions:
    """The stack's parameters. By default nothing is applied without being asked for by name.

    `safe_controls`: those that are safe to apply by themselves are applied. `opted_in`: so are
    these, on each bucket.
    """

    safe_controls: bool = False
    opted_in: frozenset[str] = frozenset()

    def allow(self, control: Control, request: BucketRequest, notes: Notes) -> bool:
        """Whether the request may apply the control.

        An event or a sweep applies what the stack or the bucket's own profile asks for. A direct
        request applies the controls that it names; naming none, those that are safe.
        """
        if request.mode is not RequestMode.APPLY or control.mode is Mode.REPORT_ONLY:
            return False
        safe = control.mode is Mode.AUTOMATIC
        if request.trigger.automatic:
            wanted = control.id in self.opted_in | notes.apply
            return wanted or (safe and self.safe_controls)
        return safe if request.controls is None else control.id in request.controls
