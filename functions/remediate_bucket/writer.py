"""Makes the calls that controls and undo plan; there are no others.

Each names the bucket (or the account) and says whose it must be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from functions.remediate_bucket.bucket_state import Section
from functions.remediate_bucket.control import Call
from functions.remediate_bucket.regions import Bucket, Regions
from tidegate.errors import MisconfiguredError, service_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3control import S3ControlClient

type _Write = Callable[[S3Client, Mapping[str, Any]], object]
type _AccountWrite = Callable[[S3ControlClient, Mapping[str, Any]], object]

_WRITES: Mapping[str, _Write] = {
    "put_public_access_block": lambda s3, given: s3.put_public_access_block(**given),
    "put_bucket_policy": lambda s3, given: s3.put_bucket_policy(**given),
    "put_bucket_ownership_controls": lambda s3, given: s3.put_bucket_ownership_controls(**given),
    "put_bucket_encryption": lambda s3, given: s3.put_bucket_encryption(**given),
    "put_bucket_versioning": lambda s3, given: s3.put_bucket_versioning(**given),
    "put_bucket_lifecycle_configuration": lambda s3, given: s3.put_bucket_lifecycle_configuration(
        **given
    ),
    "put_bucket_logging": lambda s3, given: s3.put_bucket_logging(**given),
    "put_bucket_notification_configuration": lambda s3, given: (
        s3.put_bucket_notification_configuration(**given)
    ),
    "put_object_lock_configuration": lambda s3, given: s3.put_object_lock_configuration(**given),
    "put_bucket_intelligent_tiering_configuration": lambda s3, given: (
        s3.put_bucket_intelligent_tiering_configuration(**given)
    ),
    "put_bucket_inventory_configuration": lambda s3, given: s3.put_bucket_inventory_configuration(
        **given
    ),
    "put_bucket_metrics_configuration": lambda s3, given: s3.put_bucket_metrics_configuration(
        **given
    ),
    "put_bucket_tagging": lambda s3, given: s3.put_bucket_tagging(**given),
    # By an undo alone, where there was nothing before.
    "delete_public_access_block": lambda s3, given: s3.delete_public_access_block(**given),
    "delete_bucket_policy": lambda s3, given: s3.delete_bucket_policy(**given),
    "delete_bucket_ownership_controls": lambda s3, given: s3.delete_bucket_ownership_controls(
        **given
    ),
    "delete_bucket_encryption": lambda s3, given: s3.delete_bucket_encryption(**given),
    "delete_bucket_lifecycle": lambda s3, given: s3.delete_bucket_lifecycle(**given),
    "delete_bucket_intelligent_tiering_configuration": lambda s3, given: (
        s3.delete_bucket_intelligent_tiering_configuration(**given)
    ),
    "delete_bucket_inventory_configuration": lambda s3, given: (
        s3.delete_bucket_inventory_configuration(**given)
    ),
    "delete_bucket_metrics_configuration": lambda s3, given: s3.delete_bucket_metrics_configuration(
        **given
    ),
    "delete_bucket_tagging": lambda s3, given: s3.delete_bucket_tagging(**given),
}
_ACCOUNT_WRITES: Mapping[str, _AccountWrite] = {
    "put_public_access_block": lambda s3control, given: s3control.put_public_access_block(**given),
    "delete_public_access_block": lambda s3control, given: s3control.delete_public_access_block(
        **given
    ),
}


class Writer:
    """Writes settings of the account's buckets.

    Raises TransientError, MisconfiguredError (AccessDenied) or PermanentError, by S3's answer.
    """

    def __init__(self, regions: Regions) -> None:
        self._regions = regions

    def apply(self, bucket: Bucket, call: Call) -> None:
        """Make the call."""
        account_id = self._regions.account_id
        of_account = call.section is Section.ACCOUNT_PUBLIC_ACCESS_BLOCK
        if call.operation not in (_ACCOUNT_WRITES if of_account else _WRITES):
            raise MisconfiguredError(f"{call.operation} is no call that this function makes")
        with service_errors(f"{call.operation} on {bucket.name}"):
            if of_account:
                s3control = self._regions.s3control(self._regions.home)
                given = {"AccountId": account_id, **call.arguments}
                _ACCOUNT_WRITES[call.operation](s3control, given)
            else:
                s3 = self._regions.s3(bucket.region)
                named = {"Bucket": bucket.name, "ExpectedBucketOwner": account_id}
                _WRITES[call.operation](s3, {**call.arguments, **named})
