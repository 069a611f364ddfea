"""Alarms: on metrics that exist, by all their dimensions, and somebody hears them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.cloudformation import Stack
from tests.contract.storage.estate import DATA_BUCKET, ON, REPLICATING, TOPIC, estate, replica

ALARMS = {
    "DataClientErrorsAlarm": {"DataRequestMetrics": "true"},
    "DataServerErrorsAlarm": {"DataRequestMetrics": "true"},
    "DataObjectsAlarm": {"MaxDataObjects": "1000000"},
    "DataSizeAlarm": {"MaxDataGib": "1024"},
    "ReplicationFailedAlarm": REPLICATING,
}
each_alarm = pytest.mark.parametrize("name", ALARMS)


def dimensions(metric: dict[str, Any]) -> dict[str, str]:
    """Return a metric's dimensions by name."""
    return {pair["Name"]: pair["Value"] for pair in metric["Dimensions"]}


def test_every_alarm_is_tested_here() -> None:
    """The template has these and no others."""
    assert set(estate().of_type("AWS::CloudWatch::Alarm")) == set(ALARMS)


@each_alarm
def test_alarm_is_there_when_its_part_is_on_and_somebody_hears_it(name: str) -> None:
    """Without a topic there is no alarm that nobody would hear, and none without its part."""
    switch = ALARMS[name]

    assert estate(**switch, AlertsTopicArn=TOPIC).exists("Resources", name)
    assert not estate(AlertsTopicArn=TOPIC).exists("Resources", name)
    assert not estate(**switch).exists("Resources", name)


@pytest.mark.parametrize(
    ("stack", "name"),
    [
        *((estate(**ON), name) for name in ALARMS),
        (replica(SourceBucketName="x", AlertsTopicArn=TOPIC), "ReplicationLateAlarm"),
    ],
)
def test_alarm_acts_and_says_what_silence_means(stack: Stack, name: str) -> None:
    """Each tells the topic of its beginning and end, and treats missing data on purpose."""
    alarm = stack.properties(name)

    assert alarm["AlarmActions"] == alarm["OKActions"] == [TOPIC]
    assert alarm["TreatMissingData"] in ("notBreaching", "ignore")
    assert alarm["AlarmDescription"]


@pytest.mark.parametrize(
    ("name", "metric", "threshold"),
    [
        ("DataClientErrorsAlarm", "4xxErrors", "0.1"),
        ("DataServerErrorsAlarm", "5xxErrors", "0.01"),
    ],
)
def test_error_alarm_watches_the_ratio_that_the_request_metrics_report(
    name: str, metric: str, threshold: str
) -> None:
    """The average over requests is the ratio; its FilterId is that of the metrics configuration."""
    stack = estate(**ON)
    (configured,) = stack.properties("DataBucket")["MetricsConfigurations"]
    alarm = stack.properties(name)

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/S3", metric)
    assert dimensions(alarm) == {"BucketName": DATA_BUCKET, "FilterId": configured["Id"]}
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Average", threshold)
    assert "MetricsConfigurations" not in estate().properties("DataBucket")


def test_count_alarm_reads_the_daily_metric() -> None:
    """NumberOfObjects has one storage type, is reported once a day, and only as an average."""
    alarm = estate(**ON).properties("DataObjectsAlarm")

    assert alarm["MetricName"] == "NumberOfObjects"
    assert dimensions(alarm) == {"BucketName": DATA_BUCKET, "StorageType": "AllStorageTypes"}
    assert (alarm["Statistic"], alarm["Period"]) == ("Average", 86400)
    assert alarm["Threshold"] == "1000000"


def test_size_alarm_adds_up_every_class_that_the_bucket_uses() -> None:
    """All that lifecycle and tiering move objects to; CloudWatch takes ten metrics at the most."""
    queries = estate(**ON).properties("DataSizeAlarm")["Metrics"]
    total, *parts = queries
    types = {dimensions(part["MetricStat"]["Metric"])["StorageType"] for part in parts}

    assert types == {
        "StandardStorage",
        "StandardIAStorage",
        "GlacierInstantRetrievalStorage",
        "DeepArchiveStorage",
        "IntelligentTieringFAStorage",
        "IntelligentTieringIAStorage",
        "IntelligentTieringAIAStorage",
        "IntelligentTieringAAStorage",
        "IntelligentTieringDAAStorage",
    }
    assert len(queries) <= 10
    assert [query["Id"] for query in queries if query["ReturnData"]] == [total["Id"]]
    for part in parts:
        assert f"FILL({part['Id']}, 0)" in total["Expression"]
        statistic = part["MetricStat"]
        assert (statistic["Stat"], statistic["Period"]) == ("Average", 86400)
        assert statistic["Metric"]["MetricName"] == "BucketSizeBytes"
    assert total["Expression"].endswith(f"/ {1024**3}")


def test_size_alarm_sees_past_the_day_that_has_no_figure_yet() -> None:
    """Filled with 0, the newest day alone would hold the alarm at OK for ever.

    No longer than the seven days over which CloudWatch evaluates.
    """
    alarm = estate(**ON).properties("DataSizeAlarm")

    assert (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (3, 1)
    assert alarm["EvaluationPeriods"] * 86400 <= 604_800
