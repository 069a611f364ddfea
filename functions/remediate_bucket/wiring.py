"""Wires what works on buckets to AWS."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import boto3

from functions.remediate_bucket import controls
from functions.remediate_bucket.account import Account
from functions.remediate_bucket.changes import Changes
from functions.remediate_bucket.config_results import ConfigResults
from functions.remediate_bucket.control import Control, Mode, Profile
from functions.remediate_bucket.deliveries import AccessLogs
from functions.remediate_bucket.execution import Execution
from functions.remediate_bucket.lease import Leases
from functions.remediate_bucket.lockout import Guardians
from functions.remediate_bucket.messages import Messages
from functions.remediate_bucket.notices import Notices
from functions.remediate_bucket.reader import Reader
from functions.remediate_bucket.regions import Regions
from functions.remediate_bucket.remediation import Remediation
from functions.remediate_bucket.reports import Reports
from functions.remediate_bucket.rule import Rule
from functions.remediate_bucket.settings import Settings
from functions.remediate_bucket.snapshots import Snapshots
from functions.remediate_bucket.sweep import Sweep
from functions.remediate_bucket.trails import Trails
from functions.remediate_bucket.undo import Undo
from functions.remediate_bucket.works import Works
from functions.remediate_bucket.writer import Writer
from tidegate.bus import Bus
from tidegate.clients import client, configuration
from tidegate.errors import MisconfiguredError
from tidegate.telemetry import Telemetry


def build(settings: Settings, telemetry: Telemetry) -> Works:
    """Return what works on buckets, wired to AWS."""
    _check(settings, controls.ALL)
    s3 = client("s3")
    regions = Regions(s3.meta.region_name, settings.account_id, _adaptive_client)
    table: Any = boto3.resource("dynamodb", config=configuration()).Table(
        settings.changes_table_name
    )
    guardians = Guardians(settings.role_arn, settings.account_id)
    reader = Reader(regions, Account(regions), Trails(regions), AccessLogs(regions))
    writer = Writer(regions)
    changes = Changes(table, frozenset(control.id for control in controls.ALL))
    leases = Leases(table, settings.changes_per_day)
    snapshots = Snapshots(s3, settings.snapshots_bucket_name, settings.kms_key_arn)
    bus = Bus(client("events"), settings.event_bus_name)
    notices = Notices(client("sns"), settings.alerts_topic_arn)
    remediation = Remediation(
        controls=controls.ALL,
        permissions=settings.permissions,
        profile=settings.profile,
        targets=targets(regions),
        exemption_tag_key=settings.exemption_tag_key,
        guardians=guardians,
        reader=reader,
        changes=changes,
        leases=leases,
        execution=Execution(
            reader=reader,
            writer=writer,
            changes=changes,
            leases=leases,
            snapshots=snapshots,
            bus=bus,
            now=_now,
            random=lambda: uuid4().hex[:8],
            sleep=time.sleep,
        ),
        bus=bus,
        now=_now,
    )
    return Works(
        remediation=remediation,
        undoing=Undo(
            hold_days=settings.undo_hold_days,
            guardians=guardians,
            reader=reader,
            writer=writer,
            changes=changes,
            leases=leases,
            snapshots=snapshots,
            bus=bus,
            now=_now,
        ),
        sweep=Sweep(
            account_id=settings.account_id,
            remediation=remediation,
            reader=reader,
            reports=Reports(s3, settings.reports_bucket_name, settings.kms_key_arn),
            notices=notices,
            messages=Messages(client("sqs"), settings.queue_url),
            now=_now,
        ),
        rule=Rule(remediation, reader, ConfigResults(client("config"), settings.account_id)),
        notices=notices,
        telemetry=telemetry,
    )


def _check(settings: Settings, every: tuple[Control, ...]) -> None:
    appliable = {control.id for control in every if control.mode is not Mode.REPORT_ONLY}
    unknown = settings.permissions.opted_in - appliable
    if unknown:
        raise MisconfiguredError(
            f"ApplyControls: {', '.join(sorted(unknown))} is no control that can be applied"
        )


def targets(regions: Regions) -> Callable[[Profile], Profile]:
    """Return what adds to a profile the Regions of its targets, asked for until known."""
    known: dict[str, str] = {}

    def region_of(bucket: str | None) -> str | None:
        if bucket is None:
            return None
        if bucket in known:
            return known[bucket]
        try:
            region = regions.region_of(bucket)
        except MisconfiguredError:
            # Another account's, or closed to this role: the controls say what is wrong.
            return None
        if region:
            known[bucket] = region
        return region

    def complete(profile: Profile) -> Profile:
        return replace(
            profile,
            log_target_region=region_of(profile.log_target_bucket),
            inventory_target_region=region_of(profile.inventory_target_bucket),
        )

    return complete


def _adaptive_client(service: str, region: str) -> Any:
    return client(service, region=region, retry_mode="adaptive")


def _now() -> datetime:
    return datetime.now(UTC)
