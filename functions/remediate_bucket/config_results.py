"""Answers a custom Config rule with what the controls say of a resource.

Config takes COMPLIANT, NON_COMPLIANT and NOT_APPLICABLE alone; INSUFFICIENT_DATA is refused
(https://docs.aws.amazon.com/config/latest/APIReference/API_Evaluation.html). What is unknown
vouches for nothing: it is NON_COMPLIANT, and the annotation says that it is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Literal

from functions.remediate_bucket.control import Compliance
from functions.remediate_bucket.result import Judged
from functions.remediate_bucket.trigger import ACCOUNT
from tidegate.errors import TransientError, service_errors

if TYPE_CHECKING:
    from mypy_boto3_config import ConfigServiceClient
    from mypy_boto3_config.type_defs import EvaluationTypeDef

MAX_ANNOTATION_CHARACTERS = 256
_MAX_EVALUATIONS = 100
# The token of a test run, as AWS's own rules know it: Config checks the results and keeps none.
_TEST_TOKEN = "TESTMODE"  # noqa: S105
# Not INSUFFICIENT_DATA: see above.
type ConfigCompliance = Literal["COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What Config is told of one resource."""

    bucket: str
    compliance: ConfigCompliance
    annotation: str
    at: datetime


def judge(bucket: str, findings: Sequence[Judged], at: datetime) -> Evaluation:
    """Return the worst of the findings: not met, unknown, met, not applicable."""
    worst_first: tuple[tuple[Compliance, ConfigCompliance, str], ...] = (
        (Compliance.NON_COMPLIANT, "NON_COMPLIANT", "not met"),
        (Compliance.UNKNOWN, "NON_COMPLIANT", "not known"),
        (Compliance.COMPLIANT, "COMPLIANT", "met"),
    )
    for compliance, told, words in worst_first:
        found = [item for item in findings if item.finding.compliance is compliance]
        if found:
            named = ", ".join(item.control.id for item in found)
            return Evaluation(bucket, told, f"{words}: {named}"[:MAX_ANNOTATION_CHARACTERS], at)
    return Evaluation(bucket, "NOT_APPLICABLE", "no control applies", at)


def unknown(bucket: str, why: str, at: datetime) -> Evaluation:
    """Return the evaluation of a bucket that could not be looked at."""
    annotation = f"not known: {why}"[:MAX_ANNOTATION_CHARACTERS]
    return Evaluation(bucket, "NON_COMPLIANT", annotation, at)


def gone(bucket: str, at: datetime) -> Evaluation:
    """Return the evaluation of a bucket that was deleted."""
    return Evaluation(bucket, "NOT_APPLICABLE", "the bucket was deleted", at)


class ConfigResults:
    """Config of this Region."""

    def __init__(self, config: ConfigServiceClient, account_id: str) -> None:
        self._config = config
        self._account_id = account_id

    def put(self, token: str, evaluations: Sequence[Evaluation]) -> None:
        """Give Config the results that it asked for. Raises TransientError or PermanentError."""
        for part in batched(evaluations, _MAX_EVALUATIONS, strict=False):
            with service_errors("give Config its results"):
                answer = self._config.put_evaluations(
                    ResultToken=token,
                    Evaluations=[self._entry(item) for item in part],
                    TestMode=token == _TEST_TOKEN,
                )
            if answer.get("FailedEvaluations"):
                raise TransientError("Config did not take all of its results")

    def _entry(self, evaluation: Evaluation) -> EvaluationTypeDef:
        of_account = evaluation.bucket == ACCOUNT
        return {
            "ComplianceResourceType": "AWS::::Account" if of_account else "AWS::S3::Bucket",
            "ComplianceResourceId": self._account_id if of_account else evaluation.bucket,
            "ComplianceType": evaluation.compliance,
            "Annotation": evaluation.annotation,
            "OrderingTimestamp": evaluation.at,
        }
