"""S3 lists what is in the bucket, regularly and in another bucket."""

from __future__ import annotations

from functions.remediate_bucket import configurations
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.configurations import OWNED_ID
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References

SECTIONS = frozenset({Section.INVENTORY})

_FIELDS = (
    "Size",
    "LastModifiedDate",
    "StorageClass",
    "ETag",
    "IsMultipartUploaded",
    "ReplicationStatus",
    "EncryptionStatus",
    "ObjectLockMode",
    "ObjectLockRetainUntilDate",
    "ObjectLockLegalHoldStatus",
    "IntelligentTieringAccessTier",
    "BucketKeyStatus",
)


def evaluate(state: BucketState, profile: Profile) -> Finding:
    """Judge whether any inventory is made; the bucket that takes the lists is not listed."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    if state.name == profile.inventory_target_bucket:
        return Finding.not_applicable("inventories are delivered to the bucket")
    if any(one.get("IsEnabled") for one in configurations.configurations(state, Section.INVENTORY)):
        return Finding.compliant("an inventory is made")
    return Finding.non_compliant("no inventory is made", _obstacle(state, profile))


def plan(state: BucketState, profile: Profile) -> tuple[Call, ...]:
    """List all versions once a week in the profile's target, as Parquet for Athena."""
    if _obstacle(state, profile):
        return ()
    destination = {
        "AccountId": state.account_id,
        "Bucket": f"arn:{state.arn_partition}:s3:::{profile.inventory_target_bucket}",
        "Format": "Parquet",
    }
    configuration = {
        "Id": OWNED_ID,
        "IsEnabled": True,
        "Destination": {"S3BucketDestination": destination},
        "IncludedObjectVersions": "All",
        "OptionalFields": list(_FIELDS),
        "Schedule": {"Frequency": "Weekly"},
    }
    arguments = {"Id": OWNED_ID, "InventoryConfiguration": configuration}
    return (Call(Section.INVENTORY, "put_bucket_inventory_configuration", arguments),)


def _obstacle(state: BucketState, profile: Profile) -> str | None:
    if profile.inventory_target_bucket is None:
        return "name a bucket for the inventories in the profile"
    if profile.inventory_target_region != state.region:
        return (
            f"name a bucket of {state.region} for the inventories: S3 delivers within a Region, "
            f"and {profile.inventory_target_bucket} is in "
            f"{profile.inventory_target_region or 'an unknown one'}"
        )
    return configurations.obstacle(state, Section.INVENTORY)


CONTROL = Control(
    id="inventory",
    title="An inventory of the bucket is made",
    mode=Mode.OPT_IN,
    references=References(),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutInventoryConfiguration"}),
)
