"""Identity and end of processes that this package started, by process id only (Linux)."""

import os
import signal
import time
from pathlib import Path

_STATE_FIELD = 2
_SESSION_FIELD = 5
_START_TIME_FIELD = 21


def _stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/<pid>/stat, or None when there is no such process.

    The second field, the program's name in parentheses, may hold spaces: it is replaced.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    head, _, tail = text.rpartition(")")
    return [head.partition(" ")[0], "name", *tail.split()]


def start_ticks(pid: int) -> int | None:
    """Return when the process started, in clock ticks since boot: with the id, its identity.

    None when it has ended (a zombie has ended).
    """
    stat = _stat(pid)
    if stat is None or stat[_STATE_FIELD] == "Z":
        return None
    return int(stat[_START_TIME_FIELD])


def session_members(session: int) -> list[int]:
    """Return the ids of all living processes of a session, its leader included."""
    members = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        stat = _stat(int(entry.name))
        if stat and stat[_STATE_FIELD] != "Z" and int(stat[_SESSION_FIELD]) == session:
            members.append(int(entry.name))
    return members


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _wait_until_gone(session: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not session_members(session):
            return True
        time.sleep(0.05)
    return not session_members(session)


def end_session(leader: int, grace_seconds: float = 8.0) -> None:
    """End a session's leader politely, then whatever its session still holds.

    A session survives its leader: function processes and their children that outlive it are
    found by the session's id and are ended too.
    """
    _send(leader, signal.SIGTERM)
    if _wait_until_gone(leader, grace_seconds):
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in session_members(leader):
            _send(pid, number)
        if _wait_until_gone(leader, 2.0):
            return
