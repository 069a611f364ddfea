"""The limits of an engine and clamd's settings for them."""

from pathlib import Path

import pytest

from clamav_layer.limits import HARD_MAX_BYTES, EngineLimits


def test_all_size_limits_are_alike() -> None:
    """No part of the analysis ends in silence before the largest file that is accepted."""
    lines = EngineLimits(max_bytes=1000).settings(Path("/w")).splitlines()

    sizes = {line.split()[0] for line in lines if line.endswith(" 1000")}
    assert {"MaxFileSize", "MaxScanSize", "MaxScriptNormalize", "PCREMaxFileSize"} <= sizes


def test_scan_time_is_given_in_milliseconds() -> None:
    """The engine counts in milliseconds."""
    assert "MaxScanTime 1500\n" in EngineLimits(max_scan_seconds=1.5).settings(Path("/w"))


@pytest.mark.parametrize(
    ("max_bytes", "max_scan_seconds", "threads"),
    [(0, 1, 1), (HARD_MAX_BYTES + 1, 1, 1), (1, 0, 1), (1, 1, 0)],
)
def test_limits_that_clamd_would_change_in_silence_are_refused(
    max_bytes: int, max_scan_seconds: int, threads: int
) -> None:
    """The engine takes 0 for "no limit" and clamps what is too large; neither is meant."""
    with pytest.raises(ValueError, match="must be"):
        EngineLimits(max_bytes, max_scan_seconds, threads)
