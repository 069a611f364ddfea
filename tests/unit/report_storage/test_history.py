"""Bytes by class over time."""

from __future__ import annotations

from datetime import timedelta

from tests.unit.report_storage.world import TODAY, bucket, report


def test_history_adds_up_the_types_that_are_billed_alike() -> None:
    """Overhead that is billed as Standard is Standard, bucket by bucket, week by week."""
    week = timedelta(weeks=1)
    one = {"StandardStorage": {TODAY - week: 1, TODAY: 2}}
    other = {"StandardStorage": {TODAY: 10}, "GlacierS3ObjectOverhead": {TODAY: 100}}

    found = report(bucket("one", history=one), bucket("other", history=other)).history

    assert found.days == (TODAY - week, TODAY)
    assert found.classes == {"STANDARD": (1, 112)}


def test_bucket_that_was_emptied_leaves_the_chart() -> None:
    """A figure of some days ago still counts, one of last week does not."""
    full = {"StandardStorage": {TODAY - timedelta(days=n): 7 for n in range(21)}}
    emptied = {"StandardStorage": {TODAY - timedelta(days=n): 1000 for n in range(11, 21)}}

    found = report(bucket("one", history=full), bucket("two", history=emptied)).history

    assert found.classes == {"STANDARD": (1007, 7, 7)}


def test_classes_come_in_the_order_of_their_size() -> None:
    """The largest lies at the bottom of the chart."""
    history = {"StandardStorage": {TODAY: 1}, "GlacierStorage": {TODAY: 5}, "X": {TODAY: 0}}

    assert list(report(bucket(history=history)).history.classes) == ["GLACIER", "STANDARD"]
