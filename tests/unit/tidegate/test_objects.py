"""S3 objects by exact version, and tags on that version alone (moto)."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.tidegate.conftest import BUCKET
from tidegate.errors import (
    AccessDeniedError,
    CustomerKeyError,
    ObjectArchivedError,
    ObjectMissingError,
    ObjectReplacedError,
    PermanentError,
    TransientError,
)
from tidegate.objectref import ObjectRef
from tidegate.objects import Objects

VERDICT = {"scan-status": "THREATS_FOUND"}
DETAIL = {"scan-detail": "Win.Test", "scan-definitions": "r1"}


def put(s3: Any, body: bytes = b"first", key: str = "key", **more: Any) -> ObjectRef:
    """Upload an object and return its exact name."""
    answer = s3.put_object(Bucket=BUCKET, Key=key, Body=body, **more)
    return ObjectRef(BUCKET, key, answer.get("VersionId"), answer["ETag"].strip('"'))


def keep_versions(s3: Any) -> None:
    """Turn versioning on."""
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})


def tags_of(s3: Any, **where: Any) -> dict[str, str]:
    """Read the tags past our adapter."""
    answer = s3.get_object_tagging(Bucket=BUCKET, Key="key", **where)
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


class Racing:
    """S3, in which something happens just before the named call."""

    def __init__(self, s3: Any, call: str, happening: Any) -> None:
        self._s3, self._call, self._happening = s3, call, happening

    def __getattr__(self, name: str) -> Any:
        if name == self._call and self._happening:
            happening, self._happening = self._happening, None
            happening()
        return getattr(self._s3, name)


class OtherRange:
    """S3 that answers with another range than the one asked for; None: with the whole object."""

    def __init__(self, s3: Any, served: str | None) -> None:
        self._s3, self._served = s3, served

    def get_object(self, *, Range: str, **arguments: Any) -> Any:  # noqa: N803
        if self._served:
            arguments["Range"] = self._served
        return self._s3.get_object(**arguments)


def test_version_is_read_though_a_newer_one_is_current(s3: Any) -> None:
    """An exact version stays readable whatever comes after it."""
    keep_versions(s3)
    first = put(s3)
    put(s3, b"second")
    state, body = Objects(s3).open(first)
    assert (body.read(), state.ref) == (b"first", first)


def test_replaced_content_is_not_read(s3: Any) -> None:
    """Without versions the ETag pins the content."""
    first = put(s3)
    put(s3, b"second")
    for read in (Objects(s3).head, Objects(s3).open):
        with pytest.raises(ObjectReplacedError):
            read(first)


def test_head_pins_an_object_known_by_name_alone(s3: Any) -> None:
    """What was looked at is what all later calls mean."""
    keep_versions(s3)
    put(s3)
    second = put(s3, b"second", ContentType="text/x", StorageClass="STANDARD_IA")
    state = Objects(s3).head(ObjectRef(BUCKET, "key"))
    assert state.ref == second
    assert (state.size_bytes, state.content_type, state.storage_class) == (
        6,
        "text/x",
        "STANDARD_IA",
    )


def test_range_is_read_with_both_ends(s3: Any) -> None:
    """Bytes first to last, both included."""
    ref = put(s3, b"0123456789")
    assert Objects(s3).open_range(ref, 2, 4).read() == b"234"


def test_range_that_the_server_ignores_is_an_error(s3: Any) -> None:
    """The whole object, answered for a part of it, never passes for that part."""
    ref = put(s3, b"0123456789")

    for served in (None, "bytes=0-8"):
        with pytest.raises(TransientError, match="asked for bytes 2-4"):
            Objects(OtherRange(s3, served)).open_range(ref, 2, 4)  # type: ignore[arg-type]


def test_missing_object_or_version_is_named(s3: Any) -> None:
    """Deleted is not denied."""
    keep_versions(s3)
    ref = put(s3)
    s3.delete_object(Bucket=BUCKET, Key="key", VersionId=ref.version_id)
    for read in (Objects(s3).head, Objects(s3).open, Objects(s3).tags):
        with pytest.raises(ObjectMissingError):
            read(ref)


def test_tags_are_merged_on_the_exact_version(s3: Any) -> None:
    """The user's tags stay, and other versions keep theirs."""
    keep_versions(s3)
    first = put(s3, Tagging="team=a")
    second = put(s3, b"second", Tagging="team=b")
    merged = Objects(s3).merge_tags(first, VERDICT, DETAIL)
    assert merged == {"team": "a", **VERDICT, **DETAIL}
    assert tags_of(s3, VersionId=first.version_id) == merged
    assert tags_of(s3, VersionId=second.version_id) == {"team": "b"}


def test_full_object_gets_no_tags_and_loses_none(s3: Any) -> None:
    """Ten tags of the user's leave no room: nothing is written."""
    ref = put(s3, Tagging="&".join(f"user-{number}=x" for number in range(10)))
    assert Objects(s3).merge_tags(ref, VERDICT, DETAIL) is None
    assert len(tags_of(s3)) == 10


def test_tags_do_not_stay_on_what_replaced_the_object(s3: Any) -> None:
    """In a bucket without versions the newcomer must not carry the old one's verdict."""
    ref = put(s3, Tagging="team=a")
    racing: Any = Racing(s3, "put_object_tagging", lambda: put(s3, b"second", Tagging="team=a"))
    with pytest.raises(ObjectReplacedError):
        Objects(racing).merge_tags(ref, VERDICT, DETAIL)
    assert tags_of(s3) == {"team": "a"}


def test_object_deleted_while_it_is_tagged_is_missing(s3: Any) -> None:
    """No verdict is left anywhere."""
    ref = put(s3)
    racing: Any = Racing(
        s3, "put_object_tagging", lambda: s3.delete_object(Bucket=BUCKET, Key="key")
    )
    with pytest.raises(ObjectMissingError):
        Objects(racing).merge_tags(ref, VERDICT, DETAIL)


def test_removing_tags_leaves_all_others(s3: Any) -> None:
    """Only the named ones go."""
    ref = put(s3, Tagging="team=a&scan-status=FAILED")
    Objects(s3).remove_tags(ref, {"scan-status", "scan-detail"})
    assert tags_of(s3) == {"team": "a"}


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("403", 403, AccessDeniedError),
        ("AccessDenied", 403, AccessDeniedError),
        ("KMS.DisabledException", 400, AccessDeniedError),
        ("KMS.ThrottlingException", 400, TransientError),
        ("KMS.DependencyTimeoutException", 503, TransientError),
        ("KMS.KMSInternalException", 500, TransientError),
        ("400", 400, CustomerKeyError),
        ("404", 404, ObjectMissingError),
        ("NoSuchVersion", 404, ObjectMissingError),
        ("405", 405, ObjectMissingError),
        ("412", 412, ObjectReplacedError),
        ("InvalidObjectState", 403, ObjectArchivedError),
        ("SlowDown", 503, TransientError),
        ("503", 503, TransientError),
        ("429", 429, TransientError),
        ("InvalidArgument", 400, PermanentError),
    ],
)
def test_s3s_answers_are_told_apart(code: str, status: int, expected: type[Exception]) -> None:
    """Each answer becomes the one error that says what to do."""

    class Refusing:
        def head_object(self, **_: Any) -> Any:
            raise ClientError(
                {
                    "Error": {"Code": code, "Message": "no"},
                    "ResponseMetadata": {"HTTPStatusCode": status},  # type: ignore[typeddict-item]
                },
                "HeadObject",
            )

    refusing: Any = Refusing()
    with pytest.raises(expected) as caught:
        Objects(refusing).head(ObjectRef(BUCKET, "key"))
    assert type(caught.value) is expected
