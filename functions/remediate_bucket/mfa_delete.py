"""MFA delete: deleting versions asks for a second factor. Only the root user can switch it."""

from __future__ import annotations

from functions.remediate_bucket.bucket_state import BucketState, Section


def is_on(state: BucketState) -> bool:
    """Tell whether deleting versions asks for a second factor."""
    return (state.known(Section.VERSIONING) or {}).get("MFADelete") == "Enabled"


def advice(state: BucketState) -> str:
    """Return the root user's command, with the bucket's name and account in it."""
    device = f"arn:{state.arn_partition}:iam::{state.account_id}:mfa/DEVICE"
    return (
        "as the root user of the account, with its access keys and the code that its device "
        f"shows: aws s3api put-bucket-versioning --bucket {state.name} "
        f'--versioning-configuration Status=Enabled,MFADelete=Enabled --mfa "{device} CODE"'
    )
