"""Names of tests that hang on the clock or on a hash's seed stop pytest-xdist, now and then."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_tests_bear_the_same_names_in_every_process(request: pytest.FixtureRequest) -> None:
    collection = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "--numprocesses=0"],
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
    )
    assert collection.returncode == 0, collection.stdout[-2000:] + collection.stderr[-2000:]
    names = set(collection.stdout.splitlines())
    assert [item.nodeid for item in request.session.items if item.nodeid not in names] == []
