"""What lies in a bucket, up to a limit, read through boto3."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import boto3
import pytest

from functions.report_storage.contents import Contents, Limits
from functions.report_storage.usage import Stock
from local.simulated_aws import SimulatedAws, serving
from local.simulated_bucket import Bucket, Upload, Version
from tests.unit.report_storage.world import GB, NOW
from tidegate.errors import AccessDeniedError

KB128 = 128 * 1024


def ago(days: int) -> Any:
    """Return the moment so many days ago."""
    return NOW - timedelta(days=days)


def ask(bucket: Bucket, what: str, **limits: int) -> Any:
    """Return the uploads or the listing of a bucket."""
    with serving(SimulatedAws.of(bucket, now=NOW)):
        contents = Contents(boto3.client("s3"), Limits(**{"uploads": 10, "versions": 10, **limits}))
        return getattr(contents, what)(bucket.name, NOW)


def test_uploads_are_added_up_by_class_and_age() -> None:
    """Those older than a week are taken for given up; keys may hold anything."""
    bucket = Bucket(
        "one",
        uploads=(
            Upload("a + b&<c>/%20", ago(30), (5 * GB, 3 * GB)),
            Upload("new", ago(2), (GB,)),
            Upload("cold", ago(8), (2 * GB,), storage_class="GLACIER"),
            Upload("nothing came", ago(9), ()),
        ),
    )

    found = ask(bucket, "uploads")

    assert (found.count, found.abandoned_count, found.complete) == (4, 3, True)
    assert found.bytes_by_class == {"STANDARD": 9 * GB, "GLACIER": 2 * GB}
    assert found.abandoned_by_class == {"STANDARD": 8 * GB, "GLACIER": 2 * GB}


def test_versions_are_added_up_by_class_size_and_age() -> None:
    """A version is noncurrent since the next one came, which may be a delete marker."""
    bucket = Bucket(
        "one",
        versions=(
            Version("gone", ago(40), None),
            Version("gone", ago(300), 7 * GB, latest=False),
            Version("kept", ago(10), KB128),
            Version("kept", ago(50), 5, latest=False),
            Version("kept", ago(90), 11, latest=False, storage_class="STANDARD_IA"),
            Version("small", ago(90), KB128 - 1),
            Version("settled", ago(30), KB128),
        ),
    )

    found = ask(bucket, "listing")

    assert found.complete
    assert (found.objects, found.delete_markers) == (6, 1)
    assert found.large == {"STANDARD": Stock(3, 7 * GB + 2 * KB128)}
    assert found.settled == {"STANDARD": Stock(1, KB128)}
    assert found.noncurrent == {"STANDARD": Stock(2, 7 * GB + 5), "STANDARD_IA": Stock(1, 11)}
    # "kept" of 50 days was replaced 10 days ago; that of 90 days was replaced 50 days ago.
    assert found.expired == {"STANDARD": Stock(1, 7 * GB), "STANDARD_IA": Stock(1, 11)}


def test_age_is_known_across_pages() -> None:
    """The next version may be on the page before."""
    versions = [Version("key", ago(60), 1)]
    versions += [Version("key", ago(61 + n), 1, latest=False) for n in range(4)]

    found = ask(Bucket("one", versions=tuple(versions)), "listing", versions=3)

    assert not found.complete
    assert found.expired == {"STANDARD": Stock(2, 2)}


@pytest.mark.parametrize(("limit", "complete"), [(4, False), (5, True), (6, True)])
def test_listing_ends_at_its_limit_and_says_so(limit: int, complete: bool) -> None:
    """What lies beyond is not guessed at."""
    versions = tuple(Version(f"{n}", ago(60), 1) for n in range(5))

    found = ask(Bucket("one", versions=versions), "listing", versions=limit)

    assert (found.complete, found.objects) == (complete, min(5, limit))


def test_empty_bucket_is_known_to_be_empty() -> None:
    """No versions, no uploads: both complete."""
    assert ask(Bucket("one"), "listing").objects == 0
    assert ask(Bucket("one"), "uploads").total_bytes == 0


@pytest.mark.parametrize("what", ["uploads", "listing"])
def test_refusal_is_named(what: str) -> None:
    """A denied bucket raises, and never looks empty."""
    with pytest.raises(AccessDeniedError, match="one"):
        ask(Bucket("one", denied=True), what)
