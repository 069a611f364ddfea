"""Every error that Tidegate raises on purpose, and what becomes of the message that met it.

TidegateError
├── TransientError           retried after seconds of back-off, then dead-lettered
│   └── CopyMismatchError    a copy is not what its original is
├── MisconfiguredError       retried with the longest back-off: an operator has to act
└── PermanentError           never retried: straight to the dead-letter queue
    ├── MalformedEventError  the event is not one that the function takes
    └── ObjectError          the object, not the system, is why the work cannot be done
        ├── ObjectMissingError    deleted, or never there
        ├── ObjectReplacedError   another object is there now
        ├── ObjectArchivedError   in a storage class that has to be restored first
        ├── AccessDeniedError     S3 or KMS refuses this role
        └── CustomerKeyError      encrypted with a key that only the uploader has (SSE-C)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, ClassVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
)
from urllib3.exceptions import HTTPError


class TidegateError(Exception):
    """Base of all errors that Tidegate raises on purpose."""

    retried: ClassVar[bool]


class TransientError(TidegateError):
    """Something that may go well on the next try. Retried with back-off."""

    retried = True


class CopyMismatchError(TransientError):
    """A copy differs from its original in content. Retried: the copy is made anew."""


class MisconfiguredError(TidegateError):
    """A parameter, permission or resource is wrong; the text says which. Retried slowly."""

    retried = True


class PermanentError(TidegateError):
    """No retry can help. Never retried; the message is kept in the dead-letter queue."""

    retried = False


class MalformedEventError(PermanentError):
    """The event is not of a shape that the function takes; the text says what it takes."""


class ObjectError(PermanentError):
    """The object's own state keeps the work from being done."""


class ObjectMissingError(ObjectError):
    """The object or version does not exist (any more)."""


class ObjectReplacedError(ObjectError):
    """The object was overwritten: what the event spoke of is not the current content."""


class ObjectArchivedError(ObjectError):
    """The object lies in an archive class and must be restored before it can be read."""


class AccessDeniedError(ObjectError):
    """S3 or KMS refuses this role access to the object."""


class CustomerKeyError(ObjectError):
    """The object is encrypted with a customer-provided key (SSE-C), which only its owner has."""


_MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchBucket", "NotFound", "404"})
_DELETE_MARKER = frozenset({"MethodNotAllowed", "405"})
_REPLACED = frozenset({"PreconditionFailed", "412"})
_DENIED = frozenset({"AccessDenied", "Forbidden", "403", "AllAccessDisabled"})
_UNAUTHORISED = _DENIED | {
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "NotAuthorized",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
}
_ABSENT_RESOURCE = frozenset(
    {"ResourceNotFoundException", "NotFoundException", "AWS.SimpleQueueService.NonExistentQueue"}
)
_TRANSIENT = frozenset(
    {
        "ConditionalRequestConflict",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "OperationAborted",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeTooSkewed",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
    }
)

_TRANSIENT_STATUSES = frozenset(
    status
    for status in HTTPStatus
    if status.is_server_error or status == HTTPStatus.TOO_MANY_REQUESTS
)


def from_object_error(error: ClientError, doing: str) -> TidegateError:
    """Return what S3's answer to a call on one object means.

    S3's error codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html. HEAD
    has no body, so botocore gives the status as the code there. A version that is a delete
    marker answers 405. A HEAD of an SSE-C object without its key answers a bare 400.
    """
    code, text = _code(error), _text(error, doing)
    if code in _MISSING or code in _DELETE_MARKER:
        return ObjectMissingError(text)
    if code in _REPLACED:
        return ObjectReplacedError(text)
    if code == "InvalidObjectState":
        return ObjectArchivedError(text)
    # What KMS answered S3: the key is gone, disabled or refused; or it was asked too often.
    if code in _DENIED or (code.startswith("KMS.") and not _is_transient(error)):
        return AccessDeniedError(text)
    if code == "400" or (code == "InvalidRequest" and "Server Side Encryption" in text):
        return CustomerKeyError(f"{text} (as S3 answers for a key that only the uploader has)")
    return from_service_error(error, doing)


def from_service_error(error: ClientError, doing: str) -> TidegateError:
    """Return what an AWS service's refusal means, where no single object is at fault."""
    code, text = _code(error), _text(error, doing)
    if code in _UNAUTHORISED:
        return MisconfiguredError(f"{text}. Grant this function's role the action it lacks")
    if code in _ABSENT_RESOURCE:
        return MisconfiguredError(f"{text}. Deploy the stack again, or correct the name")
    if _is_transient(error):
        return TransientError(text)
    return PermanentError(text)


def _is_transient(error: ClientError) -> bool:
    code = _code(error).removeprefix("KMS.")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return code in _TRANSIENT or status in _TRANSIENT_STATUSES


@contextmanager
def object_errors(doing: str) -> Iterator[None]:
    """Turn what botocore raises in the block, a call on one S3 object, into our own errors.

    `doing` completes the sentence "could not …" and names bucket and key.
    """
    with _connection_errors(doing):
        try:
            yield
        except ClientError as error:
            raise from_object_error(error, doing) from error


@contextmanager
def service_errors(doing: str) -> Iterator[None]:
    """Turn what botocore raises in the block, a call on a service, into our own errors."""
    with _connection_errors(doing):
        try:
            yield
        except ClientError as error:
            raise from_service_error(error, doing) from error


@contextmanager
def _connection_errors(doing: str) -> Iterator[None]:
    try:
        yield
    except NoCredentialsError as error:
        raise MisconfiguredError(f"could not {doing}: no AWS credentials") from error
    except ParamValidationError as error:
        raise PermanentError(f"could not {doing}: {error}") from error
    except (BotoCoreError, HTTPError) as error:
        # Of what a body can raise botocore leaves urllib3's SSLError as it is.
        raise TransientError(f"could not {doing}: {error}") from error


def _code(error: ClientError) -> str:
    details: Any = error.response.get("Error", {})
    return str(details.get("Code", ""))


def _text(error: ClientError, doing: str) -> str:
    details: Any = error.response.get("Error", {})
    return f"could not {doing}: {details.get('Code', '?')}: {details.get('Message', '')}"
