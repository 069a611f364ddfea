"""Every error that the command raises on purpose, each with its exit code.

CliError
├── ServiceError          1  a service failed or is out of reach
│   ├── FunctionError     1  a function of the suite ended with an error
│   └── FileChangedError  1  the file changed while it was being uploaded
├── UsageError            2  options or input are wrong
├── RefusedError          4  not confirmed, or refused for what it would do
├── NoVerdictError        5  no verdict came in time
├── AccessDeniedError     6  AWS refuses these credentials
└── MissingError          7  a bucket, object, version, stack or output is not there
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, ClassVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    InvalidRegionError,
    LoginError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from tidegate_cli.exits import Exit


class CliError(Exception):
    """Base of all errors that the command raises on purpose.

    `details` stand beside the text where the answer is JSON.
    """

    exit: ClassVar[Exit] = Exit.UNEXPECTED

    def __init__(self, text: str, **details: Any) -> None:
        super().__init__(text)
        self.details = details


class StoppedError(KeyboardInterrupt):
    """A signal asks the process to end; as with Ctrl-C, all that cleans up is gone through."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit = 128 + number


class ServiceError(CliError):
    """A service failed, is out of reach, or answered what it should not."""


class FunctionError(ServiceError):
    """A function of the suite ended with an error; the text is its own."""


class FileChangedError(ServiceError):
    """The file is another than it was when its upload began."""


class UsageError(CliError):
    """Options or input are wrong; the text says what is taken."""

    exit = Exit.USAGE


class RefusedError(CliError):
    """Not confirmed, or refused for what it would do."""

    exit = Exit.REFUSED


class NoVerdictError(CliError):
    """The object is uploaded, and no verdict on it came in time."""

    exit = Exit.NO_VERDICT


class AccessDeniedError(CliError):
    """AWS refuses these credentials, or there are none."""

    exit = Exit.ACCESS_DENIED


class MissingError(CliError):
    """What was named is not there."""

    exit = Exit.NOT_FOUND


_DENIED = frozenset(
    {
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AllAccessDisabled",
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "Forbidden",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)
# A version that is a delete marker answers MethodNotAllowed, or 405 where the answer has no body.
_MISSING = frozenset(
    {
        "404",
        "405",
        "MethodNotAllowed",
        "NoSuchBucket",
        "NoSuchKey",
        "NoSuchVersion",
        "NotFound",
        "ResourceNotFoundException",
    }
)
_NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    # The login of `aws login` or `aws sso login` has ended.
    LoginError,
    SSOError,
    TokenRetrievalError,
)
_BAD_INPUT = (NoRegionError, InvalidRegionError, ParamValidationError, ProfileNotFound)


@contextmanager
def aws_errors(doing: str) -> Iterator[None]:
    """Turn what botocore raises in the block into our own errors.

    `doing` completes the sentence "could not …".
    """
    try:
        yield
    except ClientError as error:
        raise from_answer(error, doing) from error
    except _NO_CREDENTIALS as error:
        raise AccessDeniedError(f"could not {doing}: {error}") from error
    except _BAD_INPUT as error:
        raise UsageError(f"could not {doing}: {error}") from error
    except BotoCoreError as error:
        raise ServiceError(f"could not {doing}: {error}") from error


def from_answer(error: ClientError, doing: str) -> CliError:
    """Return what an AWS service's refusal means."""
    code = error_code(error)
    details: Any = error.response.get("Error", {})
    text = f"could not {doing}: {code or '?'}: {details.get('Message', '')}"
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _DENIED or code.startswith("KMS.") or status == HTTPStatus.FORBIDDEN:
        return AccessDeniedError(text)
    if code in _MISSING:
        return MissingError(text)
    return ServiceError(text)


def error_code(error: ClientError) -> str:
    """Return the service's own word for the error; of a HEAD, the status."""
    details: Any = error.response.get("Error", {})
    return str(details.get("Code", ""))
