"""A synthetic bucket, and what S3 says of it, as XML."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.sax.saxutils import escape


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart upload that nobody ended."""

    key: str
    begun: datetime
    part_bytes: tuple[int, ...]
    storage_class: str = "STANDARD"


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an object; of one key the newest comes first. Without a size a delete marker."""

    key: str
    modified: datetime
    size_bytes: int | None
    latest: bool = True
    storage_class: str = "STANDARD"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket. `requests` are sums of 30 days by metric; `earlier` are bytes 60 days ago.

    `more_versions` makes a listing say that there are more than it shows.
    """

    name: str
    region: str = "us-east-1"
    sizes: Mapping[str, int] = field(default_factory=dict)
    earlier: Mapping[str, int] | None = None
    objects: int | None = None
    requests: Mapping[str, int] | None = None
    uploads: tuple[Upload, ...] = ()
    versions: tuple[Version, ...] = ()
    more_versions: bool = False
    versioning: str | None = None
    lifecycle: str = ""
    denied: bool = False


def wrap(name: str, inner: str = "<IsTruncated>false</IsTruncated>") -> str:
    """Return an element of S3's name space."""
    return f'<{name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{inner}</{name}>'


def error(code: str, message: str) -> str:
    """Return S3's words for a refusal."""
    return f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"


def moment(when: datetime) -> str:
    """Return a time as S3 writes it."""
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%S.000Z}"


def versioning(bucket: Bucket) -> str:
    """Return the answer of GetBucketVersioning."""
    status = f"<Status>{bucket.versioning}</Status>" if bucket.versioning else ""
    return wrap("VersioningConfiguration", status)


def metrics_configurations(bucket: Bucket) -> str:
    """Return the answer of ListBucketMetricsConfigurations."""
    each = "<Id>EntireBucket</Id>"
    found = f"<MetricsConfiguration>{each}</MetricsConfiguration>" if bucket.requests else ""
    return wrap("ListMetricsConfigurationsResult", f"<IsTruncated>false</IsTruncated>{found}")


def uploads(bucket: Bucket) -> str:
    """Return the answer of ListMultipartUploads."""
    each = "".join(
        f"<Upload><Key>{escape(upload.key)}</Key><UploadId>{number}</UploadId>"
        f"<StorageClass>{upload.storage_class}</StorageClass>"
        f"<Initiated>{moment(upload.begun)}</Initiated></Upload>"
        for number, upload in enumerate(bucket.uploads)
    )
    return wrap("ListMultipartUploadsResult", f"<IsTruncated>false</IsTruncated>{each}")


def parts(upload: Upload) -> str:
    """Return the answer of ListParts."""
    each = "".join(
        f"<Part><PartNumber>{number}</PartNumber><Size>{size}</Size></Part>"
        for number, size in enumerate(upload.part_bytes, 1)
    )
    return wrap("ListPartsResult", f"<IsTruncated>false</IsTruncated>{each}")


def versions(bucket: Bucket, most: int, query: Mapping[str, str]) -> str:
    """Return the answer of ListObjectVersions, from where the last one ended."""
    start = int(query.get("version-id-marker") or 0)
    shown = bucket.versions[start : start + most]
    rest = start + most < len(bucket.versions) or bucket.more_versions
    each = "".join(_version(version) for version in shown)
    more = f"<IsTruncated>{str(rest).lower()}</IsTruncated>"
    if rest:
        more += f"<NextKeyMarker>k</NextKeyMarker><NextVersionIdMarker>{start + len(shown)}"
        more += "</NextVersionIdMarker>"
    return wrap("ListVersionsResult", more + each)


def _version(version: Version) -> str:
    kind = "DeleteMarker" if version.size_bytes is None else "Version"
    sized = (
        ""
        if version.size_bytes is None
        else f"<Size>{version.size_bytes}</Size>"
        f"<StorageClass>{version.storage_class}</StorageClass>"
    )
    return (
        f"<{kind}><Key>{escape(version.key)}</Key><VersionId>v</VersionId>"
        f"<IsLatest>{str(version.latest).lower()}</IsLatest>"
        f"<LastModified>{moment(version.modified)}</LastModified>{sized}</{kind}>"
    )
