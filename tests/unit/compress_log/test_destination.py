"""Keys of compressed logs: partitioned, safe, and one for each content."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.compress_log.destination import archive_key, partition_of, safe_name, short_id
from tidegate.objectref import ObjectRef

REF = ObjectRef("uploads", "web/access-2026-11-05.log", "version-1", "etag-1")
DAY = date(2026, 11, 5)


def test_key_is_prefix_partition_and_name() -> None:
    """As Hive and Athena read it, with two digits for month and day."""
    key = archive_key(REF, ".log", DAY, "logs", ".gz")

    assert partition_of(DAY) == "year=2026/month=11/day=05"
    assert key == f"logs/year=2026/month=11/day=05/access-2026-11-05-{short_id(REF)}.log.gz"


@pytest.mark.parametrize(
    "other",
    [
        replace(REF, bucket="uploads-2"),
        replace(REF, key="db/access-2026-11-05.log"),
        replace(REF, version_id="version-2"),
        replace(REF, version_id=None),
        replace(REF, etag="etag-2"),
    ],
)
def test_logs_of_one_name_never_meet(other: ObjectRef) -> None:
    """Another bucket, folder, version or content gives another key, the same one the same."""
    assert archive_key(other, ".log", DAY, "logs", ".gz") != archive_key(
        REF, ".log", DAY, "logs", ".gz"
    )
    assert short_id(replace(REF)) == short_id(REF)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("a/b/server.log", "server"),
        ("server.access.log", "server.access"),
        ("_hidden.log", "hidden"),
        (".hidden.log", "hidden"),
        (".log", "log"),
        ("logs/.log", "log"),
        ("a//.log", "log"),
        ("日本語.log", "log"),
        ("größe 50% + mehr.log", "gr_e_50_mehr"),
        ("../../etc/passwd.log", "passwd"),
        ("a/..log", "log"),
        ("year=2026.log", "year_2026"),
        ("x" * 1000 + ".log", "x" * 100),
        ("a\nb\x00c.log", "a_b_c"),
    ],
)
def test_hostile_keys_give_safe_names(key: str, name: str) -> None:
    """Nothing but letters, digits and ._- comes through, and nothing that Athena would hide."""
    assert safe_name(key, ".log") == name


@given(st.text(min_size=1, max_size=300))
def test_whatever_the_key_the_name_is_safe(key: str) -> None:
    """Any text gives a name that is short, visible and in the folder where it was put."""
    assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?", safe_name(key, ".log"))
