"""The page stays small enough to mail, whatever the account."""

from __future__ import annotations

from functions.report_storage import page
from functions.report_storage.usage import BucketUsage, LifecycleRule, Unknown
from tests.unit.report_storage.world import bucket, report

MOST_BYTES = 500_000


def refused(number: int) -> BucketUsage:
    """Return a bucket of which every question was refused, in AWS's own long words."""
    name = f"bucket-{number:04}-of-some-department-of-the-company-production"

    def words(action: str) -> Unknown:
        return Unknown(
            f"could not ask {name}: An error occurred (AccessDenied) when calling the {action} "
            "operation: User: arn:aws:sts::111122223333:assumed-role/tidegate-ReportStorageRole-"
            f"ABCDEFGHIJKL/tidegate-ReportStorageFunction is not authorized to perform: s3:{action}"
            f' on resource: "arn:aws:s3:::{name}" with an explicit deny in a resource-based policy'
        )

    return bucket(
        name,
        requests=words("GetMetricsConfiguration"),
        uploads=words("ListBucketMultipartUploads"),
        listing=words("ListBucketVersions"),
        versioning=words("GetBucketVersioning"),
        lifecycle=words("GetLifecycleConfiguration"),
        tiering=words("GetIntelligentTieringConfiguration"),
    )


def test_page_of_buckets_that_refuse_everything_is_small() -> None:
    """The first reasons are told, and where the others stand."""
    html = page.to_html(report(*(refused(number) for number in range(1000))))

    assert len(html.encode()) < MOST_BYTES
    assert html.count("could not ask bucket-0000") == 6
    assert "for this and other reasons see report.json" in html


def test_page_of_buckets_with_as_many_rules_as_s3_takes_is_small() -> None:
    """The first rules are told, and how many more there are."""
    rule = LifecycleRule(
        "r",
        enabled=True,
        whole=False,
        actions=("to STANDARD_IA after 30 days", "to GLACIER_IR after 90 days"),
    )
    html = page.to_html(report(*(bucket(f"b{n}", lifecycle=(rule,) * 1000) for n in range(300))))

    assert len(html.encode()) < MOST_BYTES
    assert "(in part); and 992 more</td>" in html
