"""What reads, writes and answers AWS, against botocore's own model of each call."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.response import StreamingBody

from functions.remediate_bucket import data_events, wiring
from functions.remediate_bucket.bucket_state import Section, Unreadable
from functions.remediate_bucket.control import Call, Profile
from functions.remediate_bucket.deliveries import AccessLogs, receives_logs
from functions.remediate_bucket.errors import BucketMissingError
from functions.remediate_bucket.kept import Kept
from functions.remediate_bucket.messages import Messages
from functions.remediate_bucket.regions import Bucket, Regions
from functions.remediate_bucket.reports import Reports
from functions.remediate_bucket.trigger import ACCOUNT
from functions.remediate_bucket.writer import Writer
from tests.unit.remediate_bucket.buckets import ACCOUNT as ACCOUNT_ID
from tests.unit.remediate_bucket.buckets import (
    ALL_ON,
    ALL_USERS,
    LOG_DELIVERY,
    NAME,
    acl,
    bucket,
    grant,
)
from tests.unit.remediate_bucket.buckets import policy as policy_of
from tests.unit.remediate_bucket.stubbed_aws import HERE, NAMED, REGION, Aws
from tidegate.errors import (
    MisconfiguredError,
    PermanentError,
    TransientError,
)

# --- reading

READ: list[tuple[Section, str, Any, Any]] = [
    (
        Section.PUBLIC_ACCESS_BLOCK,
        "get_public_access_block",
        {"PublicAccessBlockConfiguration": ALL_ON},
        ALL_ON,
    ),
    (Section.POLICY, "get_bucket_policy", {"Policy": '{"Statement": []}'}, {"Statement": []}),
    (
        Section.POLICY_STATUS,
        "get_bucket_policy_status",
        {"PolicyStatus": {"IsPublic": True}},
        {"IsPublic": True},
    ),
    (Section.VERSIONING, "get_bucket_versioning", {}, {}),
    (Section.VERSIONING, "get_bucket_versioning", {"Status": "Enabled"}, {"Status": "Enabled"}),
    (Section.LOGGING, "get_bucket_logging", {}, None),
    (Section.NOTIFICATION, "get_bucket_notification_configuration", {}, {}),
    (
        Section.TAGS,
        "get_bucket_tagging",
        {"TagSet": [{"Key": "a", "Value": "b"}]},
        {"Tags": {"a": "b"}},
    ),
    (
        Section.OWNERSHIP,
        "get_bucket_ownership_controls",
        {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}},
        {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
    ),
    (
        Section.WEBSITE,
        "get_bucket_website",
        {"IndexDocument": {"Suffix": "i"}},
        {"IndexDocument": {"Suffix": "i"}},
    ),
]


@pytest.mark.parametrize(("section", "operation", "answer", "setting"), READ)
def test_section_is_read_for_its_owner_alone(
    aws: Aws, section: Section, operation: str, answer: Any, setting: Any
) -> None:
    """Each call names the account that the bucket must belong to, and answers the bare setting."""
    aws.answers(operation, answer)

    assert aws.read(section) == setting


@pytest.mark.parametrize(
    ("section", "operation", "code"),
    [
        (
            Section.PUBLIC_ACCESS_BLOCK,
            "get_public_access_block",
            "NoSuchPublicAccessBlockConfiguration",
        ),
        (Section.POLICY, "get_bucket_policy", "NoSuchBucketPolicy"),
        (Section.POLICY_STATUS, "get_bucket_policy_status", "NoSuchBucketPolicy"),
        (Section.OWNERSHIP, "get_bucket_ownership_controls", "OwnershipControlsNotFoundError"),
        (
            Section.ENCRYPTION,
            "get_bucket_encryption",
            "ServerSideEncryptionConfigurationNotFoundError",
        ),
        (
            Section.LIFECYCLE,
            "get_bucket_lifecycle_configuration",
            "NoSuchLifecycleConfiguration",
        ),
        (
            Section.OBJECT_LOCK,
            "get_object_lock_configuration",
            "ObjectLockConfigurationNotFoundError",
        ),
        (
            Section.REPLICATION,
            "get_bucket_replication",
            "ReplicationConfigurationNotFoundError",
        ),
        (Section.WEBSITE, "get_bucket_website", "NoSuchWebsiteConfiguration"),
        (Section.TAGS, "get_bucket_tagging", "NoSuchTagSet"),
    ],
)
def test_setting_that_is_not_there_is_none(
    aws: Aws, section: Section, operation: str, code: str
) -> None:
    """S3 tells by an error that nothing is set."""
    aws.refuses(operation, code, 404)

    assert aws.read(section) is None


def test_denied_setting_is_unreadable_and_not_absent(aws: Aws) -> None:
    """AccessDenied, another account's bucket among it, is never taken for a setting."""
    aws.refuses("get_bucket_policy", "AccessDenied")

    assert isinstance(aws.read(Section.POLICY), Unreadable)


def test_throttled_setting_is_raised(aws: Aws) -> None:
    """Slowing down for good is no finding: the message comes back."""
    aws.refuses("get_bucket_policy", "SlowDown", 503)

    with pytest.raises(TransientError):
        aws.read(Section.POLICY)


def test_bucket_gone_between_two_reads_is_named(aws: Aws) -> None:
    """A bucket deleted meanwhile is not one without a policy."""
    aws.refuses("get_bucket_policy", "NoSuchBucket", 404)

    with pytest.raises(BucketMissingError):
        aws.read(Section.POLICY)


def test_listed_configurations_are_read_to_the_end(aws: Aws) -> None:
    """All pages, for a control that missed one would configure it twice."""
    aws.answers(
        "list_bucket_metrics_configurations",
        {
            "MetricsConfigurationList": [{"Id": "a"}],
            "IsTruncated": True,
            "NextContinuationToken": "2",
        },
    )
    aws.answers(
        "list_bucket_metrics_configurations",
        {"MetricsConfigurationList": [{"Id": "b"}], "IsTruncated": False},
        {**NAMED, "ContinuationToken": "2"},
    )

    assert aws.read(Section.METRICS) == {"Configurations": [{"Id": "a"}, {"Id": "b"}]}


def test_accounts_block_is_asked_for_once_for_many_buckets(aws: Aws) -> None:
    """A thousand buckets do not ask a thousand times; the account itself is read live."""
    for _ in range(2):
        aws.answers(
            "get_public_access_block",
            {"PublicAccessBlockConfiguration": ALL_ON},
            {"AccountId": ACCOUNT_ID},
            "s3control",
        )
    reader = aws.reader()
    for _ in range(3):
        state = reader.again(bucket(), [Section.ACCOUNT_PUBLIC_ACCESS_BLOCK])
        assert state.setting(Section.ACCOUNT_PUBLIC_ACCESS_BLOCK) == ALL_ON

    live = reader.read(Bucket(ACCOUNT, REGION), [Section.ACCOUNT_PUBLIC_ACCESS_BLOCK])

    assert live.setting(Section.ACCOUNT_PUBLIC_ACCESS_BLOCK) == ALL_ON


def test_access_points_are_those_of_the_bucket(aws: Aws) -> None:
    """All access points of the Region are listed once, and given to their buckets."""
    point = {"Name": "point", "NetworkOrigin": "Internet", "Bucket": NAME}
    aws.answers(
        "list_access_points",
        {"AccessPointList": [point, {**point, "Name": "quay", "Bucket": "other"}]},
        {"AccountId": ACCOUNT_ID},
        "s3control",
    )
    for name in ("point", "quay"):
        aws.answers(
            "get_access_point",
            {"PublicAccessBlockConfiguration": ALL_ON},
            {"AccountId": ACCOUNT_ID, "Name": name},
            "s3control",
        )

    assert aws.read(Section.ACCESS_POINTS) == {
        "AccessPoints": [{"Name": "point", "PublicAccessBlock": ALL_ON}]
    }


def test_trails_that_log_tell_what_is_recorded(aws: Aws) -> None:
    """A trail that is stopped does not count."""
    trails = [{"TrailARN": "one"}, {"TrailARN": "two"}]
    aws.answers("describe_trails", {"trailList": trails}, {}, "cloudtrail")
    aws.answers("get_trail_status", {"IsLogging": False}, {"Name": "one"}, "cloudtrail")
    aws.answers("get_trail_status", {"IsLogging": True}, {"Name": "two"}, "cloudtrail")
    everything = {
        "ReadWriteType": "WriteOnly",
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
    }
    aws.answers(
        "get_event_selectors", {"EventSelectors": [everything]}, {"TrailName": "two"}, "cloudtrail"
    )

    assert aws.read(Section.TRAILS) == {"WritesRecorded": True, "ReadsRecorded": False}


ADVANCED = [
    {"Field": "eventCategory", "Equals": ["Data"]},
    {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
]
BOTH, NEITHER = (True, True), (False, False)


def arn(operator: str, place: str) -> dict[str, Any]:
    """Return a selector's condition on the ARN of what is recorded."""
    return {"Field": "resources.ARN", operator: [f"arn:aws:s3:::{place}/"]}


@pytest.mark.parametrize(
    ("fields", "kinds"),
    [
        (ADVANCED, BOTH),
        ([*ADVANCED, {"Field": "readOnly", "Equals": ["false"]}], (True, False)),
        ([*ADVANCED, arn("StartsWith", NAME)], BOTH),
        ([*ADVANCED, arn("StartsWith", f"{NAME}/in")], NEITHER),
        ([*ADVANCED, arn("StartsWith", "other")], NEITHER),
        ([*ADVANCED, arn("NotStartsWith", NAME)], NEITHER),
        ([*ADVANCED, arn("NotStartsWith", f"{NAME}/in")], NEITHER),
        ([*ADVANCED, arn("NotStartsWith", "the-trails-own")], BOTH),
        ([*ADVANCED, {**arn("StartsWith", NAME), **arn("NotStartsWith", f"{NAME}/in")}], NEITHER),
        ([*ADVANCED, {**arn("StartsWith", NAME), **arn("NotStartsWith", "other")}], BOTH),
        ([*ADVANCED, arn("StartsWith", f"{NAME}/in"), arn("StartsWith", NAME)], NEITHER),
        ([*ADVANCED, {"Field": "eventName", "Equals": ["PutObject"]}], NEITHER),
        ([{"Field": "eventCategory", "Equals": ["Management"]}], NEITHER),
    ],
)
def test_selector_counts_where_it_covers_the_whole_bucket(
    fields: list[dict[str, Any]], kinds: tuple[bool, bool]
) -> None:
    """One that is narrower, or of a kind not known here, vouches for nothing."""
    answer = {"AdvancedEventSelectors": [{"FieldSelectors": fields}]}

    told = data_events.recorded([answer], f"arn:aws:s3:::{NAME}")

    assert (told["WritesRecorded"], told["ReadsRecorded"]) == kinds


@pytest.mark.parametrize(
    ("answer", "region"),
    [
        ({}, "us-east-1"),
        ({"LocationConstraint": "EU"}, "eu-west-1"),
        ({"LocationConstraint": "eu-south-2"}, "eu-south-2"),
    ],
)
def test_region_is_told_in_its_present_name(aws: Aws, answer: Any, region: str) -> None:
    """The two oldest Regions have other names there."""
    aws.answers("get_bucket_location", answer)

    assert aws.reader().find(NAME) == Bucket(NAME, region)


def test_target_that_is_made_later_is_found(aws: Aws) -> None:
    """Its Region is asked for until it is known, and then no more."""
    complete = wiring.targets(aws.regions)
    profile = Profile(log_target_bucket=NAME)
    aws.refuses("get_bucket_location", "AccessDenied")
    aws.refuses("get_bucket_location", "NoSuchBucket", 404)
    aws.answers("get_bucket_location", {"LocationConstraint": REGION})

    regions = [complete(profile).log_target_region for _ in range(4)]

    assert regions == [None, None, REGION, REGION]


def test_another_accounts_bucket_is_refused(aws: Aws) -> None:
    """A name that belongs to somebody else is neither looked at nor called gone."""
    aws.refuses("get_bucket_location", "AccessDenied")

    with pytest.raises(MisconfiguredError):
        aws.reader().find(NAME)


def test_bucket_that_does_not_exist_is_named(aws: Aws) -> None:
    """An event about it needs nothing."""
    aws.refuses("get_bucket_location", "NoSuchBucket", 404)

    with pytest.raises(BucketMissingError):
        aws.reader().find(NAME)


def test_all_buckets_are_listed_with_their_regions(aws: Aws) -> None:
    """Page by page, each with the Region in which its own client is asked."""
    first = [{"Name": "b", "BucketRegion": "us-west-2"}]
    aws.answers("list_buckets", {"Buckets": first, "ContinuationToken": "2"}, {"MaxBuckets": 1000})
    aws.answers(
        "list_buckets",
        {"Buckets": [{"Name": "a", "BucketRegion": REGION}]},
        {"MaxBuckets": 1000, "ContinuationToken": "2"},
    )

    assert aws.regions.buckets() == [Bucket("a", REGION), Bucket("b", "us-west-2")]


# --- logs delivered here


def test_bucket_to_which_another_logs_is_a_log_target(aws: Aws) -> None:
    """Told by the account's other buckets, whose prefixes are told as well."""
    aws.answers("list_buckets", {"Buckets": [{"Name": "source", "BucketRegion": REGION}]}, None)
    logging = {"LoggingEnabled": {"TargetBucket": NAME, "TargetPrefix": "s/"}}
    aws.answers("get_bucket_logging", logging, {**NAMED, "Bucket": "source"})
    logs = AccessLogs(aws.regions)

    assert logs.sources(NAME) == {"source": "s/"}
    assert logs.sources("elsewhere") == {}


def test_sources_are_not_known_where_a_bucket_is_closed(aws: Aws) -> None:
    """A bucket that keeps this role out may log anywhere."""
    aws.answers("list_buckets", {"Buckets": [{"Name": "closed", "BucketRegion": REGION}]}, None)
    aws.refuses("get_bucket_logging", "AccessDenied")

    assert AccessLogs(aws.regions).sources(NAME) is None


def test_region_that_is_down_keeps_no_bucket_of_another_waiting(aws: Aws) -> None:
    """Asked once for all buckets, whoever asks; what is known by others is told."""
    listed = [{"Name": name, "BucketRegion": REGION} for name in ("down", "source")]
    aws.answers("list_buckets", {"Buckets": listed}, None)
    logging = {"TargetBucket": NAME, "TargetPrefix": "s/"}
    regions = Regions(REGION, ACCOUNT_ID, lambda service, _region: aws.clients[service])
    down = EndpointConnectionError(endpoint_url="https://s3.down")
    answers: dict[str, Any] = {"down": down, "source": {"LoggingEnabled": logging}}

    def get_bucket_logging(Bucket: str, **_: str) -> Any:  # noqa: N803
        answer = answers.pop(Bucket)
        if isinstance(answer, Exception):
            raise answer
        return answer

    aws.clients["s3"].get_bucket_logging = get_bucket_logging
    logs = AccessLogs(regions)

    assert logs.sources(NAME) == {"source": "s/"}
    assert logs.sources("elsewhere") is None


def test_log_target_is_told_by_policy_and_acl() -> None:
    """Deliveries need leave: without it, and with none told by others, nothing arrives."""
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
    }

    balancers = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::054676820928:root"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{NAME}/edge/AWSLogs/{ACCOUNT_ID}/*",
    }
    cloudfront = "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0"
    granted = {"Grantee": {"Type": "CanonicalUser", "ID": cloudfront}, "Permission": "FULL_CONTROL"}

    assert receives_logs(bucket(policy=policy_of(balancers)), {}) is True
    assert receives_logs(bucket(policy=policy_of({**balancers, "Effect": "Deny"})), {}) is False
    assert receives_logs(bucket(acl=acl(granted)), {}) is True
    assert receives_logs(bucket(), {"source": ""}) is True
    assert receives_logs(bucket(policy=policy_of(allow)), None) is True
    assert receives_logs(bucket(acl=acl(grant(LOG_DELIVERY, "WRITE"))), {}) is True
    assert receives_logs(bucket(), None) is False
    assert receives_logs(bucket(policy=Unreadable("denied")), {}) is None


@pytest.mark.parametrize(
    ("is_website", "is_public", "grants", "is_open"),
    [
        (False, False, [], False),
        (True, False, [], True),
        (False, True, [], True),
        (False, False, [grant(ALL_USERS, "READ")], True),
        (False, False, [grant(LOG_DELIVERY, "WRITE")], False),
    ],
)
def test_bucket_that_the_accounts_block_would_close_is_told(
    aws: Aws, is_website: bool, is_public: bool, grants: list[Any], is_open: bool
) -> None:
    """A website, or public by its policy or by its ACL."""
    aws.answers("list_buckets", {"Buckets": [{"Name": NAME, "BucketRegion": REGION}]}, None)
    if is_website:
        aws.answers("get_bucket_website", {"IndexDocument": {"Suffix": "i"}})
    else:
        aws.refuses("get_bucket_website", "NoSuchWebsiteConfiguration", 404)
    aws.answers("get_bucket_policy_status", {"PolicyStatus": {"IsPublic": is_public}})
    aws.answers("get_bucket_acl", {"Grants": grants})

    assert aws.reader().open_buckets() == ((NAME,) if is_open else ())


def test_account_of_which_one_bucket_is_closed_to_this_role_is_not_known(aws: Aws) -> None:
    """It may be the one that is public."""
    aws.answers("list_buckets", {"Buckets": [{"Name": NAME, "BucketRegion": REGION}]}, None)
    aws.refuses("get_bucket_website", "NoSuchWebsiteConfiguration", 404)
    aws.refuses("get_bucket_policy_status", "NoSuchBucketPolicy", 404)
    aws.refuses("get_bucket_acl", "AccessDenied")

    assert aws.reader().open_buckets() is None


# --- what is kept for a while


def test_answer_is_kept_for_its_time_and_no_longer() -> None:
    """Asked once, then again when it is old; an error is not kept, a missing endpoint is."""
    clock = [0.0]
    asked: list[str] = []
    errors: list[Exception] = []

    def ask(key: str) -> int:
        asked.append(key)
        if errors:
            raise errors.pop()
        return len(asked)

    kept = Kept(10.0, ask, lambda: clock[0])
    assert [kept.of("a"), kept.of("a"), kept.of("b")] == [1, 1, 2]
    clock[0] = 11.0
    errors.append(TransientError("slow"))
    with pytest.raises(TransientError):
        kept.of("a")
    assert kept.of("a") == 4
    clock[0] = 22.0
    errors.append(EndpointConnectionError(endpoint_url="x"))
    for _ in range(2):
        with pytest.raises(EndpointConnectionError):
            kept.of("a")
    assert len(asked) == 5


# --- writing


def test_call_names_the_bucket_and_its_owner(aws: Aws) -> None:
    """What the control leaves out is added, whatever the control says."""
    block = {"PublicAccessBlockConfiguration": ALL_ON}
    aws.answers("put_public_access_block", {}, {**NAMED, **block})
    arguments = {**block, "Bucket": "another"}

    call = Call(Section.PUBLIC_ACCESS_BLOCK, "put_public_access_block", arguments)
    Writer(aws.regions).apply(HERE, call)


def test_accounts_call_goes_to_the_account(aws: Aws) -> None:
    """The same operation of the account's section is another service's."""
    block = {"PublicAccessBlockConfiguration": ALL_ON}
    aws.answers("put_public_access_block", {}, {"AccountId": ACCOUNT_ID, **block}, "s3control")

    call = Call(Section.ACCOUNT_PUBLIC_ACCESS_BLOCK, "put_public_access_block", block)
    Writer(aws.regions).apply(Bucket(ACCOUNT, REGION), call)


@pytest.mark.parametrize("operation", ["delete_bucket", "put_object", "put_bucket_acl", "close"])
def test_no_other_call_is_made(aws: Aws, operation: str) -> None:
    """A plan that asks for anything else makes no call."""
    with pytest.raises(MisconfiguredError):
        Writer(aws.regions).apply(HERE, Call(Section.ACL, operation, {}))


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("AccessDenied", 403, MisconfiguredError),
        ("MalformedPolicy", 400, PermanentError),
        ("OperationAborted", 409, TransientError),
        ("InternalError", 500, TransientError),
    ],
)
def test_refusal_of_a_write_tells_whether_to_try_again(
    aws: Aws, code: str, status: int, error: type[Exception]
) -> None:
    """Only what S3 certainly did not do is a failed change."""
    aws.refuses("delete_bucket_policy", code, status)

    with pytest.raises(error):
        Writer(aws.regions).apply(HERE, Call(Section.POLICY, "delete_bucket_policy", {}))


def test_message_to_go_on_is_sent_to_the_own_queue(aws: Aws) -> None:
    """As JSON, to be understood by the trigger."""
    body = {"mode": "sweep", "run": "1"}
    expected = {"QueueUrl": "https://q", "MessageBody": json.dumps(body)}
    aws.answers("send_message", {}, expected, "sqs")

    Messages(aws.clients["sqs"], "https://q").send(body)


# --- reports


def test_texts_of_a_runs_parts_are_held_once(aws: Aws) -> None:
    """Ten thousand buckets have the same findings: their words would not fit into the memory."""
    rows = [{"bucket": NAME, "findings": [{"reason": "versioning was never on"}]}]
    for _ in range(2):
        body = json.dumps({"rows": rows}).encode()
        answer = {"Body": StreamingBody(BytesIO(body), len(body))}
        aws.answers("get_object", answer, None)
    reports = Reports(aws.clients["s3"], "reports", None)

    one, two = reports.part("run-1", 0), reports.part("run-1", 1)

    assert one
    assert two
    assert one["rows"] == two["rows"] == rows
    assert one["rows"][0]["findings"][0]["reason"] is two["rows"][0]["findings"][0]["reason"]
