"""What all commands have in common."""

from __future__ import annotations

import io
import json
import signal
from pathlib import Path
from typing import Any

import pytest
import typer
from botocore.exceptions import (
    CredentialRetrievalError,
    EndpointConnectionError,
    InvalidRegionError,
    LoginRefreshRequired,
    NoCredentialsError,
    ParamValidationError,
    ProfileNotFound,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from typer.main import get_command

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fakes import FakeAws, refusal
from tidegate_cli import __version__, main
from tidegate_cli.aws import UserAws
from tidegate_cli.confirmation import confirm
from tidegate_cli.errors import (
    AccessDeniedError,
    CliError,
    MissingError,
    RefusedError,
    ServiceError,
    StoppedError,
    UsageError,
    aws_errors,
)
from tidegate_cli.exits import Exit
from tidegate_cli.main import app
from tidegate_cli.output import Output, reporting


def commands(command: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """All commands that do something, by what is typed."""
    below = getattr(command, "commands", None)
    if below is None:
        return {path: command}
    found: dict[tuple[str, ...], Any] = {}
    for name, inner in below.items():
        found |= commands(inner, (*path, name))
    return found


def test_commands_are_those_that_are_documented() -> None:
    """docs/cli.md has a heading or an example for each."""
    text = (Path(__file__).parents[3] / "docs" / "cli.md").read_text()
    for path in commands(get_command(app)):
        assert f"tidegate {' '.join(path)} " in text, path


def test_every_command_answers_json() -> None:
    """Each has the option, as promised."""
    for path, command in commands(get_command(app)).items():
        options = {option for parameter in command.params for option in parameter.opts}
        assert "--json" in options, path
        assert command.help, path


def test_documented_exit_codes_are_those_of_the_command() -> None:
    """The table in docs/cli.md has a row for each code."""
    text = (Path(__file__).parents[3] / "docs" / "cli.md").read_text()
    for code in Exit:
        assert f"| {code.value} |" in text


def test_version_is_told(invoke: Invoke) -> None:
    """Without any command and without credentials."""
    result = invoke(None, "--version")
    assert (result.exit_code, result.stdout) == (0, f"{__version__}\n")


def test_no_color_is_heeded_and_no_terminal_gets_none(
    aws: FakeAws, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FORCE_COLOR shows that there were any; NO_COLOR takes them away."""
    arguments = ("upload", "missing", "s3://bucket/key")
    assert "\x1b[" not in invoke(aws, *arguments).stderr
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[1;31m" in invoke(aws, *arguments).stderr
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[1;31m" not in invoke(aws, *arguments).stderr
    assert ";31m" not in invoke(aws, *arguments).stderr


def test_error_as_json_has_name_text_and_code(aws: FakeAws, invoke: Invoke) -> None:
    """On standard output, so that one place tells a program all."""
    result = invoke(aws, "upload", "missing", "s3://bucket/key", "--json")
    document = json.loads(result.stdout)
    assert (document["error"], document["exitCode"], result.exit_code) == ("UsageError", 2, 2)
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (refusal("AccessDenied", status=403), AccessDeniedError),
        (refusal("ExpiredToken"), AccessDeniedError),
        (refusal("Whatever", status=403), AccessDeniedError),
        (refusal("KMS.DisabledException"), AccessDeniedError),
        (refusal("NoSuchKey", status=404), MissingError),
        (refusal("ResourceNotFoundException"), MissingError),
        (refusal("SlowDown", status=503), ServiceError),
        (NoCredentialsError(), AccessDeniedError),
        (CredentialRetrievalError(provider="x", error_msg="x"), AccessDeniedError),
        (UnauthorizedSSOTokenError(), AccessDeniedError),
        (TokenRetrievalError(provider="sso", error_msg="x"), AccessDeniedError),
        (LoginRefreshRequired(), AccessDeniedError),
        (InvalidRegionError(region_name="x y"), UsageError),
        (ProfileNotFound(profile="x"), UsageError),
        (ParamValidationError(report="x"), UsageError),
        (EndpointConnectionError(endpoint_url="http://x"), ServiceError),
    ],
)
def test_what_botocore_raises_becomes_our_own(raised: Exception, expected: type[CliError]) -> None:
    """Each with the text of what could not be done."""
    with pytest.raises(expected, match="could not look"), aws_errors("look"):
        raise raised


def test_credentials_are_found_once_and_not_shown() -> None:
    """To find them again would ask for another code of an MFA device."""
    aws = UserAws(region="eu-central-1", keys=("id", "a-secret", "a-token"))
    first = aws.client("s3")
    credentials = aws.client("sts")._request_signer._credentials
    assert credentials is first._request_signer._credentials
    assert "a-secret" not in repr(aws)
    assert "a-token" not in repr(aws)


@pytest.mark.parametrize(
    "line", [("upload",), ("upload", "file", "--timeout", "soon"), ("nonsense",), ("hold",)]
)
def test_wrong_command_line_is_told_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: tuple[str, ...]
) -> None:
    """Standard output holds one document, as for every other error."""
    monkeypatch.setattr("sys.argv", ["tidegate", *line, "--json"])
    monkeypatch.setattr("signal.signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        main.run()
    told = capsys.readouterr()
    assert (ended.value.code, json.loads(told.out)["error"]) == (2, "UsageError")
    assert told.err == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [(KeyboardInterrupt(), 130), (StoppedError(15), 143), (StoppedError(1), 129)],
)
def test_interruption_is_told_with_what_it_left(
    capsys: pytest.CaptureFixture[str], error: KeyboardInterrupt, code: int
) -> None:
    """Parts that could not be removed are told to programs as well."""
    error.add_note("Parts are left")
    with pytest.raises(typer.Exit) as ended, reporting(as_json=True):
        raise error
    document = json.loads(capsys.readouterr().out)
    assert (ended.value.exit_code, document["exitCode"]) == (code, code)
    assert "Parts are left" in document["message"]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_signal_ends_through_what_cleans_up(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A closed terminal too; not for those who asked not to be told of it (nohup)."""
    number = getattr(signal, name)
    monkeypatch.setattr("sys.argv", ["tidegate", "--version"])
    kept = signal.getsignal(number)
    try:
        with pytest.raises(SystemExit):
            main.run()
        with pytest.raises(StoppedError):
            signal.raise_signal(number)
        signal.signal(number, signal.SIG_IGN)
        with pytest.raises(SystemExit):
            main.run()
        signal.raise_signal(number)
    finally:
        for each in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, kept if each is number else signal.SIG_DFL)


def test_answer_passes_through_any_encoding(capsys: pytest.CaptureFixture[str]) -> None:
    """A key may hold what the terminal's encoding, or Unicode itself, does not have."""
    Output(as_json=True).answer({"key": "日本\udcff😀"})
    told = capsys.readouterr().out
    assert told.isascii()
    assert json.loads(told)["key"] == "日本\udcff😀"


@pytest.mark.parametrize("stdin", [None, io.TextIOWrapper(io.BytesIO(b"\xff\n"), "utf-8")])
def test_confirmation_without_readable_input_is_refused(
    monkeypatch: pytest.MonkeyPatch, stdin: Any
) -> None:
    """Closed, or no text: nothing was confirmed."""
    monkeypatch.setattr("sys.stdin", stdin)
    with pytest.raises(RefusedError):
        confirm("All goes.", "all")


def test_profile_that_is_not_there_is_a_usage_error(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With real sessions, and no configuration files but an empty one."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    result = invoke(None, "--profile", "nobody", "hold", "status", "s3://bucket/key")
    assert result.exit_code == 2, result.output
    assert "nobody" in result.stderr


def test_other_credentials_are_used_for_the_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The session's own keys sign, whatever the environment holds, in the region asked for."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
    theirs = UserAws(region="eu-central-1").credentials("theirs", "secret", "token")
    url = (
        theirs.in_region("eu-west-1")
        .client("s3")
        .generate_presigned_url("get_object", Params={"Bucket": "data", "Key": "x"})
    )
    assert "theirs" in url
    assert "mine" not in url
