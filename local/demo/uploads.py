"""Puts the demo's files into the bucket, and finds out what became of each."""

import time
from dataclasses import dataclass
from http import HTTPStatus

from botocore.exceptions import ClientError

from local.demo.cases import Case
from local.deployment import Stack
from local.verdicts import Listener, Verdict

UPLOADS = "uploads"
QUARANTINE = "quarantine"
BOTH = "both buckets"
NOWHERE = "nowhere"
_MAPPING_SECONDS = 30.0
_QUARANTINE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Upload:
    """One object as it was put: which content the verdict must be about, and since when."""

    case: Case
    etag: str
    version_id: str | None
    finished: float

    def matches(self, verdict: Verdict) -> bool:
        """Whether the verdict is on this very content under this key."""
        return verdict.key == self.case.key and verdict.etag == self.etag


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an upload."""

    upload: Upload
    verdict: Verdict | None
    tags: dict[str, str]
    location: str

    @property
    def correct(self) -> bool:
        """Whether the verdict, the tags and the place are those that they must be."""
        if self.verdict is None or self.verdict.status != self.upload.case.expected:
            return False
        wanted = QUARANTINE if self.verdict.action == "QUARANTINE" else UPLOADS
        return self.location == wanted and self.tags.get("scan-status") == self.verdict.status

    @property
    def seconds(self) -> float | None:
        """Time from the end of the upload to the arrival of the verdict."""
        return self.verdict.arrived - self.upload.finished if self.verdict else None


def put(stack: Stack, case: Case) -> Upload:
    """Upload the case's file; where it is to be replaced while queued, hold the queue back."""
    bucket, s3 = stack.output("UploadsBucketName"), stack.client("s3")
    answer = s3.put_object(
        Bucket=bucket, Key=case.key, Body=case.content(), ContentType=case.content_type
    )
    if case.replaced_by is not None:
        answer = s3.put_object(
            Bucket=bucket, Key=case.key, Body=case.replaced_by(), ContentType=case.content_type
        )
    return Upload(case, answer["ETag"].strip('"'), answer.get("VersionId"), time.monotonic())


def set_scanning(stack: Stack, *, enabled: bool) -> None:
    """Pause or resume the scanner's queue, so that something can happen to a waiting object."""
    set_consuming(stack, "ScanObjectFunctionName", enabled=enabled)


def set_consuming(stack: Stack, output: str, *, enabled: bool) -> None:
    """Pause or resume the queue of the function that an output of the stack names."""
    functions = stack.client("lambda")
    name = stack.output(output)
    (mapping,) = functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)
    wanted = "Enabled" if enabled else "Disabled"
    deadline = time.monotonic() + _MAPPING_SECONDS
    while time.monotonic() < deadline:
        if functions.get_event_source_mapping(UUID=mapping["UUID"])["State"] == wanted:
            return
        time.sleep(0.1)


def fate(stack: Stack, listener: Listener, upload: Upload, verdict: Verdict | None) -> Fate:
    """Find where the object is now, and its tags there."""
    bucket, key, version = stack.output("UploadsBucketName"), upload.case.key, upload.version_id
    location = UPLOADS
    if verdict is not None and verdict.action == "QUARANTINE":
        move = listener.wait_for_move(key, upload.etag, _QUARANTINE_SECONDS)
        if move is not None and move.copy is not None and move.outcome == "QUARANTINED":
            copy = move.copy
            bucket, key, version = copy["bucket"], copy["key"], copy["versionId"]
            location = QUARANTINE
            if _exists(stack, upload):
                location = BOTH
    try:
        selected = {"VersionId": version} if version else {}
        answer = stack.client("s3").get_object_tagging(Bucket=bucket, Key=key, **selected)
    except ClientError:
        return Fate(upload, verdict, {}, NOWHERE)
    tags = {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}
    return Fate(upload, verdict, tags, location)


def _exists(stack: Stack, upload: Upload) -> bool:
    """Whether the exact version is still in the uploads bucket."""
    selected = {"VersionId": upload.version_id} if upload.version_id else {}
    try:
        stack.client("s3").head_object(
            Bucket=stack.output("UploadsBucketName"), Key=upload.case.key, **selected
        )
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.NOT_FOUND:
            return False
        raise
    return True
