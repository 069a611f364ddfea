"""Publishes alerts on the SNS topic."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from functions.quarantine_object import alert
from functions.quarantine_object.report import Report, to_event_detail
from tidegate.errors import service_errors

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

# Subscribers that are programs get the event's detail, all others the text.
_PROGRAMS = ("sqs", "lambda", "http", "https", "firehose")


class Alerts:
    """One SNS topic."""

    def __init__(self, sns: SNSClient, topic_arn: str) -> None:
        self._sns = sns
        self._topic_arn = topic_arn

    def publish(self, report: Report) -> None:
        """Send the alert. Raises TransientError or MisconfiguredError."""
        detail = json.dumps(to_event_detail(report))
        message = {"default": alert.text(report), **dict.fromkeys(_PROGRAMS, detail)}
        with service_errors(f"publish the alert about {report.result.ref}"):
            self._sns.publish(
                TopicArn=self._topic_arn,
                Subject=alert.subject(report),
                MessageStructure="json",
                Message=json.dumps(message),
                MessageAttributes={
                    "outcome": {"DataType": "String", "StringValue": report.outcome.value},
                    "status": {"DataType": "String", "StringValue": report.result.status.value},
                    "bucket": {"DataType": "String", "StringValue": report.result.ref.bucket},
                },
            )
