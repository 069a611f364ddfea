"""What the template sets for this function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from functions.remediate_bucket.control import Profile
from functions.remediate_bucket.permissions import Permissions
from tidegate import environment as env
from tidegate.errors import MisconfiguredError

_MAX_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Settings:
    """Names and choices; each from the environment variable of the same name.

    `profile` lacks the Regions of its targets, which are found out when they are needed.
    """

    account_id: str
    role_arn: str
    changes_table_name: str
    snapshots_bucket_name: str
    reports_bucket_name: str
    kms_key_arn: str | None
    event_bus_name: str
    alerts_topic_arn: str
    queue_url: str
    max_receive_count: int
    exemption_tag_key: str
    undo_hold_days: int
    changes_per_day: int
    permissions: Permissions
    profile: Profile

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings; MisconfiguredError names the variable that is wrong."""
        return cls(
            account_id=env.text(environment, "ACCOUNT_ID"),
            role_arn=env.text(environment, "ROLE_ARN"),
            changes_table_name=env.text(environment, "CHANGES_TABLE_NAME"),
            snapshots_bucket_name=env.text(environment, "SNAPSHOTS_BUCKET_NAME"),
            reports_bucket_name=env.text(environment, "REPORTS_BUCKET_NAME"),
            kms_key_arn=env.optional(environment, "KMS_KEY_ARN"),
            event_bus_name=env.text(environment, "EVENT_BUS_NAME"),
            alerts_topic_arn=env.text(environment, "ALERTS_TOPIC_ARN"),
            queue_url=env.text(environment, "QUEUE_URL"),
            max_receive_count=env.integer(environment, "MAX_RECEIVE_COUNT", 1, 1000),
            exemption_tag_key=env.text(environment, "EXEMPTION_TAG_KEY"),
            undo_hold_days=env.integer(environment, "UNDO_HOLD_DAYS", 1, 3650),
            changes_per_day=env.integer(environment, "CHANGES_PER_DAY", 1, 100),
            permissions=Permissions(
                safe_controls=env.flag(environment, "APPLY_SAFE_CONTROLS"),
                opted_in=frozenset(_list(environment, "APPLY_CONTROLS")),
            ),
            profile=_profile(environment),
        )


def _profile(environment: Mapping[str, str]) -> Profile:
    return Profile(
        log_target_bucket=env.optional(environment, "LOG_TARGET_BUCKET"),
        log_prefix=env.optional(environment, "LOG_PREFIX") or "",
        kms_key_arn=env.optional(environment, "BUCKET_KMS_KEY_ARN"),
        noncurrent_days=env.integer(environment, "NONCURRENT_DAYS", 1, _MAX_DAYS),
        abort_uploads_days=env.integer(environment, "ABORT_UPLOADS_DAYS", 1, _MAX_DAYS),
        lock_days=env.integer(environment, "LOCK_DAYS", 1, _MAX_DAYS),
        required_tags=_tags(environment, "REQUIRED_TAGS"),
        allowed_external_actions=frozenset(_list(environment, "ALLOWED_EXTERNAL_ACTIONS")),
        inventory_target_bucket=env.optional(environment, "INVENTORY_BUCKET"),
        archive_after_days=env.integer(environment, "ARCHIVE_AFTER_DAYS", 90, 730),
    )


def _list(environment: Mapping[str, str], name: str) -> list[str]:
    return [item for item in (env.optional(environment, name) or "").split(",") if item]


def _tags(environment: Mapping[str, str], name: str) -> dict[str, str]:
    tags: dict[str, str] = {}
    for item in _list(environment, name):
        key, separator, value = item.partition("=")
        if not key or not separator:
            raise MisconfiguredError(f"{name}: {item!r} is not key=value")
        tags[key] = value
    return tags
