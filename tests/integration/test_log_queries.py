"""A real query over compressed logs, in the layout and by the table that the template makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from functions.compress_log.packing import Compression
from local import log_lines, log_query
from tests.contract.cloudformation import Stack
from tests.integration.logs_world import ARCHIVE, LogsWorld

PREFIX = "logs/"


@pytest.fixture(autouse=True)
def aws() -> Iterator[None]:
    """Nothing here leaves the process."""
    with mock_aws():
        yield


def table() -> dict[str, Any]:
    """Return the table as Glue gets it."""
    made: dict[str, Any] = Stack().properties("LogTable")["TableInput"]
    return made


def downloaded(world: LogsWorld, folder: Path) -> Path:
    """Put the archive's objects below a folder, as they lie below the table's location."""
    for key, _ in world.versions(ARCHIVE):
        path = folder / key.removeprefix(PREFIX)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(world.s3.get_object(Bucket=ARCHIVE, Key=key)["Body"].read())
    return folder


@pytest.mark.parametrize("compression", Compression)
def test_query_finds_exactly_the_lines_that_were_uploaded(
    tmp_path: Path, compression: Compression
) -> None:
    """Across members, objects and days: every line once, in its partition, and no other."""
    world = LogsWorld.make(compression=compression)
    # More than two blocks, so that lines lie across the members' borders.
    access = log_lines.at_least(log_lines.access_lines(), 9_000_000)
    application = log_lines.at_least(log_lines.application_lines(), 1_000_000)
    odd = 'a "quoted" line, ünïcode ☃\n  spaces  \n\\N\nno newline at the end' + " " * 300
    for body, key in (
        (access, "web/access-2026-11-25.log"),
        (application, "app/2026/11/24/application.log"),
        (odd.encode(), "odd-20261124.log"),
    ):
        world.run(world.upload(body, key))
    folder = downloaded(world, tmp_path)

    def lines(day: str) -> list[str]:
        rows = log_query.over_files(
            folder,
            table(),
            f"SELECT line FROM logs WHERE year = '2026' AND month = '11' AND day = '{day}'",
        )
        return sorted(line for (line,) in rows)

    assert lines("25") == sorted(access.decode().splitlines())
    assert lines("24") == sorted([*application.decode().splitlines(), *odd.split("\n")])
    assert lines("23") == []


def test_query_can_count_and_filter(tmp_path: Path) -> None:
    """As somebody would who looks for errors of a day."""
    world = LogsWorld.make()
    content = log_lines.at_least(log_lines.access_lines(), 1_000_000)
    world.run(world.upload(content))

    ((found,),) = log_query.over_files(
        downloaded(world, tmp_path),
        table(),
        """SELECT count(*) FROM logs WHERE year = '2026' AND line LIKE '%HTTP/1.1" 500 %'""",
    )

    assert found == content.count(b'HTTP/1.1" 500 ') > 0
