"""The trails that record data events, asked for once in a while for each Region."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Any

from functions.remediate_bucket import data_events
from functions.remediate_bucket.bucket_state import BucketState
from functions.remediate_bucket.regions import Bucket, Regions

_KEPT_SECONDS = 900.0


class Trails:
    """CloudTrail's trails as each Region sees them, those of other Regions and the organization's
    among them.
    """

    def __init__(self, regions: Regions, clock: Callable[[], float] = time.monotonic) -> None:
        self._regions = regions
        self._clock = clock
        self._lock = Lock()
        self._known: dict[str, tuple[float, list[Any]]] = {}

    def of(self, bucket: Bucket) -> dict[str, bool]:
        """Return whether reads and writes of the bucket's objects are recorded.

        Raises what botocore raises.
        """
        arn = BucketState(bucket.name, bucket.region, self._regions.account_id).arn
        return data_events.recorded(self._selectors(bucket.region), arn)

    def _selectors(self, region: str) -> list[Any]:
        with self._lock:
            known = self._known.get(region)
            if known is None or self._clock() - known[0] > _KEPT_SECONDS:
                known = (self._clock(), self._ask(region))
                self._known[region] = known
            return known[1]

    def _ask(self, region: str) -> list[Any]:
        cloudtrail = self._regions.cloudtrail(region)
        found = []
        for trail in cloudtrail.describe_trails()["trailList"]:
            named = trail["TrailARN"]
            if cloudtrail.get_trail_status(Name=named)["IsLogging"]:
                found.append(cloudtrail.get_event_selectors(TrailName=named))
        return found
