"""What S3 does with a call: refuse it, or replace one section and write it down in its own way.

Pure: it takes the state of a bucket and returns the next one. It is as strict as S3 where controls
could go wrong, and rewrites what it takes as S3 does (single elements stand alone, empty filters
lose their form, defaults are filled in), so that a control which compares text would never settle.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call
from functions.remediate_bucket.policy_statements import as_list, is_public
from tests.unit.remediate_bucket.buckets import OWNER, with_section

_MODELS = botocore.session.get_session()
_METHODS = {
    service: {
        botocore.xform_name(operation): operation
        for operation in _MODELS.get_service_model(service).operation_names
    }
    for service in ("s3", "s3control")
}


class RefusedError(Exception):
    """S3 refuses the call."""


def apply(state: BucketState, call: Call) -> BucketState:
    """Return the bucket after the call. Raises RefusedError for what S3 does not take."""
    validate(state, call)
    # Nothing that the caller still holds may change.
    arguments = copy.deepcopy(dict(call.arguments))
    return _EFFECTS[call.operation](state, call.section, arguments)


def validate(state: BucketState, call: Call) -> None:
    """Hold the arguments to botocore's model, with what the caller adds."""
    on_account = call.section is Section.ACCOUNT_PUBLIC_ACCESS_BLOCK
    service = "s3control" if on_account else "s3"
    operation = _METHODS[service][call.operation]
    shape = _MODELS.get_service_model(service).operation_model(operation).input_shape
    assert shape is not None
    added = (
        {"AccountId": state.account_id}
        if on_account
        else {"Bucket": state.name, "ExpectedBucketOwner": state.account_id}
    )
    report = ParamValidator().validate({**call.arguments, **added}, shape)
    if report.has_errors():
        raise RefusedError(report.generate_report())


def _refuse_if(wrong: bool, why: str) -> None:
    if wrong:
        raise RefusedError(why)


def _block(state: BucketState, section: Section, asked: dict[str, Any]) -> BucketState:
    return with_section(state, section, asked["PublicAccessBlockConfiguration"])


def _policy(state: BucketState, _section: Section, asked: dict[str, Any]) -> BucketState:
    text: str = asked["Policy"]
    _refuse_if(len(text.encode()) > 20480, "MalformedPolicy: too large")
    document = json.loads(text)
    found = as_list(document["Statement"])
    sids = [one["Sid"] for one in found if "Sid" in one]
    _refuse_if(len(sids) != len(set(sids)), "MalformedPolicy: Sids are not unique")
    public = any(is_public(one) for one in found)
    blocks = (Section.PUBLIC_ACCESS_BLOCK, Section.ACCOUNT_PUBLIC_ACCESS_BLOCK)
    refuses = any((state.known(block) or {}).get("BlockPublicPolicy") for block in blocks)
    _refuse_if(public and refuses, "AccessDenied: public policy")
    document["Statement"] = [normal_statement(one) for one in found]
    state = with_section(state, Section.POLICY, document)
    return with_section(state, Section.POLICY_STATUS, {"IsPublic": public})


def normal_statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    """Return a statement as S3 writes it: one element stands alone, and booleans are text."""
    normal: dict[str, Any] = json.loads(json.dumps(statement))
    for name in ("Action", "NotAction", "Resource", "NotResource"):
        if name in normal:
            normal[name] = _alone(normal[name])
    for name in ("Principal", "NotPrincipal"):
        if isinstance(normal.get(name), dict):
            normal[name] = {kind: _alone(names) for kind, names in normal[name].items()}
    for keys in normal.get("Condition", {}).values():
        for key, values in keys.items():
            texts = [
                str(value).lower() if isinstance(value, bool) else value
                for value in as_list(values)
            ]
            keys[key] = _alone(texts)
    return normal


def _alone(value: Any) -> Any:
    values = as_list(value)
    return values[0] if len(values) == 1 else values


def _ownership(state: BucketState, section: Section, asked: dict[str, Any]) -> BucketState:
    grants = (state.known(Section.ACL) or {})["Grants"]
    others = [grant for grant in grants if grant["Grantee"].get("ID") != OWNER]
    _refuse_if(bool(others), "InvalidBucketAclWithObjectOwnership")
    return with_section(state, section, asked["OwnershipControls"])


def _encryption(state: BucketState, section: Section, asked: dict[str, Any]) -> BucketState:
    rules = asked["ServerSideEncryptionConfiguration"]["Rules"]
    _refuse_if(len(rules) != 1, "MalformedXML: one rule")
    _refuse_if("ApplyServerSideEncryptionByDefault" not in rules[0], "MalformedXML: no default")
    rule = {"BucketKeyEnabled": False, **rules[0]}
    by_default = rule["ApplyServerSideEncryptionByDefault"]
    _refuse_if(
        by_default["SSEAlgorithm"] == "AES256" and "KMSMasterKeyID" in by_default,
        "InvalidArgument: a KMS key with SSE-S3",
    )
    return with_section(state, section, {"Rules": [rule]})


def _versioning(state: BucketState, section: Section, asked: dict[str, Any]) -> BucketState:
    before = state.known(section) or {}
    wanted = asked["VersioningConfiguration"]
    needs_root = before.get("MFADelete") == "Enabled" or "MFADelete" in wanted
    _refuse_if(needs_root, "AccessDenied: root user with MFA only")
    return with_section(state, section, {**before, "Status": wanted["Status"]})


def _lifecycle(state: BucketState, section: Section, asked: dict[str, Any]) -> BucketState:
    mfa = (state.known(Section.VERSIONING) or {}).get("MFADelete")
    _refuse_if(mfa == "Enabled", "InvalidBucketState: MFA delete")
    rules = asked["LifecycleConfiguration"]["Rules"]
    _refuse_if(not 1 <= len(rules) <= 1000, "InvalidRequest: number of rules")
    ids = [rule["ID"] for rule in rules]
    _refuse_if(len(ids) != len(set(ids)), "InvalidArgument: IDs are not unique")
    older = ["Filter" not in rule for rule in rules]
    _refuse_if(any(older) and not all(older), "InvalidRequest: Filter only in Lifecycle V2")
    for rule in rules:
        if rule.get("Filter") == {"Prefix": ""}:
            rule["Filter"] = {}
    minimum = asked.get("TransitionDefaultMinimumObjectSize", "all_storage_classes_128K")
    lifecycle = {"Rules": rules, "TransitionDefaultMinimumObjectSize": minimum}
    return with_section(state, section, lifecycle)


def _logging(state: BucketState, section: Section, asked: dict[str, Any]) -> BucketState:
    wanted = asked["BucketLoggingStatus"].get("LoggingEnabled")
    _refuse_if(bool(wanted) and wanted["TargetBucket"] == state.name, "it would log to itself")
    return with_section(state, section, wanted)


def _notification(state: BucketState, section: Section, asked: dict[str, Any]) -> BucketState:
    _refuse_if(not asked.get("SkipDestinationValidation"), "InvalidArgument: a queue is gone")
    return with_section(state, section, asked["NotificationConfiguration"])


def _object_lock(state: BucketState, section: Section, asked: dict[str, Any]) -> BucketState:
    status = (state.known(Section.VERSIONING) or {}).get("Status")
    _refuse_if(status != "Enabled", "InvalidBucketState: versioning")
    lock = asked["ObjectLockConfiguration"]
    _refuse_if(lock.get("ObjectLockEnabled") != "Enabled", "MalformedXML")
    retention = lock["Rule"]["DefaultRetention"]
    _refuse_if(("Days" in retention) == ("Years" in retention), "MalformedXML: days or years")
    return with_section(state, section, lock)


def _tagging(state: BucketState, section: Section, asked: dict[str, Any]) -> BucketState:
    pairs = asked["Tagging"]["TagSet"]
    tags = {pair["Key"]: pair["Value"] for pair in pairs}
    _refuse_if(len(tags) != len(pairs), "InvalidTag: keys are not unique")
    before = (state.known(section) or {}).get("Tags", {})
    ours = {key: value for key, value in tags.items() if key.lower().startswith("aws:")}
    theirs = {key: value for key, value in before.items() if key.lower().startswith("aws:")}
    _refuse_if(ours != theirs, "InvalidTag: system tags")
    _refuse_if(len(tags) - len(ours) > 50, "InvalidTag: too many")
    return with_section(state, section, {"Tags": tags})


def _configuration(member: str) -> Callable[[BucketState, Section, dict[str, Any]], BucketState]:
    def put(state: BucketState, section: Section, asked: dict[str, Any]) -> BucketState:
        wanted = asked[member]
        _refuse_if(wanted["Id"] != asked["Id"], "InvalidArgument: two Ids")
        before = (state.known(section) or {}).get("Configurations", ())
        kept = [one for one in before if one["Id"] != wanted["Id"]]
        _refuse_if(len(kept) >= 1000, "TooManyConfigurations")
        return with_section(state, section, {"Configurations": [*kept, wanted]})

    return put


_EFFECTS: Mapping[str, Callable[[BucketState, Section, dict[str, Any]], BucketState]] = {
    "put_public_access_block": _block,
    "put_bucket_policy": _policy,
    "put_bucket_ownership_controls": _ownership,
    "put_bucket_encryption": _encryption,
    "put_bucket_versioning": _versioning,
    "put_bucket_lifecycle_configuration": _lifecycle,
    "put_bucket_logging": _logging,
    "put_bucket_notification_configuration": _notification,
    "put_object_lock_configuration": _object_lock,
    "put_bucket_tagging": _tagging,
    "put_bucket_intelligent_tiering_configuration": _configuration(
        "IntelligentTieringConfiguration"
    ),
    "put_bucket_inventory_configuration": _configuration("InventoryConfiguration"),
    "put_bucket_metrics_configuration": _configuration("MetricsConfiguration"),
}
