"""What AWS's refusals mean, and what becomes of a message that met one."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)
from botocore.response import StreamingBody
from urllib3.exceptions import SSLError

from tidegate import errors
from tidegate.errors import (
    MisconfiguredError,
    PermanentError,
    TidegateError,
    TransientError,
    object_errors,
    service_errors,
)


def subclasses(kind: type[TidegateError]) -> Iterator[type[TidegateError]]:
    """Every class of the tree in this module; functions add leaves of their own."""
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from subclasses(child)


def refused(code: str, status: int = 400) -> ClientError:
    """What botocore raises."""
    return ClientError(
        {
            "Error": {"Code": code, "Message": "no"},
            "ResponseMetadata": {"HTTPStatusCode": status},  # type: ignore[typeddict-item]
        },
        "Call",
    )


def test_every_error_says_whether_it_is_retried() -> None:
    """And those of this module are drawn in the tree at its top; functions may add their own."""
    for kind in subclasses(TidegateError):
        assert isinstance(kind.retried, bool)
        if kind.__module__ == errors.__name__:
            assert kind.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("ThrottlingException", 400, TransientError),
        ("InternalError", 500, TransientError),
        ("Whatever", 502, TransientError),
        ("TooManyRequestsException", 429, TransientError),
        ("AccessDeniedException", 400, MisconfiguredError),
        ("AuthorizationError", 403, MisconfiguredError),
        ("ResourceNotFoundException", 400, MisconfiguredError),
        ("ValidationException", 400, PermanentError),
        ("", 0, PermanentError),
    ],
)
def test_service_refusals_are_told_apart(
    code: str, status: int, expected: type[TidegateError]
) -> None:
    """Busy, misconfigured or hopeless."""
    with pytest.raises(expected, match="could not do it") as caught, service_errors("do it"):
        raise refused(code, status)
    assert type(caught.value) is expected


@pytest.mark.parametrize("translate", [object_errors, service_errors])
@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (NoCredentialsError(), MisconfiguredError),
        (ParamValidationError(report="bad"), PermanentError),
        (EndpointConnectionError(endpoint_url="https://example.invalid"), TransientError),
    ],
)
def test_what_never_reached_aws_is_told_apart(
    translate: object, raised: Exception, expected: type[TidegateError]
) -> None:
    """No credentials, a call that cannot be right, no connection."""
    assert callable(translate)
    with pytest.raises(expected) as caught, translate("do it"):
        raise raised
    assert caught.value.__cause__ is raised


def test_body_that_tls_finds_garbled_may_come_whole_next_time() -> None:
    """Botocore turns a body's time-outs and breaks into its own errors, and not this one."""

    class Garbled(io.BytesIO):
        def read(self, _: int | None = None) -> bytes:
            raise SSLError("bad record MAC")

    with pytest.raises(TransientError, match="bad record MAC"), object_errors("read it"):
        StreamingBody(Garbled(), 10).read(10)


def test_our_own_errors_pass_unchanged() -> None:
    """Only botocore's are turned."""
    ours = TransientError("wait")
    with pytest.raises(TransientError) as caught, object_errors("do it"):
        raise ours
    assert caught.value is ours


def test_misconfiguration_says_what_to_do() -> None:
    """The text helps whoever reads the log."""
    with pytest.raises(MisconfiguredError, match="Grant this function's role"), service_errors("x"):
        raise refused("AccessDeniedException")
