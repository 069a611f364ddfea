"""What belongs to the account and not to one bucket: its public access block, its access points.

For a bucket both are asked for once in a while; the account's own block is read live where it is
the account that is looked at.
"""

from __future__ import annotations

from typing import Any

from functions.remediate_bucket.kept import Kept
from functions.remediate_bucket.regions import Bucket, Regions
from functions.remediate_bucket.trigger import ACCOUNT

_BLOCK_KEPT_SECONDS = 60.0
_ACCESS_POINTS_KEPT_SECONDS = 900.0


class Account:
    """The account's part of S3. Raises what botocore raises."""

    def __init__(self, regions: Regions) -> None:
        self._regions = regions
        self._blocks = Kept(_BLOCK_KEPT_SECONDS, self._block)
        self._access_points = Kept(_ACCESS_POINTS_KEPT_SECONDS, self._list_access_points)

    def public_access_block(self, bucket: Bucket) -> Any:
        """Return the account's public access block, None where it has none."""
        home = self._regions.home
        return self._block(home) if bucket.name == ACCOUNT else self._blocks.of(home)

    def access_points(self, bucket: Bucket) -> dict[str, Any]:
        """Return the bucket's access points, each with its own public access block."""
        of_region = self._access_points.of(bucket.region)
        return {"AccessPoints": of_region.get(bucket.name, [])}

    def _block(self, region: str) -> Any:
        s3control = self._regions.s3control(region)
        try:
            answer = s3control.get_public_access_block(AccountId=self._regions.account_id)
        except s3control.exceptions.NoSuchPublicAccessBlockConfiguration:
            return None
        return answer["PublicAccessBlockConfiguration"]

    def _list_access_points(self, region: str) -> dict[str, list[dict[str, Any]]]:
        s3control = self._regions.s3control(region)
        account_id = self._regions.account_id
        found: dict[str, list[dict[str, Any]]] = {}
        token: dict[str, Any] = {}
        while True:
            page = s3control.list_access_points(AccountId=account_id, **token)
            for item in page.get("AccessPointList", ()):
                name = item["Name"]
                answer = s3control.get_access_point(AccountId=account_id, Name=name)
                block = answer.get("PublicAccessBlockConfiguration", {})
                described = {"Name": name, "PublicAccessBlock": block}
                found.setdefault(item["Bucket"], []).append(described)
            if not page.get("NextToken"):
                return found
            token = {"NextToken": page["NextToken"]}
