"""Puts the function together from its settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from functions.update_definitions.bucket import Bucket
from functions.update_definitions.freshclam import Freshclam
from functions.update_definitions.proof import Prover
from functions.update_definitions.releases import Releases
from functions.update_definitions.samples import harmless_files
from functions.update_definitions.service import UpdateService
from functions.update_definitions.settings import Settings
from functions.update_definitions.vendor import VendorDatabases
from tidegate.batch import Queue
from tidegate.clients import client

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class Parts:
    """What the handler calls."""

    service: UpdateService
    queue: Queue


def build(settings: Settings, clock: Callable[[], datetime], log: Logger) -> Parts:
    """Return the service on the definitions bucket, and the function's queue."""
    s3: S3Client = client("s3")
    sqs: SQSClient = client("sqs")
    releases = Releases(Bucket(s3, settings.definitions_bucket_name))
    service = UpdateService(
        releases=releases,
        open_bucket=lambda name: Bucket(s3, name),
        vendor=VendorDatabases(releases, Freshclam(settings.definitions_mirror), clock),
        prover=Prover(harmless_files()),
        custom_allowed=settings.allow_custom_signatures,
        keep_releases=settings.keep_releases,
        work_directory=settings.work_directory,
        clock=clock,
        log=log,
    )
    return Parts(service, Queue(sqs, settings.queue_url, settings.max_receive_count))
