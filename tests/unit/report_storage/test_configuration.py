"""A bucket's rules, in words and in effect."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from functions.report_storage.configuration import Configuration, rule_of


def stubbed(*answers: tuple[str, dict[str, Any], dict[str, Any]]) -> Configuration:
    """Return a configuration whose S3 answers these calls in turn."""
    s3 = boto3.client(
        "s3", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    stubber = Stubber(s3)
    for operation, answer, asked in answers:
        stubber.add_response(operation, answer, {"Bucket": "one", **asked})
    stubber.activate()
    return Configuration(s3)


def test_rule_is_told_in_words() -> None:
    """Everything that a rule does is told, and what the recommendations look for is set."""
    rule = rule_of(
        {
            "ID": "tidy",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "Transitions": [
                {"Days": 30, "StorageClass": "STANDARD_IA"},
                {"Date": datetime(2027, 1, 1, tzinfo=UTC), "StorageClass": "GLACIER"},
            ],
            "Expiration": {"Days": 365},
            "NoncurrentVersionTransitions": [{"NoncurrentDays": 10, "StorageClass": "GLACIER_IR"}],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 60, "NewerNoncurrentVersions": 3},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        }
    )

    assert rule.actions == (
        "to STANDARD_IA after 30 days",
        "to GLACIER on 2027-01-01",
        "noncurrent to GLACIER_IR after 10 days",
        "expire after 365 days",
        "expire noncurrent after 60 days, 3 kept",
        "abort uploads after 7 days",
    )
    assert (rule.enabled, rule.whole, rule.aborts_uploads) == (True, True, True)
    assert (rule.expires_noncurrent, rule.expires_after_days) == (True, 365)
    assert rule.moves_to == ("STANDARD_IA", "GLACIER")


@pytest.mark.parametrize(
    "part",
    [
        {"Filter": {"Prefix": "logs/"}},
        {"Filter": {"Tag": {"Key": "a", "Value": "b"}}},
        {"Filter": {"ObjectSizeGreaterThan": 1000}},
        {"Filter": {"And": {"Prefix": "a", "Tags": []}}},
        {"Prefix": "logs/"},
    ],
)
def test_rule_with_a_filter_is_for_a_part_alone(part: dict[str, Any]) -> None:
    """Whatever narrows a rule keeps it from being taken for one of the whole bucket."""
    assert not rule_of({"Status": "Enabled", "Expiration": {"Days": 1}, **part}).whole


def test_lone_delete_markers_are_told() -> None:
    """A rule that only tidies markers expires nothing."""
    rule = rule_of({"Status": "Disabled", "Expiration": {"ExpiredObjectDeleteMarker": True}})

    assert rule.actions == ("remove lone delete markers",)
    assert (rule.enabled, rule.expires_after_days) == (False, None)


def test_request_metrics_of_a_part_do_not_count_for_the_whole() -> None:
    """A filter of a prefix counts that prefix's requests; all pages are looked through."""
    operation = "list_bucket_metrics_configurations"
    part = {"Id": "logs", "Filter": {"Prefix": "logs/"}}
    more = {"IsTruncated": True, "NextContinuationToken": "t", "MetricsConfigurationList": [part]}
    last = {"IsTruncated": False, "MetricsConfigurationList": [{"Id": "all"}]}
    none = {"IsTruncated": False, "MetricsConfigurationList": [part]}

    pages = stubbed((operation, more, {}), (operation, last, {"ContinuationToken": "t"}))
    assert pages.whole_metrics("one") == "all"
    assert stubbed((operation, none, {})).whole_metrics("one") is None


def test_tiering_in_force_is_told_in_words() -> None:
    """Disabled configurations are not in force; a filtered one says so."""
    tierings = [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]
    answer = {
        "IntelligentTieringConfigurationList": [
            {"Id": "a", "Status": "Enabled", "Tierings": tierings},
            {"Id": "b", "Status": "Disabled", "Tierings": tierings},
            {"Id": "c", "Status": "Enabled", "Tierings": tierings, "Filter": {"Prefix": "x"}},
        ]
    }

    found = stubbed(("list_bucket_intelligent_tiering_configurations", answer, {})).tiering("one")

    assert found == (
        "a: ARCHIVE_ACCESS after 90 days",
        "c: ARCHIVE_ACCESS after 90 days (a part of the bucket)",
    )


def test_bucket_that_never_kept_versions_is_off() -> None:
    """S3 answers nothing at all there."""
    assert stubbed(("get_bucket_versioning", {}, {})).versioning("one") == "Off"
    suspended = stubbed(("get_bucket_versioning", {"Status": "Suspended"}, {}))
    assert suspended.versioning("one") == "Suspended"
