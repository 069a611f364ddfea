"""What a client makes of a clamd that answers wrongly, twice, in pieces or not at all."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from clamav_layer.clamd import Clamd, memory_file
from clamav_layer.limits import EngineLimits
from clamav_layer.replies import Clean, EngineFailure, Outcome, Reason, Threat, Unsupported

SCAN_SECONDS = 5.0
POLICY = b"fd[9]: Tidegate.Unsupported.Rar FOUND\0"

type Answer = Sequence[bytes] | None


@contextmanager
def server(folder: Path, *answers: Answer) -> Iterator[list[bytes]]:
    """Serves one connection per answer at the folder's socket; gives the commands received.

    An answer is sent piece by piece, then the connection is closed; None: it is never answered.
    """
    commands: list[bytes] = []
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(folder / "socket"))
    listener.listen()
    stop = threading.Event()

    def serve() -> None:
        for answer in answers:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                commands.append(receive(connection))
                if answer is None:
                    stop.wait(SCAN_SECONDS)
                    continue
                with suppress(BrokenPipeError):
                    for piece in answer:
                        connection.sendall(piece)
                        time.sleep(0.02)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield commands
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def receive(connection: socket.socket) -> bytes:
    """Returns a whole command; that of a scan by descriptor comes with the descriptor."""
    command, descriptors, _, _ = socket.recv_fds(connection, 1000, 1)
    if command.startswith(b"zFILDES\0") and not descriptors:
        _, descriptors, _, _ = socket.recv_fds(connection, 1, 1)
    for descriptor in descriptors:
        os.close(descriptor)
    return command.partition(b"\0")[0]


@pytest.fixture
def ask(short_path: Path) -> Iterator[Callable[..., tuple[Outcome, list[bytes]]]]:
    """Scans a few bytes with a clamd that gives these answers."""
    with ThreadPoolExecutor(1) as keeper:

        def scan(*answers: Answer, seconds: float = SCAN_SECONDS) -> tuple[Outcome, list[bytes]]:
            clamd = Clamd(short_path, short_path, EngineLimits(), keeper, short_path)
            with server(short_path, *answers) as commands, memory_file(b"content") as descriptor:
                return clamd.scan(descriptor, seconds), commands

        yield scan


type Ask = Callable[..., tuple[Outcome, list[bytes]]]


@pytest.mark.parametrize(
    "answer",
    [
        [],
        [b"\0"],
        [b"fd[9]: OK"],
        [b"fd[9]: OK\0", b"fd[9]: OK\0"],
        [b"fd[9]: OK\0", b"x"],
        [b"OK\0"],
        [b"stream: OK\0"],
        [b"fd[9]: Can't allocate memory ERROR\0"],
        [b"PONG\0"],
        [b"x" * 70_000],
    ],
    ids=[
        "empty", "only the end", "incomplete", "twice", "more after the end", "about nothing",
        "about something else", "error", "answer to another question", "endless",
    ],
)  # fmt: skip
def test_wrong_answer_is_a_failure(ask: Ask, answer: Sequence[bytes]) -> None:
    """Anything but one complete answer about the descriptor is no verdict."""
    outcome, _ = ask(answer)

    assert isinstance(outcome, EngineFailure)
    assert not outcome.timed_out


def test_answer_in_pieces_is_put_together(ask: Ask) -> None:
    """A stream may deliver an answer byte by byte."""
    outcome, _ = ask([b"fd[", b"9]", b": ", b"Test.Bad FO", b"UND\0"])

    assert outcome == Threat("Test.Bad")


def test_half_of_a_threat_is_not_clean(ask: Ask) -> None:
    """An answer that breaks off is a failure, whatever it would have become."""
    outcome, _ = ask([b"fd[9]: Test.Bad FO"])

    assert isinstance(outcome, EngineFailure)


@pytest.mark.parametrize("answer", [None, [b"fd[9]", b": "] + [b""] * 100])
def test_missing_answer_fails_at_the_deadline(ask: Ask, answer: Answer) -> None:
    """A mute server, or one that trickles, is given up once, at the deadline."""
    started = time.monotonic()

    outcome, commands = ask(answer, seconds=0.3)

    assert isinstance(outcome, EngineFailure)
    assert outcome.timed_out
    assert len(commands) == 1
    assert time.monotonic() - started < 3.0


def test_nobody_at_the_socket_is_a_failure(ask: Ask, short_path: Path) -> None:
    """A socket that nobody listens at gives no verdict."""
    with ThreadPoolExecutor(1) as keeper, memory_file(b"content") as descriptor:
        clamd = Clamd(short_path, short_path, EngineLimits(), keeper, short_path)
        outcome = clamd.scan(descriptor, SCAN_SECONDS)

    assert isinstance(outcome, EngineFailure)


@pytest.mark.parametrize("second", [[], [b"nonsense\0"], [b"/x: OK\0"], None])
def test_failed_second_look_leaves_the_first_answer(ask: Ask, second: Answer) -> None:
    """Where the look behind a policy signature fails, the object stays unsupported."""
    outcome, commands = ask([POLICY], second, seconds=0.5)

    assert outcome == Unsupported(Reason.UNREADABLE_FORMAT, "Tidegate.Unsupported.Rar")
    assert commands[1].startswith(b"zALLMATCHSCAN /")


def test_clean_answer_is_clean(ask: Ask) -> None:
    """The one answer that means clean."""
    outcome, commands = ask([b"fd[9]: OK\0"])

    assert outcome == Clean()
    assert commands == [b"zFILDES"]


def test_folder_too_deep_for_a_socket_is_refused(tmp_path: Path) -> None:
    """A path that a socket's address cannot hold is refused with its name, at once."""
    folder = tmp_path / ("x" * 120)
    with ThreadPoolExecutor(1) as keeper, pytest.raises(ValueError, match="too long a path"):
        Clamd(folder, tmp_path, EngineLimits(), keeper, tmp_path)
