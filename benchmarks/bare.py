"""The baselines: the least code that does the same work, with boto3 and a socket alone.

Runs in a process of its own that holds no Powertools, no tracing and none of Tidegate's code.
Nothing here checks, logs, retries or fails closed; that is the point of it.
"""

import array
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from benchmarks.serving import serve

CHUNK_BYTES = 1024 * 1024
POLL_SECONDS = 0.005


class Bare:
    """Bare AWS calls, bare downloads, bare scans, and a bare start of the engine."""

    def __init__(self) -> None:
        self.s3 = _client("s3")
        self.started: list[subprocess.Popen[bytes]] = []

    def ready(self) -> None:
        """Make the clients that only the small object's case needs."""
        self.dynamodb = _client("dynamodb")
        self.events = _client("events")

    def calls_and_scan(self, item: dict[str, Any], engine_socket: str) -> str:
        """Do the AWS calls of one verdict one after the other, and one scan by the socket."""
        answer = self.s3.get_object(**_location(item), IfMatch=item["etag"])
        descriptor = os.memfd_create("bare")
        os.write(descriptor, answer["Body"].read())
        reply = scan(engine_socket, descriptor)
        os.close(descriptor)
        self._record(item)
        return reply

    def scan_alone(self, path: str, engine_socket: str) -> str:
        """Have a file scanned over the socket, and do nothing else."""
        with Path(path).open("rb") as file:
            return scan(engine_socket, file.fileno())

    def clamscan_alone(self, path: str, command: list[str]) -> str:
        """Have a file scanned by one run of clamscan, and do nothing else."""
        done = subprocess.run([*command, path], capture_output=True, text=True, check=True)
        return done.stdout.strip().rpartition(": ")[2]

    def calls_and_clamscan(self, item: dict[str, Any], command: list[str]) -> str:
        """Do the same with one run of clamscan instead of the socket."""
        answer = self.s3.get_object(**_location(item), IfMatch=item["etag"])
        with tempfile.NamedTemporaryFile() as file:
            file.write(answer["Body"].read())
            file.flush()
            reply = self.clamscan_alone(file.name, command)
        self._record(item)
        return reply

    def _record(self, item: dict[str, Any]) -> None:
        """Make the calls that write a verdict down, with what the handler wrote."""
        self.dynamodb.put_item(TableName=item["table"], Item=item["row"])
        present = self.s3.get_object_tagging(**_location(item))["TagSet"]
        ours = {tag["Key"] for tag in item["tags"]}
        tags = [tag for tag in present if tag["Key"] not in ours] + item["tags"]
        self.s3.put_object_tagging(**_location(item), Tagging={"TagSet": tags})
        self.events.put_events(
            Entries=[
                {
                    "Source": "bare",
                    "DetailType": "Object Scan Result",
                    "Detail": json.dumps(item["detail"]),
                    "EventBusName": item["bus"],
                }
            ]
        )

    def download_and_scan(
        self, item: dict[str, Any], engine_socket: str, directory: str, way: str
    ) -> dict[str, Any]:
        """Download into a file, in one stream or in boto3's parallel parts, and scan it."""
        started = time.perf_counter()
        with tempfile.TemporaryFile(dir=directory) as file:
            if way == "stream":
                body = self.s3.get_object(**_location(item))["Body"]
                shutil.copyfileobj(body, file, CHUNK_BYTES)
            else:
                extra = {"VersionId": item["version"]}
                self.s3.download_fileobj(item["bucket"], item["key"], file, ExtraArgs=extra)
            file.flush()
            downloaded = time.perf_counter() - started
            return {"reply": scan(engine_socket, file.fileno()), "downloaded": downloaded}

    def fetch_start_and_scan(self, bucket: str, keys: list[str], engine: dict[str, Any]) -> str:
        """Download the definitions, start clamd on them, wait for PONG, scan one small file."""
        database = Path(engine["directory"]) / "database"
        database.mkdir(parents=True)
        for key in keys:
            self.s3.download_file(bucket, key, str(database / Path(key).name))
        return self._start_and_scan(engine)

    def start_and_scan(self, definitions: list[str], engine: dict[str, Any]) -> str:
        """Start clamd on definitions that are here already, wait for PONG, scan one file."""
        database = Path(engine["directory"]) / "database"
        database.mkdir(parents=True)
        for path in definitions:
            (database / Path(path).name).symlink_to(path)
        return self._start_and_scan(engine)

    def _start_and_scan(self, engine: dict[str, Any]) -> str:
        directory = Path(engine["directory"])
        for path in engine["policy"]:
            (directory / "database" / Path(path).name).symlink_to(path)
        (directory / "scratch").mkdir()
        (directory / "clamd.conf").write_text(engine["configuration"], encoding="utf-8")
        process = subprocess.Popen(
            engine["command"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.started.append(process)
        engine_socket = str(directory / "socket")
        while not _answers(engine_socket):
            if process.poll() is not None:
                raise RuntimeError(f"clamd ended with {process.returncode}: {engine['command']}")
            time.sleep(POLL_SECONDS)
        descriptor = os.memfd_create("bare")
        os.write(descriptor, engine["content"].encode())
        reply = scan(engine_socket, descriptor)
        os.close(descriptor)
        return reply

    def end_engines(self) -> None:
        """End what was started here."""
        for process in self.started:
            process.kill()
            process.wait()
        self.started.clear()


def _client(service: str) -> Any:
    """Return a client of the same settings as the handler's."""
    settings = Config(
        connect_timeout=3,
        read_timeout=30,
        retries={"mode": "standard", "total_max_attempts": 5},
        max_pool_connections=32,
        tcp_keepalive=True,
    )
    return boto3.client(service, config=settings)  # type: ignore[call-overload]


def scan(engine_socket: str, descriptor: int) -> str:
    """Return clamd's word on an open file."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(engine_socket)
        connection.sendall(b"zFILDES\0")
        rights = array.array("i", [descriptor])
        connection.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        reply = connection.recv(4096)
    return reply.decode().rstrip("\0").partition(": ")[2]


def _answers(engine_socket: str) -> bool:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(engine_socket)
            connection.sendall(b"zPING\0")
            return connection.recv(4096) == b"PONG\0"
    except (FileNotFoundError, ConnectionRefusedError):
        return False


def _location(item: dict[str, Any]) -> dict[str, Any]:
    return {"Bucket": item["bucket"], "Key": item["key"], "VersionId": item["version"]}


if __name__ == "__main__":
    bare = Bare()
    serve(
        {
            "ready": bare.ready,
            "scan_alone": bare.scan_alone,
            "clamscan_alone": bare.clamscan_alone,
            "calls_and_scan": bare.calls_and_scan,
            "calls_and_clamscan": bare.calls_and_clamscan,
            "download_and_scan": bare.download_and_scan,
            "fetch_start_and_scan": bare.fetch_start_and_scan,
            "start_and_scan": bare.start_and_scan,
            "end_engines": bare.end_engines,
        }
    )
