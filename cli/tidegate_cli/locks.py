"""Object Lock on one exact version: what is on it, and which changes it takes.

A retention in COMPLIANCE mode can be made longer by anybody who may, and ended or shortened by
nobody, the root user included; one in GOVERNANCE mode by whoever holds
s3:BypassGovernanceRetention: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError

from tidegate.objectref import ObjectRef
from tidegate_cli.errors import MissingError, RefusedError, UsageError, aws_errors, error_code

MAX_DAYS = 36_500
MAX_LISTED = 50
_NO_LOCK = frozenset({"NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"})


class Mode(StrEnum):
    """Who may end a retention early: those with the right to, or nobody at all."""

    GOVERNANCE = "GOVERNANCE"
    COMPLIANCE = "COMPLIANCE"


@dataclass(frozen=True, slots=True)
class Retention:
    """Until when a version may not be deleted; `until` is aware."""

    mode: Mode
    until: datetime

    @property
    def until_text(self) -> str:
        """The end in ISO 8601, UTC."""
        return self.until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object, for people to choose from."""

    version_id: str
    modified: datetime
    size_bytes: int
    current: bool


def end(until: str | None, days: int | None, now: datetime) -> datetime:
    """Return when the retention ends: a date means its beginning in UTC. UsageError if past."""
    if (until is None) == (days is None):
        raise UsageError("give either --until or --days")
    if days is not None:
        if not 1 <= days <= MAX_DAYS:
            raise UsageError(f"--days is 1 to {MAX_DAYS:,}")
        return now + timedelta(days=days)
    moment = _moment(until or "")
    if moment <= now:
        raise UsageError(f"{until} is past")
    if moment > now + timedelta(days=MAX_DAYS):
        raise UsageError(f"{until} is more than {MAX_DAYS:,} days away")
    return moment


def _moment(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time.min, UTC)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no date such as 2030-01-31 or 2030-01-31T12:00Z") from None
    if moment.tzinfo is None:
        raise UsageError(f"{text!r} lacks its time zone, such as Z or +01:00")
    return moment


def check_change(
    present: Retention | None, wanted: Retention, now: datetime, *, bypass: bool
) -> None:
    """Refuse what would shorten or loosen the present retention without the right for it."""
    if present is None or present.until <= now:
        return
    weaker = wanted.until < present.until or (
        present.mode is Mode.COMPLIANCE and wanted.mode is Mode.GOVERNANCE
    )
    if present.mode is Mode.COMPLIANCE and weaker:
        raise RefusedError(
            f"the version is retained in COMPLIANCE mode until {present.until_text}: nobody can "
            "shorten or loosen that"
        )
    if weaker and not bypass:
        raise RefusedError(
            f"the version is retained until {present.until_text}: --bypass-governance shortens "
            "that, if you hold s3:BypassGovernanceRetention"
        )


class Locks:
    """The locks on object versions in S3."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def versions(self, bucket: str, key: str) -> list[Version]:
        """Return the versions of the key, the newest first, at most 50; MissingError for none."""
        with aws_errors(f"list the versions of s3://{bucket}/{key}"):
            answer = self._s3.list_object_versions(Bucket=bucket, Prefix=key, MaxKeys=MAX_LISTED)
        # The key itself comes first among those that begin with it.
        found = [
            Version(entry["VersionId"], entry["LastModified"], entry["Size"], entry["IsLatest"])
            for entry in answer.get("Versions", ())
            if entry["Key"] == key
        ]
        if not found:
            raise MissingError(f"there is no version of s3://{bucket}/{key}")
        return found

    def legal_hold(self, ref: ObjectRef) -> bool:
        """Whether a legal hold is on the version."""
        with aws_errors(f"read the legal hold of {ref}"):
            try:
                answer = self._s3.get_object_legal_hold(**_selected(ref))
            except ClientError as error:
                if error_code(error) in _NO_LOCK:
                    return False
                raise
        return bool(answer.get("LegalHold", {}).get("Status") == "ON")

    def set_legal_hold(self, ref: ObjectRef, *, on: bool) -> None:
        """Put a legal hold on the version, or take it off."""
        with aws_errors(f"set the legal hold of {ref}"):
            self._s3.put_object_legal_hold(
                **_selected(ref), LegalHold={"Status": "ON" if on else "OFF"}
            )

    def retention(self, ref: ObjectRef) -> Retention | None:
        """Return the version's retention, None where it has none."""
        with aws_errors(f"read the retention of {ref}"):
            try:
                answer = self._s3.get_object_retention(**_selected(ref)).get("Retention", {})
            except ClientError as error:
                if error_code(error) in _NO_LOCK:
                    return None
                raise
        if "Mode" not in answer:
            return None
        return Retention(Mode(answer["Mode"]), answer["RetainUntilDate"])

    def set_retention(self, ref: ObjectRef, retention: Retention, *, bypass: bool) -> None:
        """Set the version's retention."""
        extra = {"BypassGovernanceRetention": True} if bypass else {}
        with aws_errors(f"set the retention of {ref}"):
            self._s3.put_object_retention(
                **_selected(ref),
                Retention={"Mode": retention.mode.value, "RetainUntilDate": retention.until},
                **extra,
            )


def _selected(ref: ObjectRef) -> dict[str, Any]:
    return {"Bucket": ref.bucket, "Key": ref.key, "VersionId": ref.version_id}
