"""The embedded AWS: one server process per clone, data in memory, IAM enforced.

ministack runs each Lambda function as a child process with its own Python, which holds boto3,
as Lambda's runtime does, and nothing else that the layers have to bring.
"""

import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from local import processes
from local.errors import EmbeddedAwsError
from local.paths import REPOSITORY, STATE, TOOLS

REGION = "eu-central-1"
ACCOUNT = "000000000000"
ACCESS_KEY = "test"
SECRET_KEY = "test"  # the embedded AWS's fixed root key, valid nowhere else

_STATE_FILE = STATE / "embedded-aws.json"
_LOG_FILE = STATE / "embedded-aws.log"
_PYTHON = TOOLS / "embedded" / "bin" / "python"
_SERVER = REPOSITORY / "local" / "embedded_server.py"
# What answers in the place of Rekognition, which the embedded AWS lacks.
_STAND_IN = REPOSITORY / ".venv" / "bin" / "moto_server"
_START_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class EmbeddedAws:
    """A running server: its process, its port and the directory of its temporary files."""

    pid: int
    started_ticks: int
    port: int
    scratch: str
    # 0: nothing answers in the place of Rekognition.
    rekognition_port: int = 0

    @property
    def endpoint_url(self) -> str:
        """The address for every service; by number, so that S3 uses path-style addresses."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def rekognition_url(self) -> str:
        """The address of what stands in for Rekognition, or nothing; its answers are canned."""
        return f"http://127.0.0.1:{self.rekognition_port}" if self.rekognition_port else ""

    @property
    def alive(self) -> bool:
        """Whether the very process that was started still runs (ids are reused)."""
        return processes.start_ticks(self.pid) == self.started_ticks

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables by which SDKs and the AWS CLI reach this server."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": REGION,
        }


def running() -> EmbeddedAws | None:
    """Return the server that runs for this clone, or None."""
    try:
        server = EmbeddedAws(**json.loads(_STATE_FILE.read_text()))
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return None
    return server if server.alive and _answers(server.port) else None


def start() -> EmbeddedAws:
    """Start the server in a session of its own and return once it answers."""
    stop()
    STATE.mkdir(exist_ok=True)
    server, process = _spawn(_LOG_FILE, enforce_iam=True, rekognition_port=_free_port())
    _STATE_FILE.write_text(json.dumps(asdict(server)))
    try:
        _wait_until_answering(server, process, _LOG_FILE)
    except EmbeddedAwsError:
        stop()
        raise
    return server


@contextmanager
def separate(log: Path) -> Iterator[EmbeddedAws]:
    """Give the block a server of its own, beside the clone's one, without IAM or Rekognition."""
    server, process = _spawn(log, enforce_iam=False)
    try:
        _wait_until_answering(server, process, log)
        yield server
    finally:
        _end(server)


def stop() -> bool:
    """End the server, its functions and their children; return whether one was running."""
    try:
        server = EmbeddedAws(**json.loads(_STATE_FILE.read_text()))
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return False
    was_alive = server.alive
    _end(server)
    _STATE_FILE.unlink(missing_ok=True)
    return was_alive


def _spawn(
    log_file: Path, *, enforce_iam: bool, rekognition_port: int = 0
) -> tuple[EmbeddedAws, subprocess.Popen[bytes]]:
    # Short and outside the clone: unix socket paths end at 107 bytes.
    scratch = tempfile.mkdtemp(prefix="tidegate-aws-")
    port = _free_port()
    environment = _server_environment(port, scratch)
    stand_in = ("--stand-in", str(_STAND_IN), "--stand-in-port", str(rekognition_port))
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [
                # -P: this package's modules must not hide those of the server's environment.
                *(str(_PYTHON), "-P", str(_SERVER)),
                *("--port", str(port)),
                *(stand_in if rekognition_port else ()),
            ],
            env=environment if enforce_iam else {**environment, "AUTH": "false"},
            cwd=scratch,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    ticks = processes.start_ticks(process.pid) or 0
    return EmbeddedAws(process.pid, ticks, port, scratch, rekognition_port), process


def _wait_until_answering(server: EmbeddedAws, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not (_answers(server.port) and _stand_in_listens(server)):
        status = process.poll()
        if status is not None or time.monotonic() > deadline:
            last_lines = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            happened = "gave no answer" if status is None else f"ended with status {status}"
            message = f"The embedded AWS {happened}. The end of {log}:\n{last_lines}"
            raise EmbeddedAwsError(message)
        time.sleep(0.1)


def _end(server: EmbeddedAws) -> None:
    # Without its leader the session may still hold function processes; the id of a session
    # is not reused while members live, but members of another session never match scratch.
    if server.alive or _leftovers(server):
        processes.end_session(server.pid)
    shutil.rmtree(server.scratch, ignore_errors=True)


def _leftovers(server: EmbeddedAws) -> bool:
    """Tell whether processes of a server that has ended by itself are still there."""
    for pid in processes.session_members(server.pid):
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes()
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
        own = f"TMPDIR={server.scratch}".encode()
        if any(entry.startswith(own) for entry in environment.split(b"\0")):
            return True
    return False


def _server_environment(port: int, scratch: str) -> dict[str, str]:
    """Return the server's whole environment, which functions inherit: nothing of the user's."""
    return {
        "PATH": f"{_PYTHON.parent}:/usr/bin:/bin",
        "HOME": scratch,
        "TMPDIR": scratch,
        "LANG": "C.UTF-8",
        "AUTH": "true",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        # The SDK must never fall back to files or to instance metadata.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "LAMBDA_WARM_TTL_SECONDS": "600",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _stand_in_listens(server: EmbeddedAws) -> bool:
    """Tell whether what stands in for Rekognition can be reached, where there is to be one."""
    if not server.rekognition_port:
        return True
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", server.rekognition_port)) == 0


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
