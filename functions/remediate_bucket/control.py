"""What a control is: one requirement on a bucket, judged and planned without touching AWS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from functions.remediate_bucket.bucket_state import BucketState, Section, Unreadable


class Compliance(StrEnum):
    """How a bucket stands to a control. Only COMPLIANT vouches for it."""

    COMPLIANT = "COMPLIANT"
    NON_COMPLIANT = "NON_COMPLIANT"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    UNKNOWN = "UNKNOWN"


class Mode(StrEnum):
    """What may be done about a finding.

    AUTOMATIC is safe to apply by itself, OPT_IN only where the profile asks for it, REPORT_ONLY
    cannot or must not be put right from here.
    """

    AUTOMATIC = "A"
    OPT_IN = "O"
    REPORT_ONLY = "R"


@dataclass(frozen=True, slots=True)
class Finding:
    """A bucket judged by a control. `reason` is a sentence for people, and never empty.

    `advice` says what a person does where no call can put it right: a finding that is
    NON_COMPLIANT has either a plan or advice.
    """

    compliance: Compliance
    reason: str
    advice: str | None = None

    @classmethod
    def compliant(cls, reason: str) -> Finding:
        """The bucket is as it should be."""
        return cls(Compliance.COMPLIANT, reason)

    @classmethod
    def non_compliant(cls, reason: str, advice: str | None = None) -> Finding:
        """The bucket is not as it should be."""
        return cls(Compliance.NON_COMPLIANT, reason, advice)

    @classmethod
    def not_applicable(cls, reason: str) -> Finding:
        """The control asks nothing of this bucket."""
        return cls(Compliance.NOT_APPLICABLE, reason)

    @classmethod
    def unknown(cls, unreadable: Unreadable) -> Finding:
        """What the control judges could not be read."""
        return cls(Compliance.UNKNOWN, unreadable.reason)


@dataclass(frozen=True, slots=True)
class Call:
    """One write: a boto3 method of the client of its section, and its arguments.

    `arguments` lack what the caller adds: Bucket (or AccountId) and ExpectedBucketOwner. The call
    replaces all of `section`, so `arguments` hold what others configured there as well; of the
    configurations that have an Id (Intelligent-Tiering, inventory, metrics) it replaces that one.
    """

    section: Section
    operation: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Profile:
    """What the operator asks of buckets beyond what holds for all; None and empty ask nothing.

    The stack's parameters, which a bucket's own tags or table row may narrow. Both targets belong
    to the account, and S3 delivers only within their Region.
    """

    log_target_bucket: str | None = None
    log_target_region: str | None = None
    log_prefix: str = ""
    kms_key_arn: str | None = None
    noncurrent_days: int = 90
    abort_uploads_days: int = 7
    lock_days: int = 1
    required_tags: Mapping[str, str] = field(default_factory=dict)
    allowed_external_actions: frozenset[str] = frozenset()
    inventory_target_bucket: str | None = None
    inventory_target_region: str | None = None
    archive_after_days: int = 90


@dataclass(frozen=True, slots=True)
class References:
    """Where others ask for the same: FSBP and CIS numbers, and AWS Config's rule identifier."""

    fsbp: str | None = None
    cis: str | None = None
    config_rule: str | None = None


type Evaluate = Callable[[BucketState, Profile], Finding]
type Plan = Callable[[BucketState, Profile], tuple[Call, ...]]


def no_plan(_state: BucketState, _profile: Profile) -> tuple[Call, ...]:
    """Plan nothing: for what cannot be put right from here."""
    return ()


@dataclass(frozen=True, slots=True)
class Control:
    """One requirement. It judges `sections`, and its calls need the IAM `actions`.

    `evaluate` and `plan` are pure. `plan` is asked only for a bucket that is NON_COMPLIANT, and
    returns the calls that, applied, make it COMPLIANT, so that it is not asked again; none where
    the finding gives advice instead.
    """

    id: str
    title: str
    mode: Mode
    references: References
    sections: frozenset[Section]
    evaluate: Evaluate
    plan: Plan = no_plan
    actions: frozenset[str] = frozenset()
