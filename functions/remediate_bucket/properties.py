"""How CloudFormation spells the settings of a bucket, where that differs from S3's API.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html.
All take and return JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from functions.remediate_bucket.bucket_state import Section


def as_property(section: Section, setting: Any) -> Any:
    """Return the setting as the value of its property of AWS::S3::Bucket."""
    spell = _SPELLINGS.get(section)
    return spell(setting) if spell else setting


def _given(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}


def _encryption(setting: Any) -> Any:
    api, property_name = "ApplyServerSideEncryptionByDefault", "ServerSideEncryptionByDefault"
    rules = [
        {property_name if name == api else name: value for name, value in rule.items()}
        for rule in setting["Rules"]
    ]
    return {"ServerSideEncryptionConfiguration": rules}


def _logging(setting: Any) -> Any:
    return {
        "DestinationBucketName": setting.get("TargetBucket"),
        "LogFilePrefix": setting.get("TargetPrefix", ""),
        **_given(TargetObjectKeyFormat=setting.get("TargetObjectKeyFormat")),
    }


def _notification(setting: Any) -> Any:
    if "EventBridgeConfiguration" not in setting:
        return setting
    return {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def _lifecycle(setting: Any) -> Any:
    minimum = setting.get("TransitionDefaultMinimumObjectSize")
    return {
        "Rules": [_rule(rule) for rule in setting["Rules"]],
        **_given(TransitionDefaultMinimumObjectSize=minimum),
    }


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    expiration = rule.get("Expiration", {})
    return _given(
        Id=rule.get("ID"),
        Status=rule["Status"],
        **_scope({"Prefix": rule.get("Prefix"), **rule.get("Filter", {})}),
        AbortIncompleteMultipartUpload=rule.get("AbortIncompleteMultipartUpload"),
        ExpirationInDays=expiration.get("Days"),
        ExpirationDate=_date(expiration.get("Date")),
        ExpiredObjectDeleteMarker=expiration.get("ExpiredObjectDeleteMarker"),
        NoncurrentVersionExpiration=rule.get("NoncurrentVersionExpiration"),
        NoncurrentVersionTransitions=[
            _given(
                StorageClass=one["StorageClass"],
                TransitionInDays=one.get("NoncurrentDays"),
                NewerNoncurrentVersions=one.get("NewerNoncurrentVersions"),
            )
            for one in rule.get("NoncurrentVersionTransitions", ())
        ],
        Transitions=[
            _given(
                StorageClass=one["StorageClass"],
                TransitionInDays=one.get("Days"),
                TransitionDate=_date(one.get("Date")),
            )
            for one in rule.get("Transitions", ())
        ],
    )


def _scope(filter_: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a filter of the API, with or without And, is beside it in CloudFormation."""
    told = {**filter_, **filter_.get("And", {})}
    sizes = {
        name: str(told[name])
        for name in ("ObjectSizeGreaterThan", "ObjectSizeLessThan")
        if name in told
    }
    return _given(
        Prefix=told.get("Prefix"),
        TagFilters=[*told.get("Tags", ()), *([told["Tag"]] if "Tag" in told else ())],
        AccessPointArn=told.get("AccessPointArn"),
        **sizes,
    )


def _date(text: str | None) -> str | None:
    return text and text.replace(" ", "T").replace("+00:00", "Z")


def _inventory(one: Mapping[str, Any]) -> dict[str, Any]:
    to = one["Destination"]["S3BucketDestination"]
    return _given(
        Id=one["Id"],
        Enabled=one["IsEnabled"],
        Destination=_given(
            BucketArn=to["Bucket"],
            BucketAccountId=to.get("AccountId"),
            Format=to["Format"],
            Prefix=to.get("Prefix"),
        ),
        IncludedObjectVersions=one["IncludedObjectVersions"],
        OptionalFields=one.get("OptionalFields"),
        ScheduleFrequency=one["Schedule"]["Frequency"],
        **_scope(one.get("Filter", {})),
    )


def _filtered(one: Mapping[str, Any]) -> dict[str, Any]:
    others = {name: value for name, value in one.items() if name != "Filter"}
    return {**others, **_scope(one.get("Filter", {}))}


def _each(spell: Callable[[Mapping[str, Any]], Any]) -> Callable[[Any], Any]:
    return lambda setting: [spell(one) for one in setting["Configurations"]]


_SPELLINGS: Mapping[Section, Callable[[Any], Any]] = {
    Section.ENCRYPTION: _encryption,
    Section.LIFECYCLE: _lifecycle,
    Section.LOGGING: _logging,
    Section.NOTIFICATION: _notification,
    # What AWS's own services have tagged is not the template's.
    Section.TAGS: lambda setting: [
        {"Key": key, "Value": value}
        for key, value in setting["Tags"].items()
        if not key.lower().startswith("aws:")
    ],
    Section.VERSIONING: lambda setting: {"Status": setting["Status"]},
    Section.INVENTORY: _each(_inventory),
    Section.INTELLIGENT_TIERING: _each(_filtered),
    Section.METRICS: _each(_filtered),
}
