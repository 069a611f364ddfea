"""Makes a sample event true: its objects exist, and it names them as this S3 does.

The events under events/ speak of buckets called tidegate-uploads, tidegate-quarantine and
tidegate-definitions, and of versions that exist nowhere. Before such an event is sent to a
function of the local stack, each object that it names is put there, and bucket, version and ETag
are replaced by the real ones, at any depth, also inside texts that are JSON themselves (SQS
bodies, SNS messages).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from local import pictures
from local.deployment import Stack

_BUCKETS = {
    "tidegate-uploads": "UploadsBucketName",
    "tidegate-quarantine": "QuarantineBucketName",
    "tidegate-definitions": "DefinitionsBucketName",
    "tidegate-archive": "ArchiveBucketName",
}
# Harmless, so that the stack's own scanner leaves the object where it is.
_CONTENT = b"hello"
_PICTURE_SUFFIX = ".jpg"


def made_true(stack: Stack, path: Path) -> Any:
    """Return a sample event as it would be here, after putting its objects in their bucket.

    Files whose names begin with `deleted_` or `replaced_` speak of content that is not there (any
    more), and go on doing so.
    """
    text = path.read_text()
    for sample, output in _BUCKETS.items():
        if sample in text:
            text = text.replace(sample, stack.output(output))
    event = json.loads(text)
    if path.name.startswith(("deleted_", "replaced_")):
        return event
    return _true(stack, event)


def _true(stack: Stack, value: Any) -> Any:
    match value:
        case list():
            return [_true(stack, item) for item in value]
        case dict():
            facts = _facts(stack, value)
            return {name: facts.get(name) or _true(stack, item) for name, item in value.items()}
        case str() if value.startswith("{"):
            try:
                return json.dumps(_true(stack, json.loads(value)))
            except json.JSONDecodeError:
                return value
        case _:
            return value


def _facts(stack: Stack, named: Mapping[str, Any]) -> dict[str, str]:
    """Put the object that a part of an event names, if it names one; return its real facts."""
    match named:
        case {"bucket": str(), "key": str(key)}:
            return _placed(stack, key, version="versionId")
        case {"objectKey": str(key), "eTag": _}:
            return _placed(stack, key, version="versionId", etag="eTag")
        case {"key": str(key), "etag": _}:
            return _placed(stack, key, version="version-id", etag="etag")
        case {"key": str(key), "eTag": _}:
            return _placed(stack, unquote_plus(key), version="versionId", etag="eTag")
        case _:
            return {}


def _placed(stack: Stack, key: str, *, version: str, etag: str = "") -> dict[str, str]:
    """Put the object and return its version and ETag under the names that the event uses."""
    content = pictures.photograph() if key.endswith(_PICTURE_SUFFIX) else _CONTENT
    answer = stack.client("s3").put_object(
        Bucket=stack.output("UploadsBucketName"), Key=key, Body=content
    )
    return {version: answer.get("VersionId", ""), etag: answer["ETag"].strip('"')}
