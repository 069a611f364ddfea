"""Does the work on one image once, however often and however parallel its messages come.

Powertools' idempotency: a row in DynamoDB says that the work is under way, until this invocation
would be timed out, or what it came to. It guards against doing the same at the same time, and
against paying again for a message that comes twice. It is not what makes the work safe to stop
anywhere: that is each step's own doing, and work that failed or was killed leaves no result here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
    IdempotencyPersistenceLayerError,
)
from botocore.exceptions import BotoCoreError, ClientError

from tidegate.errors import TransientError, service_errors

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_dynamodb import DynamoDBClient

KEY_PREFIX = "label_image"
# A message lives for four days in the queue; what comes later finds the image's sidecar.
EXPIRES_AFTER_SECONDS = 4 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Done:
    """What the work came to. `repeated`: in an earlier run, of which this is the memory."""

    result: dict[str, Any]
    repeated: bool


@dataclass(slots=True)
class Once:
    """The memory of what was done, in one table."""

    client: DynamoDBClient
    table_name: str
    _config: IdempotencyConfig = field(init=False)
    _store: DynamoDBPersistenceLayer = field(init=False)

    def __post_init__(self) -> None:
        self._config = IdempotencyConfig(
            expires_after_seconds=EXPIRES_AFTER_SECONDS, hash_function="sha256"
        )
        self._store = DynamoDBPersistenceLayer(self.table_name, boto3_client=self.client)

    def begin(self, context: LambdaContext) -> None:
        """Take the invocation's end for when work that is under way is no longer waited for."""
        self._config.register_lambda_context(context)

    def do(self, identity: Mapping[str, Any], work: Callable[[], dict[str, Any]]) -> Done:
        """Return the result of `work` for this identity, from memory where it was done before.

        An error of `work` is raised, and nothing remembered. Raises TransientError where the same
        is under way elsewhere, and where the memory does not answer.
        """
        ran = False

        def remembered(*, identity: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001
            nonlocal ran
            ran = True
            return work()

        with _errors():
            result: dict[str, Any] = idempotent_function(
                remembered,
                data_keyword_argument="identity",
                persistence_store=self._store,
                config=self._config,
                key_prefix=KEY_PREFIX,
            )(identity=dict(identity))
            return Done(result, repeated=not ran)


@contextmanager
def _errors() -> Iterator[None]:
    """Turn what Powertools raises into errors of ours; the work's own errors pass."""
    try:
        yield
    except IdempotencyAlreadyInProgressError as error:
        raise TransientError("the same image is being labelled by another run") from error
    except IdempotencyInconsistentStateError as error:
        raise TransientError(f"the memory of what was done changes: {error}") from error
    except IdempotencyPersistenceLayerError as error:
        doing = "remember what was done"
        cause = error.__cause__
        if isinstance(cause, (ClientError, BotoCoreError)):
            with service_errors(doing):
                raise cause from None
        raise TransientError(f"could not {doing}: {error}") from error
