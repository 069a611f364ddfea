"""Whose logs are delivered to a bucket.

S3's access logs: every bucket of the account says where its own go, so all are asked, and the
answers kept for a while. Other services' (and S3's) deliveries need the bucket's policy or ACL to
let them in, which is how they are told from outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

from functions.remediate_bucket.bucket_state import BucketState, Section, Unreadable
from functions.remediate_bucket.kept import Kept
from functions.remediate_bucket.regions import Bucket, Regions
from tidegate.errors import TidegateError, service_errors

_KEPT_SECONDS = 900.0
_THREADS = 8
_DELIVERERS = (
    "logging.s3.amazonaws.com",
    "delivery.logs.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "config.amazonaws.com",
    "logdelivery.elasticloadbalancing.amazonaws.com",
    "redshift.amazonaws.com",
)
# Under it all services write that deliver by way of AWS; load balancers of the older Regions come
# as accounts of AWS's, told by nothing else.
_AWS_LOGS = "/AWSLogs/"
_LOG_DELIVERY_GROUP = "http://acs.amazonaws.com/groups/s3/LogDelivery"
# The user as whom CloudFront writes its (older) access logs:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/AccessLogs.html
_CLOUDFRONT_ID = "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0"


def receives_logs(state: BucketState, sources: Mapping[str, str] | None) -> bool | None:
    """Return whether logs are delivered to the bucket; None where that cannot be told.

    Where not all buckets could be asked, the policy and the ACL alone decide: without their leave
    nothing can be delivered.
    """
    if sources:
        return True
    policy, acl = state.setting(Section.POLICY), state.setting(Section.ACL)
    if isinstance(policy, Unreadable) or isinstance(acl, Unreadable):
        return None
    return _policy_lets_in(policy or {}) or _acl_lets_in(acl or {})


def _policy_lets_in(policy: Mapping[str, Any]) -> bool:
    for statement in _listed(policy.get("Statement", ())):
        principal = statement.get("Principal")
        if statement.get("Effect") != "Allow":
            continue
        if any(_AWS_LOGS in str(place) for place in _listed(statement.get("Resource", ()))):
            return True
        if not isinstance(principal, dict):
            continue
        if any(service in _DELIVERERS for service in _listed(principal.get("Service", ()))):
            return True
    return False


def _acl_lets_in(acl: Mapping[str, Any]) -> bool:
    grantees = [grant.get("Grantee", {}) for grant in acl.get("Grants", ())]
    return any(
        one.get("URI") == _LOG_DELIVERY_GROUP or one.get("ID") == _CLOUDFRONT_ID for one in grantees
    )


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


class AccessLogs:
    """Where the access logs of the account's buckets go."""

    def __init__(self, regions: Regions) -> None:
        self._regions = regions
        self._kept = Kept(_KEPT_SECONDS, self._ask)

    def sources(self, target: str) -> Mapping[str, str] | None:
        """Return the buckets whose logs come to `target`, each with the prefix of its logs.

        None where a bucket could not be asked. Raises TransientError where none could be listed.
        """
        targets, complete = self._kept.of(self._regions.account_id)
        return targets.get(target, {}) if complete else targets.get(target)

    def _ask(self, _account_id: str) -> tuple[Mapping[str, Mapping[str, str]], bool]:
        buckets = self._regions.buckets()
        with ThreadPoolExecutor(_THREADS) as pool:
            answers = list(pool.map(self._target_of, buckets))
        targets: dict[str, dict[str, str]] = {}
        for bucket, answer in zip(buckets, answers, strict=True):
            if answer:
                targets.setdefault(answer["TargetBucket"], {})[bucket.name] = answer.get(
                    "TargetPrefix", ""
                )
        return targets, False not in answers

    def _target_of(self, bucket: Bucket) -> Any:
        """Return the bucket's LoggingEnabled, None where it has none, False where it says nothing.

        Denied, or in a Region that is down or cannot be reached: that must not keep all other
        buckets from being looked at, nor have each of them ask all the others again.
        """
        s3 = self._regions.s3(bucket.region)
        try:
            with service_errors(f"ask {bucket.name} where its access logs go"):
                try:
                    answer = s3.get_bucket_logging(
                        Bucket=bucket.name, ExpectedBucketOwner=self._regions.account_id
                    )
                except ClientError as error:
                    if error.response["Error"].get("Code") == "NoSuchBucket":
                        return None
                    raise
        except TidegateError:
            return False
        return answer.get("LoggingEnabled")
