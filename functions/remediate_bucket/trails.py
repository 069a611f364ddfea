"""The trails that record data events, asked for once in a while for each Region."""

from __future__ import annotations

from typing import Any

from functions.remediate_bucket import data_events
from functions.remediate_bucket.bucket_state import BucketState
from functions.remediate_bucket.kept import Kept
from functions.remediate_bucket.regions import Bucket, Regions

_KEPT_SECONDS = 900.0


class Trails:
    """CloudTrail's trails as each Region sees them, those of other Regions and the organization's
    among them.
    """

    def __init__(self, regions: Regions) -> None:
        self._regions = regions
        self._selectors = Kept(_KEPT_SECONDS, self._ask)

    def of(self, bucket: Bucket) -> dict[str, bool]:
        """Return whether reads and writes of the bucket's objects are recorded.

        Raises what botocore raises.
        """
        arn = BucketState(bucket.name, bucket.region, self._regions.account_id).arn
        return data_events.recorded(self._selectors.of(bucket.region), arn)

    def _ask(self, region: str) -> list[Any]:
        cloudtrail = self._regions.cloudtrail(region)
        found: list[Any] = []
        for trail in cloudtrail.describe_trails()["trailList"]:
            named = trail["TrailARN"]
            if cloudtrail.get_trail_status(Name=named)["IsLogging"]:
                found.append(cloudtrail.get_event_selectors(TrailName=named))
        return found
