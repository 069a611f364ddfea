"""What clamd's replies mean, above all the hostile and the broken ones."""

import pytest

from clamav_layer.replies import (
    Clean,
    EngineFailure,
    Outcome,
    Reason,
    Threat,
    Unsupported,
    is_policy,
    judge_troubles,
    parse,
    parse_all,
)

ENCRYPTED, LIMIT, UNREADABLE = Reason.ENCRYPTED, Reason.ENGINE_LIMIT, Reason.UNREADABLE_FORMAT


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (b"fd[9]: OK\0", Clean()),
        (b"fd[123]: Win.Test.EICAR_HDB-1 FOUND\0", Threat("Win.Test.EICAR_HDB-1")),
        (b"fd[9]: Test.Eicar.UNOFFICIAL FOUND\0", Threat("Test.Eicar")),
        (b"fd[9]: OK FOUND\0", Threat("OK")),
        (b"fd[9]: a: b FOUND FOUND\0", Threat("a: b FOUND")),
        (b"fd[9]: \xff\xfe FOUND\0", Threat("\\xff\\xfe")),
        (b"fd[9]: Heuristics.Phishing.Email.SpoofedDomain FOUND\0",
         Threat("Heuristics.Phishing.Email.SpoofedDomain")),
        (b"fd[9]: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0",
         Unsupported(LIMIT, "Heuristics.Limits.Exceeded.MaxFileSize")),
        (b"fd[9]: Heuristics.Encrypted.Zip FOUND\0",
         Unsupported(ENCRYPTED, "Heuristics.Encrypted.Zip")),
        (b"fd[9]: Heuristics.Broken.Executable FOUND\0",
         Unsupported(UNREADABLE, "Heuristics.Broken.Executable")),
        (b"fd[9]: Heuristics.MBRPartitionnIntersect FOUND\0",
         Unsupported(UNREADABLE, "Heuristics.MBRPartitionnIntersect")),
        (b"fd[9]: Tidegate.Unsupported.Rar.UNOFFICIAL FOUND\0",
         Unsupported(UNREADABLE, "Tidegate.Unsupported.Rar")),
        (b"fd[9]: Tidegate.Unsupported.EncryptedOffice.UNOFFICIAL FOUND\0",
         Unsupported(ENCRYPTED, "Tidegate.Unsupported.EncryptedOffice")),
    ],
)  # fmt: skip
def test_complete_reply_becomes_its_outcome(reply: bytes, outcome: Outcome) -> None:
    """A complete reply about the descriptor is taken by its last word, and its name as it is."""
    assert parse(reply) == outcome


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"\0",
        b"\0\0",
        b"OK\0",
        b"fd[9]: OK",
        b"fd[9]: OK\n",
        b"fd[9]: O",
        b"fd[9]: ok\0",
        b"fd[9]: OK \0",
        b"fd[9]:OK\0",
        b"fd[9]: OK\0fd[9]: OK\0",
        b"fd[9]: OK\0fd[9]: Test FOUND\0",
        b"fd[9]: Test FOUND\0fd[9]: OK\0",
        b"fd[]: OK\0",
        b"fd[9: OK\0",
        b"xfd[9]: OK\0",
        b"fd[9]x: OK\0",
        b"stream: OK\0",
        b"/etc/passwd: OK\0",
        b"fd[9]: \0",
        b"fd[9]:  FOUND\0",
        b"fd[9]: FOUND\0",
        b"fd[9]: Test FOUND",
        b"fd[9]: Can't write to file ERROR\0",
        b"INSTREAM size limit exceeded. ERROR\0",
        b"COMMAND READ TIMED OUT\0",
        b"UNKNOWN COMMAND\0",
        b"PONG\0",
        b"RELOADING\0",
        b"fd[9]: OK\r\0",
        b"\xff\xfe\0",
        b"1: fd[9]: OK\0",
    ],
)
def test_anything_else_is_a_failure(reply: bytes) -> None:
    """Whatever is not exactly one complete known reply is no verdict, and above all not clean."""
    assert isinstance(parse(reply), EngineFailure)


def test_all_matches_are_read_in_order() -> None:
    """An all-match scan gives one outcome for each reply about the path."""
    path = "/tmp/a: OK"
    reply = b"/tmp/a: OK: Tidegate.Unsupported.Rar FOUND\0/tmp/a: OK: Win.Bad FOUND\0"

    found = parse_all(reply, path)

    assert found == (Unsupported(UNREADABLE, "Tidegate.Unsupported.Rar"), Threat("Win.Bad"))


@pytest.mark.parametrize("reply", [b"", b"/x: Win.Bad FOUND\0", b"/tmp/a: Win.Bad FOUND"])
def test_all_matches_of_something_else_are_a_failure(reply: bytes) -> None:
    """Replies about another path, incomplete or missing ones give no threat and no verdict."""
    (found,) = parse_all(reply, "/tmp/a")

    assert isinstance(found, EngineFailure)


def test_policy_signatures_are_told_from_the_engines_own() -> None:
    """Only the layer's own signatures stop a scan early, so only they ask for a second look."""
    assert is_policy(Unsupported(UNREADABLE, "Tidegate.Unsupported.Rar"))
    assert not is_policy(Unsupported(ENCRYPTED, "Heuristics.Encrypted.Zip"))
    assert not is_policy(Threat("Tidegate.Unsupported.Rar"))


@pytest.mark.parametrize(
    "line",
    [
        "LibClamAV Error: cli_writen: write error: No space left on device",
        "LibClamAV Error: fileblobAddData: Can't write 57 bytes to temporary file attachment",
        "LibClamAV Error: Can't create temporary directory /tmp/x",
        "LibClamAV Error: cli_max_malloc(): Can't allocate memory (1024 bytes).",
    ],
)
def test_want_of_space_or_memory_is_the_engines_failure(line: str) -> None:
    """A scan that lacked space or memory gives no verdict, though the engine said OK."""
    assert isinstance(judge_troubles([line]), EngineFailure)


def test_warning_is_no_less_than_an_error() -> None:
    """Where the engine warns that it saw a part only, the rest was not looked at."""
    judgement = judge_troubles(["LibClamAV Warning: cli_tnef: file truncated, returning CLEAN"])

    assert judgement == Unsupported(UNREADABLE, "cli_tnef: file truncated, returning CLEAN")


def test_content_that_cannot_be_read_on_is_unsupported() -> None:
    """A stream that the engine could not read to its end is not clean, though it said OK."""
    judgement = judge_troubles(["LibClamAV Error: cli_scanxz: decompress error: 9"])

    assert judgement == Unsupported(UNREADABLE, "cli_scanxz: decompress error: 9")
