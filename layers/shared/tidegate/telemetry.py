"""Powertools' logger, metrics and tracer, set up alike in every function."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aws_lambda_powertools import Logger, Metrics, Tracer

from tidegate.events import ObjectCreated
from tidegate.objectref import ObjectRef

NAMESPACE = "Tidegate"


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What a handler logs, counts and traces with."""

    logger: Logger
    metrics: Metrics
    tracer: Tracer


def telemetry(service: str) -> Telemetry:
    """Return the telemetry of one function; `service` is the function's folder name."""
    # Nothing to count is no fault: a sweep without changes, a message that was done before.
    warnings.filterwarnings("ignore", "No application metrics to publish")
    return Telemetry(
        logger=Logger(service=service, utc=True, use_rfc3339=True, log_uncaught_exceptions=True),
        metrics=Metrics(namespace=NAMESPACE, service=service),
        tracer=Tracer(service=service, patch_modules=["botocore"]),
    )


@contextmanager
def log_context(logger: Logger, subject: ObjectCreated | ObjectRef, **more: str) -> Iterator[None]:
    """Put the object and its upload's correlation id on every log line written in the block.

    The keys are those of the running thread or task alone.
    """
    ref = subject.ref if isinstance(subject, ObjectCreated) else subject
    keys = {"bucket": ref.bucket, "key": ref.key, "version_id": ref.version_id, **more}
    if isinstance(subject, ObjectCreated) and subject.correlation_id:
        keys["correlation_id"] = subject.correlation_id
    logger.thread_safe_append_keys(**keys)
    try:
        yield
    finally:
        logger.thread_safe_remove_keys(list(keys))
