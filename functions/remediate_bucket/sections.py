"""What a call makes of a setting, how settings are compared, and how one is put back.

All pure. A setting is compared in a normal form, for S3 and IAM give lists back in another order,
single entries without their list and defaults that nobody set: what differs only in that is the
same setting.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from functions.remediate_bucket.bucket_state import Section, Setting, Unreadable
from functions.remediate_bucket.control import Call

# Sections of configurations that each have an Id, and the name of one in a call's arguments.
LISTED: Mapping[Section, str] = {
    Section.INTELLIGENT_TIERING: "IntelligentTieringConfiguration",
    Section.INVENTORY: "InventoryConfiguration",
    Section.METRICS: "MetricsConfiguration",
}
_LIST_CALLS: Mapping[Section, str] = {
    Section.INTELLIGENT_TIERING: "bucket_intelligent_tiering_configuration",
    Section.INVENTORY: "bucket_inventory_configuration",
    Section.METRICS: "bucket_metrics_configuration",
}
# What S3 adds by itself to a setting that does not say it, and a filter for the whole bucket.
_ADDED = {
    "BucketKeyEnabled": False,
    "TransitionDefaultMinimumObjectSize": "all_storage_classes_128K",
}
_WHOLE_BUCKET = {"Prefix": ""}


def to_json(setting: Setting) -> Any:
    """Return the setting as JSON can hold it; dates as text."""
    if isinstance(setting, Unreadable):
        return {"unreadable": setting.reason}
    return json.loads(json.dumps(setting, default=str))


def fingerprint(setting: Setting) -> str:
    """Return the SHA-256 of the setting's normal form; the same for what means the same."""
    normal = json.dumps(_normal(to_json(setting)), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(normal.encode()).hexdigest()


def _normal(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: {} if item == _WHOLE_BUCKET else _normal(item)
            for key, item in value.items()
            if key not in _ADDED or item != _ADDED[key]
        }
    if isinstance(value, list):
        items = [_normal(item) for item in value]
        if len(items) == 1 and isinstance(items[0], str):
            return items[0]
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
    return value


def projected(before: Setting, call: Call) -> Setting:
    """Return the setting as the call will leave it."""
    if call.section in LISTED:
        return _with_listed(before, call)
    return _PROJECTIONS[call.section](before, call.arguments)


def _with_listed(before: Setting, call: Call) -> Setting:
    made = call.arguments[LISTED[call.section]]
    others = [item for item in _configurations(before) if item.get("Id") != made["Id"]]
    return {"Configurations": [*others, made]}


def _configurations(setting: Setting) -> list[Mapping[str, Any]]:
    if setting is None or isinstance(setting, Unreadable):
        return []
    return list(setting.get("Configurations", ()))


def _merged_versioning(before: Setting, arguments: Mapping[str, Any]) -> Setting:
    kept = {} if before is None or isinstance(before, Unreadable) else before
    return {**kept, **arguments["VersioningConfiguration"]}


def _lifecycle(_before: Setting, arguments: Mapping[str, Any]) -> Setting:
    name = "TransitionDefaultMinimumObjectSize"
    size = {name: arguments[name]} if name in arguments else {}
    return {**arguments["LifecycleConfiguration"], **size}


def _argument(name: str) -> Callable[[Setting, Mapping[str, Any]], Setting]:
    return lambda _before, arguments: arguments[name]


_PROJECTIONS: Mapping[Section, Callable[[Setting, Mapping[str, Any]], Setting]] = {
    Section.ACCOUNT_PUBLIC_ACCESS_BLOCK: _argument("PublicAccessBlockConfiguration"),
    Section.PUBLIC_ACCESS_BLOCK: _argument("PublicAccessBlockConfiguration"),
    Section.POLICY: lambda _before, arguments: json.loads(arguments["Policy"]),
    Section.OWNERSHIP: _argument("OwnershipControls"),
    Section.ENCRYPTION: _argument("ServerSideEncryptionConfiguration"),
    Section.VERSIONING: _merged_versioning,
    Section.LIFECYCLE: _lifecycle,
    Section.LOGGING: lambda _before, arguments: arguments["BucketLoggingStatus"].get(
        "LoggingEnabled"
    ),
    Section.NOTIFICATION: _argument("NotificationConfiguration"),
    Section.OBJECT_LOCK: _argument("ObjectLockConfiguration"),
    Section.TAGS: lambda _before, arguments: {
        "Tags": {tag["Key"]: tag["Value"] for tag in arguments["Tagging"]["TagSet"]}
    },
}


def configuration_id(call: Call) -> str | None:
    """Return the Id of the configuration that the call writes, where its section has many."""
    if call.section not in LISTED:
        return None
    identifier: str = call.arguments[LISTED[call.section]]["Id"]
    return identifier


def affected(section: Section, setting: Setting, identifier: str | None) -> Setting:
    """Return the part of the setting that a change has written: all, or one configuration."""
    if identifier is None or isinstance(setting, Unreadable):
        return setting
    found = [item for item in _configurations(setting) if item.get("Id") == identifier]
    return found[0] if section in LISTED and found else None


def restoration(section: Section, before: Setting, identifier: str | None) -> Call:
    """Return the call that puts `before`, what `affected` answered, back in place.

    Versioning and Object Lock cannot be taken back to never: the one is suspended, the other
    loses its default retention.
    """
    if isinstance(before, Unreadable):
        raise TypeError(f"{section} was not readable")
    if section in LISTED:
        name = _LIST_CALLS[section]
        if before is None:
            return Call(section, f"delete_{name}", {"Id": identifier})
        return Call(section, f"put_{name}", {"Id": identifier, LISTED[section]: before})
    return _RESTORATIONS[section](section, before)


type _Restore = Callable[[Section, Mapping[str, Any] | None], Call]


def _put_or_delete(put: str, name: str, delete: str) -> _Restore:
    def restore(section: Section, before: Mapping[str, Any] | None) -> Call:
        if before is None:
            return Call(section, delete, {})
        return Call(section, put, {name: before})

    return restore


def _restore_policy(section: Section, before: Mapping[str, Any] | None) -> Call:
    if before is None:
        return Call(section, "delete_bucket_policy", {})
    return Call(section, "put_bucket_policy", {"Policy": json.dumps(before)})


def _restore_versioning(section: Section, before: Mapping[str, Any] | None) -> Call:
    status = (before or {}).get("Status", "Suspended")
    return Call(section, "put_bucket_versioning", {"VersioningConfiguration": {"Status": status}})


def _restore_lifecycle(section: Section, before: Mapping[str, Any] | None) -> Call:
    if before is None:
        return Call(section, "delete_bucket_lifecycle", {})
    size = "TransitionDefaultMinimumObjectSize"
    more = {size: before[size]} if size in before else {}
    rules = {"LifecycleConfiguration": {"Rules": before["Rules"]}}
    return Call(section, "put_bucket_lifecycle_configuration", {**rules, **more})


def _restore_logging(section: Section, before: Mapping[str, Any] | None) -> Call:
    status = {"LoggingEnabled": before} if before else {}
    return Call(section, "put_bucket_logging", {"BucketLoggingStatus": status})


def _restore_notification(section: Section, before: Mapping[str, Any] | None) -> Call:
    # What was there was valid once: its destinations need not exist today.
    arguments = {"NotificationConfiguration": before or {}, "SkipDestinationValidation": True}
    return Call(section, "put_bucket_notification_configuration", arguments)


def _restore_lock(section: Section, before: Mapping[str, Any] | None) -> Call:
    lock = before or {"ObjectLockEnabled": "Enabled"}
    return Call(section, "put_object_lock_configuration", {"ObjectLockConfiguration": lock})


def _restore_tags(section: Section, before: Mapping[str, Any] | None) -> Call:
    tags = (before or {}).get("Tags", {})
    if not tags:
        return Call(section, "delete_bucket_tagging", {})
    tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
    return Call(section, "put_bucket_tagging", {"Tagging": {"TagSet": tag_set}})


_BLOCK = _put_or_delete(
    "put_public_access_block", "PublicAccessBlockConfiguration", "delete_public_access_block"
)
_RESTORATIONS: Mapping[Section, _Restore] = {
    Section.ACCOUNT_PUBLIC_ACCESS_BLOCK: _BLOCK,
    Section.PUBLIC_ACCESS_BLOCK: _BLOCK,
    Section.POLICY: _restore_policy,
    Section.OWNERSHIP: _put_or_delete(
        "put_bucket_ownership_controls", "OwnershipControls", "delete_bucket_ownership_controls"
    ),
    Section.ENCRYPTION: _put_or_delete(
        "put_bucket_encryption", "ServerSideEncryptionConfiguration", "delete_bucket_encryption"
    ),
    Section.VERSIONING: _restore_versioning,
    Section.LIFECYCLE: _restore_lifecycle,
    Section.LOGGING: _restore_logging,
    Section.NOTIFICATION: _restore_notification,
    Section.OBJECT_LOCK: _restore_lock,
    Section.TAGS: _restore_tags,
}
