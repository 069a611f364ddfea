"""Whether CloudTrail's trails record what is done with a bucket's objects.

Basic and advanced event selectors:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html.
A selector that is narrower than the bucket does not count. Event data stores are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

type Selectors = Mapping[str, Any]
_OBJECTS = "AWS::S3::Object"


def recorded(selectors: Iterable[Selectors], bucket_arn: str) -> dict[str, bool]:
    """Return whether writes and reads of all of the bucket's objects are recorded.

    `selectors` are GetEventSelectors' answers for the trails that are logging.
    """
    kinds: set[str] = set()
    for answer in selectors:
        for basic in answer.get("EventSelectors") or ():
            kinds |= _basic(basic, bucket_arn)
        for advanced in answer.get("AdvancedEventSelectors") or ():
            kinds |= _advanced(advanced, bucket_arn)
    return {"WritesRecorded": "write" in kinds, "ReadsRecorded": "read" in kinds}


def _basic(selector: Mapping[str, Any], bucket_arn: str) -> set[str]:
    everything = bucket_arn.partition(":::")[0]
    places = {everything, f"{everything}:::", f"{bucket_arn}/"}
    covered = any(
        resource.get("Type") == _OBJECTS and places & set(resource.get("Values") or ())
        for resource in selector.get("DataResources") or ()
    )
    if not covered:
        return set()
    kinds = {"WriteOnly": {"write"}, "ReadOnly": {"read"}, "All": {"read", "write"}}
    return kinds.get(selector.get("ReadWriteType", "All"), set())


def _advanced(selector: Mapping[str, Any], bucket_arn: str) -> set[str]:
    conditions = selector.get("FieldSelectors") or ()
    fields = {item["Field"]: item for item in conditions}
    known = {"eventCategory", "resources.type", "readOnly", "resources.ARN"}
    if (
        fields.keys() - known
        or len(fields) < len(conditions)
        or fields.get("eventCategory", {}).get("Equals") != ["Data"]
        or fields.get("resources.type", {}).get("Equals") != [_OBJECTS]
        or not _covers(fields.get("resources.ARN"), bucket_arn)
    ):
        return set()
    read_only = fields.get("readOnly")
    if read_only is None:
        return {"read", "write"}
    return {"read" if value == "true" else "write" for value in read_only.get("Equals") or ()}


def _covers(field: Mapping[str, Any] | None, bucket_arn: str) -> bool:
    """Whether the field's condition holds for each object of the bucket."""
    if field is None:
        return True
    asked = {key: value for key, value in field.items() if key != "Field" and value}
    if not asked or asked.keys() - {"StartsWith", "NotStartsWith"}:
        return False
    objects = f"{bucket_arn}/"
    inside = any(objects.startswith(prefix) for prefix in asked.get("StartsWith", [""]))
    # As the trail of stacks/governance.yaml leaves out its own bucket.
    left_out = any(
        objects.startswith(prefix) or prefix.startswith(objects)
        for prefix in asked.get("NotStartsWith", ())
    )
    return inside and not left_out
