"""Uploads a file with boto3's transfer manager, and knows afterwards which version it became.

The manager answers nothing, so S3's answers are overheard as they come in. Of the manager in C
(CRT) nothing can be overheard: an object that it uploads carries a mark in its metadata, by which
it is found again by whoever may read it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import S3Transfer, TransferConfig
from botocore.compat import HAS_CRT
from botocore.exceptions import BotoCoreError, ClientError

from tidegate.objectref import ObjectRef
from tidegate_cli.address import ref
from tidegate_cli.errors import (
    AccessDeniedError,
    CliError,
    FileChangedError,
    ServiceError,
    aws_errors,
    from_answer,
)
from tidegate_cli.parts import THRESHOLD_BYTES
from tidegate_cli.source import Source

MARK = "tidegate-upload"
CONCURRENCY = 10
_HEARD = ("PutObject", "CreateMultipartUpload", "CompleteMultipartUpload", "AbortMultipartUpload")


@dataclass(frozen=True, slots=True)
class Plan:
    """How the file is carried. `arguments` are those of PutObject: encryption, tags and so on."""

    bucket: str
    key: str
    part_bytes: int
    arguments: Mapping[str, Any]
    use_crt: bool = False


@dataclass(slots=True)
class _Overheard:
    """S3's answers, as far as they tell what the upload came to."""

    source: Source
    upload_id: str | None = None
    finished: Mapping[str, Any] | None = None
    aborted: bool = False
    handlers: list[tuple[str, Callable[..., None]]] = field(default_factory=list)

    def register(self, s3: Any) -> None:
        for operation in _HEARD:
            self._on(s3, f"after-call.s3.{operation}", getattr(self, f"_{operation}"))
        # Before each try of a part, for S3 would wait for what a shorter file no longer has, and
        # before the parts become an object: a file that changed never does.
        self._on(s3, "request-created.s3.UploadPart", self._check)
        self._on(s3, "before-call.s3.CompleteMultipartUpload", self._check)

    def unregister(self, s3: Any) -> None:
        for event, handler in self.handlers:
            s3.meta.events.unregister(event, handler)

    def _on(self, s3: Any, event: str, handler: Callable[..., None]) -> None:
        s3.meta.events.register(event, handler)
        self.handlers.append((event, handler))

    def _check(self, **_: Any) -> None:
        self.source.check_unchanged()

    def _PutObject(self, parsed: Any, http_response: Any, **_: Any) -> None:  # noqa: N802
        self._finish(parsed, http_response)

    def _CompleteMultipartUpload(  # noqa: N802
        self, parsed: Any, http_response: Any, **_: Any
    ) -> None:
        self._finish(parsed, http_response)

    def _CreateMultipartUpload(self, parsed: Any, **_: Any) -> None:  # noqa: N802
        self.upload_id = parsed.get("UploadId")

    def _AbortMultipartUpload(self, http_response: Any, **_: Any) -> None:  # noqa: N802
        self.aborted = http_response.status_code < HTTPStatus.MULTIPLE_CHOICES

    def _finish(self, parsed: Any, http_response: Any) -> None:
        if http_response.status_code == HTTPStatus.OK and "ETag" in parsed:
            self.finished = parsed


def send(s3: Any, source: Source, plan: Plan, progress: Callable[[int], None]) -> ObjectRef:
    """Upload the file and return its exact name: version where the bucket keeps them, and ETag.

    Whatever ends it early, an error or the user, no parts stay behind; where S3 refuses even
    that, the error names the upload. A file that changed meanwhile raises FileChangedError.
    """
    overheard = _Overheard(source)
    overheard.register(s3)
    mark = str(uuid4()) if plan.use_crt else None
    try:
        _transfer(s3, source, plan, progress, mark)
    except BaseException as error:
        left = _remove_parts(s3, plan, overheard)
        if left and isinstance(error, CliError):
            raise type(error)(f"{error}. {left}") from error
        if left:
            error.add_note(left)
        raise
    finally:
        overheard.unregister(s3)
    if overheard.finished is None:
        uploaded = find(s3, plan, mark)
    else:
        answer = overheard.finished
        etag = str(answer["ETag"]).strip('"')
        uploaded = ref(plan.bucket, plan.key, answer.get("VersionId"), etag)
    try:
        source.check_unchanged()
    except FileChangedError as error:
        raise FileChangedError(
            f"{error}: what was uploaded as {uploaded} is neither the one nor the other",
            object=document(uploaded),
        ) from error
    return uploaded


def document(uploaded: ObjectRef) -> dict[str, Any]:
    """Return the object's exact name for programs."""
    return {
        "bucket": uploaded.bucket,
        "key": uploaded.key,
        "versionId": uploaded.version_id,
        "etag": uploaded.etag,
    }


def _transfer(
    s3: Any, source: Source, plan: Plan, progress: Callable[[int], None], mark: str | None
) -> None:
    arguments = dict(plan.arguments)
    if mark:
        arguments["Metadata"] = {**arguments.get("Metadata", {}), MARK: mark}
    settings: dict[str, Any] = {
        "multipart_threshold": THRESHOLD_BYTES,
        "multipart_chunksize": plan.part_bytes,
        "preferred_transfer_client": "crt" if plan.use_crt else "classic",
    }
    if not plan.use_crt:
        settings["max_concurrency"] = CONCURRENCY
    doing = f"upload {source.path} to s3://{plan.bucket}/{plan.key}"
    # The stubs of S3Transfer know botocore's settings only.
    config: Any = TransferConfig(**settings)
    try:
        with aws_errors(doing), S3Transfer(s3, config) as transfer:
            transfer.upload_file(
                str(source.path), plan.bucket, plan.key, callback=progress, extra_args=arguments
            )
    except S3UploadFailedError as error:
        cause = error.__cause__ or error.__context__
        if isinstance(cause, ClientError):
            raise from_answer(cause, doing) from error
        raise ServiceError(str(error)) from error
    except OSError as error:
        raise ServiceError(f"could not {doing}: {error}") from error
    except _crt_errors() as error:
        raise ServiceError(f"could not {doing}: {error}") from error


def _crt_errors() -> tuple[type[Exception], ...]:
    """Return what the manager in C raises by itself, where it is installed."""
    if not HAS_CRT:
        return ()
    error: type[Exception] = importlib.import_module("awscrt.exceptions").AwsCrtError
    return (error,)


def _remove_parts(s3: Any, plan: Plan, overheard: _Overheard) -> str | None:
    """Make sure that the manager's abort came through; return what to say where it did not."""
    if overheard.upload_id is None or overheard.aborted or overheard.finished:
        return None
    try:
        s3.abort_multipart_upload(Bucket=plan.bucket, Key=plan.key, UploadId=overheard.upload_id)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "NoSuchUpload":
            return None
    except BotoCoreError:
        pass
    else:
        return None
    return (
        f"Parts of the upload {overheard.upload_id} are left in {plan.bucket}: abort it "
        "(aws s3api abort-multipart-upload), or leave it to the bucket's lifecycle rule"
    )


def find(s3: Any, plan: Plan, mark: str | None) -> ObjectRef:
    """Return the exact name of the object that carries the mark.

    Without version and ETag where the object may not be read, as before its verdict.
    """
    try:
        with aws_errors(f"look up s3://{plan.bucket}/{plan.key}"):
            state = s3.head_object(Bucket=plan.bucket, Key=plan.key)
    except AccessDeniedError:
        return ref(plan.bucket, plan.key)
    if mark is None or state.get("Metadata", {}).get(MARK) != mark:
        raise ServiceError(
            f"s3://{plan.bucket}/{plan.key} was uploaded, and replaced before it could be told "
            "which version it is"
        )
    return ref(plan.bucket, plan.key, state.get("VersionId"), str(state["ETag"]).strip('"'))
