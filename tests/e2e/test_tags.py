"""The verdict's tags beside those of the uploader."""

from __future__ import annotations

import pytest

from local import samples
from local.verdicts import Listener
from tests.e2e.uploads import Uploads


@pytest.mark.parametrize(
    ("present", "tagging", "own"),
    [
        (0, "COMPLETE", {"scan-status", "scan-definitions"}),
        (8, "COMPLETE", {"scan-status", "scan-definitions"}),
        (9, "STATUS_ONLY", {"scan-status"}),
        (10, "NO_ROOM", set()),
    ],
)
def test_uploaders_tags_are_kept_and_ours_fit_in_or_stay_out(
    uploads: Uploads, listener: Listener, present: int, tagging: str, own: set[str]
) -> None:
    """Of the ten tags that S3 allows, ours take only those that are free; the event tells."""
    theirs = {f"key-{number}": f"value {number}" for number in range(present)}
    query = "&".join(f"{key}={value.replace(' ', '%20')}" for key, value in theirs.items())
    put = uploads.put("file", samples.text(), Tagging=query)
    verdict = uploads.verdict(listener, put)
    assert verdict.status == "NO_THREATS_FOUND"
    assert verdict.detail["scanner"]["tagging"] == tagging
    tags = uploads.tags(put)
    assert {key: value for key, value in tags.items() if key in theirs} == theirs
    assert tags.keys() - theirs.keys() == own
