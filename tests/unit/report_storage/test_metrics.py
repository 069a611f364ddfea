"""What CloudWatch tells of buckets, read through boto3."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from functions.report_storage.metrics import COUNT, SIZE, Measured, Metric, Metrics
from local.simulated_aws import SimulatedAws, serving
from local.simulated_bucket import Bucket
from tests.unit.report_storage.world import GB, NOW, TODAY
from tidegate.errors import TransientError


def measured(*buckets: Bucket) -> Measured:
    """Return what is read of an account with these buckets."""
    with serving(SimulatedAws.of(*buckets, now=NOW)):
        return Metrics(boto3.client("cloudwatch"), weeks=13).read(NOW)


def test_every_storage_type_that_there_is_is_read() -> None:
    """Types are not looked up in a list of known ones: one of the future is read as well."""
    found = measured(Bucket("one", sizes={"StandardStorage": GB, "HolographicStorage": 2 * GB}))

    storage = found.storage("one", TODAY)
    assert storage is not None
    assert storage.bytes_by_type == {"StandardStorage": GB, "HolographicStorage": 2 * GB}
    assert storage.measured_on == TODAY - timedelta(days=1)


def test_bucket_without_figures_has_no_size() -> None:
    """No datapoints is neither zero nor an error."""
    found = measured(Bucket("one", sizes={"StandardStorage": GB}))

    assert found.storage("other", TODAY) is None
    assert found.objects("other", TODAY) is None
    assert found.objects("one", TODAY) is None
    assert found.history("other") == {}


def test_account_without_metrics_has_no_figures() -> None:
    """Nothing to ask for is not asked for."""
    aws = SimulatedAws.of(Bucket("one"), now=NOW)
    with serving(aws):
        assert Metrics(boto3.client("cloudwatch"), weeks=13).read(NOW).series == {}

    assert "cloudwatch:GetMetricData" not in aws.calls


def test_size_is_that_of_the_newest_day() -> None:
    """A class that has no figure on that day any more is empty."""
    yesterday, before = TODAY - timedelta(days=1), TODAY - timedelta(days=2)
    found = Measured(
        {
            Metric(SIZE, "one", "StandardStorage"): {before: 5.0, yesterday: 7.0},
            Metric(SIZE, "one", "GlacierStorage"): {before: 9.0},
        }
    )

    storage = found.storage("one", TODAY)
    assert storage is not None
    assert (storage.bytes_by_type, storage.measured_on) == ({"StandardStorage": 7}, yesterday)


def test_figure_of_long_ago_is_no_size() -> None:
    """S3 writes none for an empty bucket: what it held last week is not what it holds."""
    found = Measured(
        {
            Metric(SIZE, "one", "StandardStorage"): {TODAY - timedelta(days=4): 5.0},
            Metric(COUNT, "one", "AllStorageTypes"): {TODAY - timedelta(days=4): 5.0},
        }
    )

    assert (found.storage("one", TODAY), found.objects("one", TODAY)) == (None, None)
    assert found.storage("one", TODAY - timedelta(days=1)) is not None


def test_five_hundred_metrics_are_asked_for_at_once() -> None:
    """GetMetricData takes no more; each answer finds its bucket again."""
    buckets = [Bucket(f"b{n:04}", sizes={"StandardStorage": n + 1}) for n in range(750)]
    aws = SimulatedAws.of(*buckets, now=NOW)
    with serving(aws):
        found = Metrics(boto3.client("cloudwatch"), weeks=5).read(NOW)

    assert aws.calls["cloudwatch:GetMetricData"] == 2
    for number in (0, 499, 500, 749):
        storage = found.storage(f"b{number:04}", TODAY)
        assert storage is not None
        assert storage.total_bytes == number + 1


def test_requests_are_the_sum_of_thirty_days() -> None:
    """What was asked before is not this month's."""
    found = measured(Bucket("one", requests={"GetRequests": 1000, "BytesDownloaded": 5 * GB}))

    requests = found.requests("one", "EntireBucket", TODAY)
    assert requests is not None
    assert (requests.gets, requests.bytes_downloaded, requests.puts) == (1000, 5 * GB, 0)


def test_requests_of_today_are_not_among_those_of_thirty_days() -> None:
    """The day that has only begun would be a thirty-first."""
    days = {TODAY - timedelta(days=age): 10.0 for age in range(40)}
    found = Measured({Metric("GetRequests", "one", "EntireBucket"): days})

    requests = found.requests("one", "EntireBucket", TODAY)
    assert requests is not None
    assert requests.gets == 300


def answering(*pages: dict[str, Any]) -> Metrics:
    """Return the metrics of a CloudWatch that knows two types of one bucket, and answers so."""
    cloudwatch = boto3.client(
        "cloudwatch", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    stubber = Stubber(cloudwatch)
    kinds = ("StandardStorage", "GlacierStorage")
    listed = [
        {
            "Dimensions": [
                {"Name": "BucketName", "Value": "one"},
                {"Name": "StorageType", "Value": kind},
            ]
        }
        for kind in kinds
    ]
    stubber.add_response("list_metrics", {"Metrics": listed})
    for _ in range(9):
        stubber.add_response("list_metrics", {"Metrics": []})
    for page in pages:
        stubber.add_response("get_metric_data", page)
    stubber.activate()
    return Metrics(cloudwatch, weeks=5)


def figure(number: int, value: float, status: str) -> dict[str, Any]:
    """Return CloudWatch's answer on one metric."""
    day = NOW.replace(hour=0) - timedelta(days=1)
    return {"Id": f"m{number}", "Timestamps": [day], "Values": [value], "StatusCode": status}


@pytest.mark.parametrize("status", ["InternalError", "Forbidden", "PartialData"])
def test_figures_that_were_not_read_whole_are_an_error(status: str) -> None:
    """A class that CloudWatch failed to read is not an empty one."""
    failed = {"Id": "m1", "Timestamps": [], "Values": [], "StatusCode": status}
    metrics = answering({"MetricDataResults": [figure(0, 7.0, "Complete"), failed]})

    with pytest.raises(TransientError, match="1 of 2 metrics whole: BucketSizeBytes of one"):
        metrics.read(NOW)


def test_figures_in_several_answers_are_put_together() -> None:
    """PartialData is what comes before the last page."""
    first = {"MetricDataResults": [figure(0, 7.0, "PartialData")], "NextToken": "next"}
    last = {"MetricDataResults": [figure(0, 7.0, "Complete"), figure(1, 5.0, "Complete")]}

    storage = answering(first, last).read(NOW).storage("one", TODAY)
    assert storage is not None
    assert storage.bytes_by_type == {"StandardStorage": 7, "GlacierStorage": 5}


def test_requests_counted_for_less_than_thirty_days_are_not_known() -> None:
    """A metrics configuration of last week says nothing of a month."""
    young = {date(2026, 11, 20): 5.0}
    found = Measured({Metric("GetRequests", "one", "EntireBucket"): young})

    assert found.requests("one", "EntireBucket", TODAY) is None
    assert found.requests("one", "other-filter", TODAY) is None
