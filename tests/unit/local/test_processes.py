"""What was started is ended, whole, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys

from local import processes

_STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import signal, time; "
                  "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('child', flush=True); "
                  "time.sleep(60)"])
time.sleep(60)
"""


def test_session_that_ignores_the_request_to_end_is_ended_with_its_children() -> None:
    """Leader and child both refuse SIGTERM; neither is there afterwards."""
    with subprocess.Popen(
        [sys.executable, "-c", _STUBBORN], stdout=subprocess.PIPE, start_new_session=True
    ) as leader:
        assert leader.stdout is not None
        assert leader.stdout.readline() == b"child\n"
        assert len(processes.session_members(leader.pid)) == 2
        processes.end_session(leader.pid, grace_seconds=0.2)
        leader.wait(timeout=5)
    assert processes.session_members(leader.pid) == []


def test_process_is_known_by_its_start_and_not_by_its_id_alone() -> None:
    """A process has the same start each time one looks; one that has ended has none."""
    own = processes.start_ticks(os.getpid())
    assert own is not None
    assert own == processes.start_ticks(os.getpid())
    with subprocess.Popen(["sleep", "0"]) as ended:
        ended.wait()
    assert processes.start_ticks(ended.pid) is None
