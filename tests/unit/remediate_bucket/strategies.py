"""Buckets as people leave them behind: any mixture of other people's and Tidegate's settings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from functions.remediate_bucket.bucket_state import BucketState, Section, Setting
from functions.remediate_bucket.control import Profile
from functions.remediate_bucket.policy_statements import is_public
from tests.unit.remediate_bucket import buckets

type Settings = st.SearchStrategy[Any]

_ARN = buckets.ARN


def _optional(**fields: Settings) -> Settings:
    return st.fixed_dictionaries({}, optional=fields)


def _one_or_list(choices: list[str]) -> Settings:
    some = st.lists(st.sampled_from(choices), min_size=1, max_size=3, unique=True)
    return some | st.sampled_from(choices)


BLOCKS: Settings = st.none() | st.fixed_dictionaries(dict.fromkeys(buckets.ALL_ON, st.booleans()))

_PRINCIPALS = st.sampled_from(
    [
        "*",
        {"AWS": "*"},
        {"AWS": ["*"]},
        {"AWS": buckets.ACCOUNT},
        {"AWS": f"arn:aws:iam::{buckets.ACCOUNT}:root"},
        {"AWS": [f"arn:aws:iam::{buckets.OTHER_ACCOUNT}:role/reader"]},
        {"CanonicalUser": "d" * 64},
        {"Service": "logging.s3.amazonaws.com"},
        {"Service": ["cloudtrail.amazonaws.com", "logging.s3.amazonaws.com"]},
    ]
)
_ACTIONS = _one_or_list(
    [
        "*",
        "s3:*",
        "S3:GetObject",
        "s3:Get*",
        "s3:PutObject",
        "s3:PutObject*",
        "s3:PutBucketPolicy",
        "s3:Put*Acl",
        "s3:DeleteBucketPolicy",
        "s3:ListBucket",
    ]
)
_RESOURCES = _one_or_list([_ARN, f"{_ARN}/*", f"{_ARN}*", "*", f"{_ARN}/in/*", f"{_ARN}/?"])
_CONDITIONS: Settings = st.sampled_from(
    [
        {},
        {"Bool": {"aws:SecureTransport": "false"}},
        {"Bool": {"aws:securetransport": False}},
        {"Bool": {"aws:SecureTransport": ["false"]}},
        {"Bool": {"aws:SecureTransport": "true"}},
        {"NumericLessThan": {"s3:TlsVersion": 1.2}},
        {"NumericLessThan": {"s3:TlsVersion": ["1.1"]}},
        {"StringNotEquals": {"aws:PrincipalAccount": buckets.ACCOUNT}},
        {"StringEquals": {"aws:PrincipalOrgID": "o-abcdef"}},
        {"StringEquals": {"aws:SourceAccount": buckets.ACCOUNT}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}},
        {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}},
        {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
        {"Null": {"s3:x-amz-server-side-encryption": "true"}},
        {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}},
        {
            "StringNotEquals": {"s3:x-amz-server-side-encryption": ["aws:kms", "aws:kms:dsse"]},
            "Null": {"s3:x-amz-server-side-encryption": "false"},
        },
    ]
)
_SIDS = [
    "TidegateDenyInsecureTransport",
    "TidegateDenyOldTls",
    "TidegateDenyRiskyCrossAccountActions",
    "TidegateDenyWrongEncryption",
    "TidegateAllowAccessLogDelivery",
]


_GUARDS: list[Mapping[str, Any]] = [
    {"Bool": {"aws:SecureTransport": "false"}},
    {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
    {
        "StringNotEquals": {"aws:PrincipalAccount": buckets.ACCOUNT},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    },
    {
        "StringNotEquals": {"s3:x-amz-server-side-encryption": ["aws:kms", "aws:kms:dsse"]},
        "Null": {"s3:x-amz-server-side-encryption": "false"},
    },
]


@st.composite
def guards(draw: st.DrawFn) -> dict[str, Any]:
    """A statement that does what a control asks for, or misses it in one or two places."""
    condition: dict[str, Any] = dict(draw(st.sampled_from(_GUARDS)))
    guard: dict[str, Any] = {
        "Effect": "Deny",
        "Principal": draw(st.sampled_from(["*", {"AWS": "*"}])),
        "Action": draw(st.sampled_from(["s3:*", "*", ["S3:*"]])),
        "Resource": draw(st.sampled_from([[_ARN, f"{_ARN}/*"], f"{_ARN}*", "*"])),
        "Condition": condition,
    }
    misses = {
        "Principal": _PRINCIPALS,
        "Action": _ACTIONS,
        "Resource": _RESOURCES | st.just([_ARN, f"{_ARN}/?"]),
        "Condition": _CONDITIONS.map(lambda more: condition | more) | _CONDITIONS,
    }
    for name in draw(st.lists(st.sampled_from(sorted(misses)), max_size=2, unique=True)):
        guard[name] = draw(misses[name])
    return guard


@st.composite
def any_statements(draw: st.DrawFn) -> dict[str, Any]:
    """Any statement, without a Sid."""
    statement: dict[str, Any] = {"Effect": draw(st.sampled_from(["Allow", "Deny"]))}
    statement[draw(st.sampled_from(["Principal"] * 5 + ["NotPrincipal"]))] = draw(_PRINCIPALS)
    statement[draw(st.sampled_from(["Action"] * 5 + ["NotAction"]))] = draw(_ACTIONS)
    statement[draw(st.sampled_from(["Resource"] * 5 + ["NotResource"]))] = draw(_RESOURCES)
    condition = draw(_CONDITIONS)
    return {**statement, "Condition": condition} if condition else statement


def statements() -> Settings:
    """A statement, without a Sid."""
    return guards() | any_statements()


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any] | None:
    """A policy of others' statements, and of ours as somebody may have altered them."""
    found = draw(st.lists(statements(), max_size=4))
    if not found:
        return None
    sids = draw(st.permutations([*_SIDS, "AllowReaders", "Stmt1", "Stmt2", None, None, None]))
    named = [
        {"Sid": sid, **statement} if sid else statement
        for sid, statement in zip(sids, found, strict=False)
    ]
    policy: dict[str, Any] = {"Version": draw(st.sampled_from(["2012-10-17", "2008-10-17"]))}
    if draw(st.booleans()):
        policy["Id"] = "somebody's"
    policy["Statement"] = named[0] if len(named) == 1 and draw(st.booleans()) else named
    return policy


_GRANTS = st.lists(
    st.sampled_from(
        [
            buckets.grant(buckets.ALL_USERS, "READ"),
            buckets.grant(buckets.ALL_USERS, "WRITE"),
            buckets.grant(buckets.LOG_DELIVERY, "WRITE"),
            {"Grantee": {"Type": "CanonicalUser", "ID": "e" * 64}, "Permission": "READ_ACP"},
        ]
    ),
    max_size=2,
)
OWNERSHIPS: Settings = st.none() | st.sampled_from(
    ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]
).map(lambda owner: {"Rules": [{"ObjectOwnership": owner}]})

_BY_DEFAULT = st.sampled_from(
    [
        {"SSEAlgorithm": "AES256"},
        {"SSEAlgorithm": "aws:kms"},
        {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/theirs"},
        {"SSEAlgorithm": "aws:kms:dsse", "KMSMasterKeyID": buckets.KEY_ARN},
        {"SSEAlgorithm": "aws:fsx"},
    ]
)
ENCRYPTIONS: Settings = st.none() | st.fixed_dictionaries(
    {"ApplyServerSideEncryptionByDefault": _BY_DEFAULT},
    optional={
        "BucketKeyEnabled": st.booleans(),
        "BlockedEncryptionTypes": st.sampled_from(
            [{"EncryptionType": ["NONE"]}, {"EncryptionType": ["SSE-C"]}, {}]
        ),
    },
).map(lambda rule: {"Rules": [rule]})

VERSIONINGS: Settings = st.sampled_from(
    [
        {},
        {"Status": "Enabled"},
        {"Status": "Suspended", "MFADelete": "Disabled"},
        {"Status": "Enabled", "MFADelete": "Enabled"},
        {"Status": "Suspended", "MFADelete": "Enabled"},
    ]
)

_DAYS = st.integers(1, 400)
_LIFECYCLE_ACTIONS = _optional(
    Expiration=st.just({"Days": 30}) | st.just({"Date": dt.datetime(2030, 1, 1, tzinfo=dt.UTC)}),
    Transitions=st.just([{"Days": 60, "StorageClass": "GLACIER"}]),
    NoncurrentVersionExpiration=st.fixed_dictionaries(
        {"NoncurrentDays": _DAYS}, optional={"NewerNoncurrentVersions": st.integers(1, 5)}
    ),
    NoncurrentVersionTransitions=st.just([{"NoncurrentDays": 30, "StorageClass": "GLACIER"}]),
    AbortIncompleteMultipartUpload=st.fixed_dictionaries({"DaysAfterInitiation": _DAYS}),
)
_FILTERS = st.sampled_from(
    [{}, {"Prefix": ""}, {"Prefix": "logs/"}, {"Tag": {"Key": "a", "Value": "b"}}]
)
_RULE_IDS = ["tidegate-abort-incomplete-uploads", "tidegate-expire-noncurrent-versions", "a", "b"]


@st.composite
def lifecycles(draw: st.DrawFn) -> dict[str, Any] | None:
    """Rules of others and ours as somebody may have altered them, in one of S3's two forms."""
    ids = draw(st.lists(st.sampled_from(_RULE_IDS), max_size=4, unique=True))
    if not ids:
        return None
    is_older_form = draw(st.booleans())
    rules = []
    for rule_id in ids:
        scope: dict[str, Any] = (
            {"Prefix": draw(st.sampled_from(["", "logs/"]))}
            if is_older_form
            else {"Filter": draw(_FILTERS)}
        )
        status = draw(st.sampled_from(["Enabled", "Disabled"]))
        rules.append({"ID": rule_id, "Status": status, **scope, **draw(_LIFECYCLE_ACTIONS)})
    minimum = st.sampled_from(["varies_by_storage_class", "all_storage_classes_128K"])
    return {"Rules": rules, "TransitionDefaultMinimumObjectSize": draw(minimum)}


LOGGINGS: Settings = st.none() | st.fixed_dictionaries(
    {
        "TargetBucket": st.sampled_from(["elsewhere", "logs", buckets.NAME]),
        "TargetPrefix": st.just("p/"),
    },
    optional={"TargetObjectKeyFormat": st.just({"SimplePrefix": {}})},
)


def _told(member: str, arn: str) -> Settings:
    return st.lists(
        st.fixed_dictionaries(
            {
                "Id": st.sampled_from(["one", "two"]),
                member: st.just(arn),
                "Events": st.just(["s3:ObjectCreated:*"]),
            },
            optional={
                "Filter": st.just({"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}})
            },
        ),
        min_size=1,
        max_size=2,
    )


NOTIFICATIONS: Settings = _optional(
    TopicConfigurations=_told("TopicArn", "arn:aws:sns:eu-central-1:111122223333:t"),
    QueueConfigurations=_told("QueueArn", "arn:aws:sqs:eu-central-1:111122223333:q"),
    LambdaFunctionConfigurations=_told(
        "LambdaFunctionArn", "arn:aws:lambda:eu-central-1:111122223333:function:f"
    ),
    EventBridgeConfiguration=st.just({}),
)

OBJECT_LOCKS: Settings = st.none() | st.sampled_from(
    [
        {"ObjectLockEnabled": "Enabled"},
        {
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 7}},
        },
    ]
)
REPLICATIONS: Settings = st.none() | st.sampled_from(["Enabled", "Disabled"]).map(
    lambda status: {"Role": "r", "Rules": [{"Status": status}]}
)


def _configurations(*choices: Mapping[str, Any]) -> Settings:
    some = st.lists(st.sampled_from(choices), max_size=3, unique_by=lambda one: one["Id"])
    return some.map(lambda found: {"Configurations": found})


TIERINGS: Settings = _configurations(
    {"Id": "theirs", "Status": "Disabled", "Tierings": []},
    {"Id": "others", "Status": "Enabled", "Tierings": []},
    {"Id": "tidegate", "Status": "Disabled", "Tierings": []},
)
INVENTORIES: Settings = _configurations(
    {"Id": "theirs", "IsEnabled": False},
    {"Id": "others", "IsEnabled": True},
    {"Id": "tidegate", "IsEnabled": False},
)
METRICS: Settings = _configurations(
    {"Id": "theirs", "Filter": {"Prefix": "in/"}},
    {"Id": "EntireBucket"},
    {"Id": "tidegate", "Filter": {"Prefix": "in/"}},
)
_TAG_KEYS = st.sampled_from(["owner", "cost-center", "team", "aws:cloudformation:stack-name"])
TAGS: Settings = st.one_of(
    st.dictionaries(_TAG_KEYS, st.text("abc", max_size=3)),
    st.integers(47, 50).map(lambda count: {f"tag-{number}": "" for number in range(count)}),
).map(lambda tags: {"Tags": tags})
ACCESS_POINTS: Settings = st.lists(
    st.fixed_dictionaries({"Name": st.just("point"), "PublicAccessBlock": BLOCKS.filter(bool)}),
    max_size=2,
).map(lambda points: {"AccessPoints": points})


@st.composite
def states(draw: st.DrawFn) -> BucketState:
    """A bucket of which everything could be read."""
    policy = draw(policies())
    found = policy["Statement"] if policy else []
    listed = found if isinstance(found, list) else [found]
    ownership = draw(OWNERSHIPS)
    enforced = ownership == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    settings: dict[Section, Setting] = {
        Section.ACCOUNT_PUBLIC_ACCESS_BLOCK: draw(BLOCKS),
        Section.PUBLIC_ACCESS_BLOCK: draw(BLOCKS),
        Section.POLICY: policy,
        # S3's own judgement, here by the same rule.
        Section.POLICY_STATUS: {"IsPublic": any(map(is_public, listed))} if policy else None,
        # Where ACLs are disabled, S3 shows the owner's grant alone.
        Section.ACL: buckets.acl(*([] if enforced else draw(_GRANTS))),
        Section.OWNERSHIP: ownership,
        Section.ENCRYPTION: draw(ENCRYPTIONS),
        Section.VERSIONING: draw(VERSIONINGS),
        Section.LIFECYCLE: draw(lifecycles()),
        Section.LOGGING: draw(LOGGINGS),
        Section.NOTIFICATION: draw(NOTIFICATIONS),
        Section.OBJECT_LOCK: draw(OBJECT_LOCKS),
        Section.REPLICATION: draw(REPLICATIONS),
        Section.INTELLIGENT_TIERING: draw(TIERINGS),
        Section.INVENTORY: draw(INVENTORIES),
        Section.METRICS: draw(METRICS),
        Section.WEBSITE: draw(st.none() | st.just(buckets.WEBSITE)),
        Section.TAGS: draw(TAGS),
        Section.ACCESS_POINTS: draw(ACCESS_POINTS),
        Section.TRAILS: draw(
            st.fixed_dictionaries(dict.fromkeys(("WritesRecorded", "ReadsRecorded"), st.booleans()))
        ),
    }
    name = draw(st.sampled_from([buckets.NAME] * 4 + ["logs", "lists"]))
    sources = draw(st.sampled_from([None, {}, {"source": "p/"}, {"source": "", "second": "q/"}]))
    log_target = True if sources else draw(st.sampled_from([False, False, None, True]))
    return BucketState(name, buckets.REGION, buckets.ACCOUNT, settings, log_target, sources)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """What operators may ask for."""
    regions = st.sampled_from([buckets.REGION, buckets.REGION, "us-east-1", None])
    return Profile(
        log_target_bucket=draw(st.sampled_from(["logs", None])),
        log_target_region=draw(regions),
        log_prefix=draw(st.sampled_from(["", "access/"])),
        kms_key_arn=draw(
            st.sampled_from([buckets.KEY_ARN, buckets.KEY_ARN.replace("eu-central-1", "us-east-1")])
            | st.none()
        ),
        noncurrent_days=draw(_DAYS),
        abort_uploads_days=draw(st.integers(1, 30)),
        lock_days=draw(st.integers(1, 3650)),
        required_tags=draw(
            st.sampled_from([{}, {"owner": "nobody yet", "team": ""}, {"aws:mine": "x"}])
        ),
        allowed_external_actions=draw(
            st.sampled_from([frozenset[str](), frozenset({"s3:PutObjectAcl"})])
        ),
        inventory_target_bucket=draw(st.sampled_from(["lists", None])),
        inventory_target_region=draw(regions),
        archive_after_days=draw(st.sampled_from([90, 730, 10])),
    )
