"""A synthetic account of 200 buckets whose costs and savings are known to the cent.

Ten families of buckets, each bucket of a family alike, with sizes for which the sums can be done
by hand; tests/unit/report_storage/test_synthetic_account.py has the sums.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from local.simulated_bucket import Bucket, Upload, Version

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
GB = 1 << 30
MB = 1 << 20
_LONG_AGO = NOW - timedelta(days=200)


def _plain(name: str) -> Bucket:
    """A terabyte of Standard whose reads nobody counts."""
    return Bucket(
        name,
        sizes={"StandardStorage": 1024 * GB},
        earlier={"StandardStorage": 700 * GB},
        objects=1_000_000,
        more_versions=True,
        versions=(Version("a", _LONG_AGO, 5 * MB),),
    )


def _infrequent(name: str) -> Bucket:
    """500 GB of Standard-IA, in Ireland."""
    return Bucket(
        name,
        region="eu-west-1",
        sizes={"StandardIAStorage": 500 * GB},
        objects=50_000,
        more_versions=True,
        versions=(Version("a", _LONG_AGO, 5 * MB, storage_class="STANDARD_IA"),),
        lifecycle=_LIFECYCLE,
    )


def _frankfurt(name: str) -> Bucket:
    """200 GB of Standard in Frankfurt, with counted requests of small objects that all change."""
    return Bucket(
        name,
        region="eu-central-1",
        sizes={"StandardStorage": 200 * GB},
        objects=2_000_000,
        requests={
            "GetRequests": 1_000_000,
            "PutRequests": 100_000,
            "BytesDownloaded": 300 * GB,
            "BytesUploaded": 150 * GB,
        },
    )


def _tiered(name: str) -> Bucket:
    """500 GB in two tiers of Intelligent-Tiering, a million objects."""
    return Bucket(
        name,
        region="us-west-2",
        sizes={
            "IntelligentTieringFAStorage": 100 * GB,
            "IntelligentTieringIAStorage": 400 * GB,
        },
        objects=1_000_000,
        more_versions=True,
        versions=(Version("a", _LONG_AGO, MB, storage_class="INTELLIGENT_TIERING"),),
    )


def _archived(name: str) -> Bucket:
    """10,000 GB in Glacier Flexible Retrieval, with the overhead of each object."""
    return Bucket(
        name,
        region="us-east-2",
        sizes={
            "GlacierStorage": 10_000 * GB,
            "GlacierObjectOverhead": 320 * GB,
            "GlacierS3ObjectOverhead": 80 * GB,
        },
        objects=10_485_760,
        more_versions=True,
        versions=(Version("a", _LONG_AGO, MB, storage_class="GLACIER"),),
    )


def _left_over(name: str) -> Bucket:
    """10 GB of Standard: 4 of an upload given up long ago, 5 noncurrent for long, 1 current."""
    return Bucket(
        name,
        region="eu-west-1",
        sizes={"StandardStorage": 10 * GB},
        objects=3,
        versioning="Enabled",
        uploads=(Upload("big file+", NOW - timedelta(days=30), (2 * GB, 2 * GB)),),
        versions=(
            Version("a", NOW - timedelta(days=90), GB),
            Version("a", _LONG_AGO, 5 * GB, latest=False),
        ),
    )


def _cold(name: str) -> Bucket:
    """1,000 GB of Standard in 10,000 objects, of which 10 GB were read in 30 days."""
    return Bucket(
        name,
        region="us-west-2",
        sizes={"StandardStorage": 1000 * GB},
        objects=10_000,
        requests={
            "GetRequests": 1_000,
            "PutRequests": 0,
            "BytesDownloaded": 10 * GB,
            "BytesUploaded": 0,
        },
        versions=(Version("a", _LONG_AGO, 100 * MB),),
        more_versions=True,
    )


def _empty(name: str) -> Bucket:
    """Nothing: S3 writes no metrics of it."""
    return Bucket(name)


def _far(name: str) -> Bucket:
    """100 GB where no prices are known."""
    return Bucket(name, region="ap-south-2", sizes={"StandardStorage": 100 * GB}, objects=1000)


def _denied(name: str) -> Bucket:
    """A bucket whose policy refuses every question, and of which there are no metrics."""
    return Bucket(name, denied=True)


_LIFECYCLE = (
    '<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule>'
    "<ID>tidy</ID><Filter/><Status>Enabled</Status>"
    "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation>"
    "</AbortIncompleteMultipartUpload><Expiration><Days>3650</Days></Expiration>"
    "</Rule></LifecycleConfiguration>"
)
FAMILIES: dict[str, tuple[int, Callable[[str], Bucket]]] = {
    "plain": (60, _plain),
    "infrequent": (40, _infrequent),
    "frankfurt": (20, _frankfurt),
    "tiered": (20, _tiered),
    "archived": (10, _archived),
    "left-over": (20, _left_over),
    "cold": (10, _cold),
    "empty": (10, _empty),
    "far": (5, _far),
    "denied": (5, _denied),
}


def buckets(times: int = 1) -> tuple[Bucket, ...]:
    """Return the 200 buckets, or so many times as many."""
    return tuple(
        make(f"{family}-{number:04}")
        for family, (count, make) in FAMILIES.items()
        for number in range(count * times)
    )
