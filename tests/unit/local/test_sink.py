"""The sink that the upload's benchmark sends to: no byte is counted that did not come."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.cases import upload
from benchmarks.errors import BenchmarkError


@pytest.mark.parametrize("size", [1000, 20_000_000], ids=["one-request", "parts"])
def test_command_and_bare_transfer_arrive_whole(tmp_path: Path, size: int) -> None:
    """Both are timed, after all bytes of each were counted."""
    file = tmp_path / "file"
    file.write_bytes(bytes(size))
    pairs = upload.measure(file, warm_up=0, repetitions=1)
    assert all(seconds > 0 for seconds in (*pairs.subject, *pairs.baseline))


def test_upload_that_fails_is_no_figure(tmp_path: Path) -> None:
    """A quick failure is not taken for a quick upload."""
    with pytest.raises(BenchmarkError, match="ended with"):
        upload.measure(tmp_path / "missing", warm_up=0, repetitions=1)
