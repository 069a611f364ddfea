"""A Docker daemon for `sam local invoke`: the one that runs, or one started for the while."""

import contextlib
import ipaddress
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator

from local import processes
from local.errors import DockerError
from local.paths import STATE

_LOG_FILE = STATE / "dockerd.log"
_START_SECONDS = 45.0
_DAEMON_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def answers() -> bool:
    """Whether a Docker daemon takes commands from this user."""
    docker = shutil.which("docker")
    if docker is None:
        return False
    completed = subprocess.run([docker, "info"], capture_output=True, check=False, timeout=60)
    return completed.returncode == 0


@contextlib.contextmanager
def daemon() -> Iterator[None]:
    """Provide a Docker daemon; one that was started here is ended on leaving.

    Raises DockerError when none answers and none can be started (that needs root).
    """
    if answers():
        yield
        return
    process = _start()
    try:
        yield
    finally:
        # containerd is its child and in its session; containers were removed by then.
        processes.end_session(process.pid, grace_seconds=20.0)
        process.wait(timeout=5)


def _start() -> subprocess.Popen[bytes]:
    program = shutil.which("dockerd", path=_DAEMON_PATH)
    if program is None or shutil.which("docker") is None:
        message = "Docker is not installed: install docker.io (Debian, Ubuntu) or Docker Engine."
        raise DockerError(message)
    if os.geteuid() != 0:
        message = "No Docker daemon answers, and only root can start one: start it, then repeat."
        raise DockerError(message)
    STATE.mkdir(exist_ok=True)
    with _LOG_FILE.open("wb") as log:
        process = subprocess.Popen(
            [program],
            env={**os.environ, "PATH": _DAEMON_PATH},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_SECONDS
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            processes.end_session(process.pid)
            last_lines = "\n".join(_LOG_FILE.read_text(errors="replace").splitlines()[-10:])
            message = f"dockerd did not start. The end of {_LOG_FILE}:\n{last_lines}"
            raise DockerError(message)
        time.sleep(0.25)
    return process


def bridge_gateway() -> str:
    """Return the address by which containers reach this machine."""
    completed = subprocess.run(
        ["docker", "network", "inspect", "bridge"],
        capture_output=True,
        check=True,
        text=True,
        timeout=30,
    )
    (network,) = json.loads(completed.stdout)
    configuration = network["IPAM"]["Config"][0]
    # Some releases leave the gateway out when it is the network's first address.
    first_address = next(ipaddress.ip_network(configuration["Subnet"]).hosts())
    return str(configuration.get("Gateway", first_address))
