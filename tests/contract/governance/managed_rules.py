"""What AWS documents of its rules for buckets, and which control each of them judges.

Each rule has a page, at `ManagedRule.url`, that names its identifier, its trigger, the types of
resources that it judges and its parameters. Written down from these pages, one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

BUCKET = "AWS::S3::Bucket"
ACCOUNT = "AWS::::Account"


class Trigger(Enum):
    """When AWS Config evaluates a rule, as its page puts it."""

    CHANGES = "Configuration changes"
    PERIODIC = "Periodic"
    BOTH = "Configuration changes and Periodic"


class Mode(StrEnum):
    """What remediate_bucket may do: by itself, where asked to, or only report."""

    AUTOMATIC = "A"
    OPT_IN = "O"
    REPORT_ONLY = "R"


@dataclass(frozen=True)
class ManagedRule:
    """One of AWS's rules. `required` and `optional` are the names of its parameters."""

    identifier: str
    trigger: Trigger
    resource_types: frozenset[str] = frozenset({BUCKET})
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The rule's name, as AWS's console and the address of its page have it."""
        return self.identifier.lower().replace("_", "-")

    @property
    def url(self) -> str:
        """Where AWS documents the rule."""
        return f"https://docs.aws.amazon.com/config/latest/developerguide/{self.name}.html"


@dataclass(frozen=True)
class Control:
    """A control of remediate_bucket, and AWS's rules that judge the same; none for some."""

    id: str
    mode: Mode
    rules: tuple[str, ...] = ()


RULES = {
    rule.identifier: rule
    for rule in (
        ManagedRule(
            "S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC",
            Trigger.PERIODIC,
            frozenset({ACCOUNT}),
            optional=frozenset(
                {
                    "IgnorePublicAcls",
                    "BlockPublicPolicy",
                    "BlockPublicAcls",
                    "RestrictPublicBuckets",
                }
            ),
        ),
        ManagedRule(
            "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED",
            Trigger.CHANGES,
            optional=frozenset({"excludedPublicBuckets"}),
        ),
        ManagedRule("S3_BUCKET_PUBLIC_READ_PROHIBITED", Trigger.BOTH),
        ManagedRule("S3_BUCKET_PUBLIC_WRITE_PROHIBITED", Trigger.BOTH),
        ManagedRule("S3_BUCKET_SSL_REQUESTS_ONLY", Trigger.CHANGES),
        ManagedRule(
            "S3_BUCKET_BLACKLISTED_ACTIONS_PROHIBITED",
            Trigger.CHANGES,
            required=frozenset({"blacklistedActionPattern"}),
        ),
        ManagedRule("S3_BUCKET_ACL_PROHIBITED", Trigger.CHANGES),
        ManagedRule("S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED", Trigger.CHANGES),
        ManagedRule(
            "S3_DEFAULT_ENCRYPTION_KMS",
            Trigger.CHANGES,
            frozenset({BUCKET, "AWS::KMS::Key"}),
            optional=frozenset({"kmsKeyArns"}),
        ),
        ManagedRule(
            "S3_BUCKET_VERSIONING_ENABLED",
            Trigger.CHANGES,
            optional=frozenset({"isMfaDeleteEnabled"}),
        ),
        ManagedRule("S3_BUCKET_MFA_DELETE_ENABLED", Trigger.CHANGES),
        ManagedRule(
            "S3_VERSION_LIFECYCLE_POLICY_CHECK",
            Trigger.CHANGES,
            optional=frozenset({"bucketNames"}),
        ),
        ManagedRule(
            "S3_LIFECYCLE_POLICY_CHECK",
            Trigger.CHANGES,
            optional=frozenset(
                {
                    "targetTransitionDays",
                    "targetExpirationDays",
                    "targetTransitionStorageClass",
                    "targetPrefix",
                    "bucketNames",
                }
            ),
        ),
        ManagedRule(
            "S3_BUCKET_LOGGING_ENABLED",
            Trigger.CHANGES,
            optional=frozenset({"targetBucket", "targetPrefix"}),
        ),
        ManagedRule(
            "S3_EVENT_NOTIFICATIONS_ENABLED",
            Trigger.CHANGES,
            optional=frozenset({"destinationArn", "eventTypes"}),
        ),
        ManagedRule(
            "S3_BUCKET_DEFAULT_LOCK_ENABLED", Trigger.CHANGES, optional=frozenset({"mode"})
        ),
        ManagedRule("S3_BUCKET_CROSS_REGION_REPLICATION_ENABLED", Trigger.CHANGES),
        ManagedRule(
            "S3_ACCESS_POINT_PUBLIC_ACCESS_BLOCKS",
            Trigger.CHANGES,
            frozenset({"AWS::S3::AccessPoint"}),
            optional=frozenset({"excludedAccessPoints"}),
        ),
        ManagedRule(
            "CLOUDTRAIL_ALL_WRITE_S3_DATA_EVENT_CHECK", Trigger.PERIODIC, frozenset({ACCOUNT})
        ),
        ManagedRule(
            "CLOUDTRAIL_ALL_READ_S3_DATA_EVENT_CHECK", Trigger.PERIODIC, frozenset({ACCOUNT})
        ),
        ManagedRule("S3_BUCKET_TAGGED", Trigger.CHANGES, optional=frozenset({"requiredKeyTags"})),
    )
}

CONTROLS = (
    Control(
        "account-public-access-block",
        Mode.OPT_IN,
        ("S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC",),
    ),
    Control(
        "bucket-public-access-block", Mode.AUTOMATIC, ("S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED",)
    ),
    Control("no-public-read", Mode.AUTOMATIC, ("S3_BUCKET_PUBLIC_READ_PROHIBITED",)),
    Control("no-public-write", Mode.AUTOMATIC, ("S3_BUCKET_PUBLIC_WRITE_PROHIBITED",)),
    Control("tls-only", Mode.AUTOMATIC, ("S3_BUCKET_SSL_REQUESTS_ONLY",)),
    Control("tls-1-2-or-later", Mode.OPT_IN),
    Control(
        "no-risky-cross-account-actions",
        Mode.OPT_IN,
        ("S3_BUCKET_BLACKLISTED_ACTIONS_PROHIBITED",),
    ),
    Control("acls-disabled", Mode.OPT_IN, ("S3_BUCKET_ACL_PROHIBITED",)),
    Control("default-encryption", Mode.AUTOMATIC, ("S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED",)),
    Control("kms-with-bucket-key", Mode.OPT_IN, ("S3_DEFAULT_ENCRYPTION_KMS",)),
    Control("sse-c-blocked", Mode.OPT_IN),
    Control("wrong-encryption-denied", Mode.OPT_IN),
    Control("versioning", Mode.OPT_IN, ("S3_BUCKET_VERSIONING_ENABLED",)),
    Control("mfa-delete", Mode.REPORT_ONLY, ("S3_BUCKET_MFA_DELETE_ENABLED",)),
    Control("noncurrent-versions-expire", Mode.OPT_IN, ("S3_VERSION_LIFECYCLE_POLICY_CHECK",)),
    Control("incomplete-uploads-aborted", Mode.AUTOMATIC, ("S3_LIFECYCLE_POLICY_CHECK",)),
    Control("access-logging", Mode.AUTOMATIC, ("S3_BUCKET_LOGGING_ENABLED",)),
    Control("log-target-healthy", Mode.AUTOMATIC),
    Control("eventbridge-events-on", Mode.OPT_IN, ("S3_EVENT_NOTIFICATIONS_ENABLED",)),
    Control("object-lock-default", Mode.OPT_IN, ("S3_BUCKET_DEFAULT_LOCK_ENABLED",)),
    Control("replication", Mode.REPORT_ONLY, ("S3_BUCKET_CROSS_REGION_REPLICATION_ENABLED",)),
    Control("intelligent-tiering", Mode.OPT_IN),
    Control("inventory", Mode.OPT_IN),
    Control("request-metrics", Mode.OPT_IN),
    Control(
        "access-point-public-access", Mode.REPORT_ONLY, ("S3_ACCESS_POINT_PUBLIC_ACCESS_BLOCKS",)
    ),
    Control(
        "object-level-trail",
        Mode.REPORT_ONLY,
        ("CLOUDTRAIL_ALL_WRITE_S3_DATA_EVENT_CHECK", "CLOUDTRAIL_ALL_READ_S3_DATA_EVENT_CHECK"),
    ),
    Control("required-tags", Mode.OPT_IN, ("S3_BUCKET_TAGGED",)),
)
