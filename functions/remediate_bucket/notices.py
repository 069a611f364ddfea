"""Publishes summaries on the SNS topic."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from functions.remediate_bucket import notice
from functions.remediate_bucket.change import to_event_detail
from functions.remediate_bucket.result import Result
from tidegate.errors import service_errors

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

# Subscribers that are programs get the events' details, all others the text.
_PROGRAMS = ("sqs", "lambda", "http", "https", "firehose")
# SNS takes 256 KB in all, and the document is in it once for each kind of program.
_MAX_PROGRAM_BYTES = 30_000


class Notices:
    """One SNS topic. Raises TransientError or MisconfiguredError."""

    def __init__(self, sns: SNSClient, topic_arn: str) -> None:
        self._sns = sns
        self._topic_arn = topic_arn

    def of_bucket(self, result: Result) -> None:
        """Tell people what was done with a bucket, where anything is worth telling."""
        told = result.worth_telling
        if not told:
            return
        details = [to_event_detail(change) for change in told]
        short = [{**detail, "before": None, "after": None} for detail in details]
        fits = len(json.dumps(details)) <= _MAX_PROGRAM_BYTES
        document = {"bucket": result.bucket, "changes": details if fits else short}
        self._publish(notice.subject(result), notice.text(result), document, result.bucket)

    def of_run(self, report: Mapping[str, Any], page: str) -> None:
        """Tell people what a run over all buckets has found."""
        document = {"run": report["run"], "summary": report["summary"], "page": page}
        text = notice.run_text(report, page)
        self._publish(notice.run_subject(report), text, document, "(all)")

    def _publish(self, subject: str, text: str, document: Mapping[str, Any], bucket: str) -> None:
        message = {"default": text, **dict.fromkeys(_PROGRAMS, json.dumps(document))}
        with service_errors(f"publish the summary of {bucket}"):
            self._sns.publish(
                TopicArn=self._topic_arn,
                Subject=subject,
                MessageStructure="json",
                Message=json.dumps(message),
                MessageAttributes={"bucket": {"DataType": "String", "StringValue": bucket}},
            )
