"""Every log line says which object and which upload it is about."""

from __future__ import annotations

import json
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.invocation import Invocation
from tidegate.events import ObjectCreated
from tidegate.objectref import ObjectRef
from tidegate.telemetry import log_context, telemetry

REF = ObjectRef("uploads", "a\nb", "v1")


def test_lines_in_the_block_carry_object_and_correlation(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And those after it do not."""
    logger = telemetry("lines").logger
    with log_context(logger, ObjectCreated(REF, correlation_id="corr-1"), step="copy"):
        logger.info("inside")
    logger.info("outside")
    inside, outside = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert inside["bucket"] == "uploads"
    assert inside["key"] == "a\nb"
    assert inside["version_id"] == "v1"
    assert inside["correlation_id"] == "corr-1"
    assert inside["step"] == "copy"
    assert not outside.keys() & {"bucket", "key", "version_id", "correlation_id", "step"}


def test_hostile_key_stays_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A line break in a key makes no second log line."""
    logger = telemetry("one-line").logger
    with log_context(logger, REF):
        logger.info("inside")
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_threads_do_not_mix_their_objects(capsys: pytest.CaptureFixture[str]) -> None:
    """Each thread's lines are about its own object."""
    logger = telemetry("threads").logger

    def work(number: int) -> None:
        with log_context(logger, ObjectRef("uploads", f"key-{number}")):
            logger.info("at work", extra={"number": number})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(40)))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 40
    assert all(line["key"] == f"key-{line['number']}" for line in lines)


def test_context_is_left_when_the_work_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """The next message's lines do not speak of this one's object."""
    logger = telemetry("fails").logger
    with pytest.raises(KeyError), log_context(logger, REF):
        raise KeyError
    logger.info("after")
    assert "bucket" not in json.loads(capsys.readouterr().out)


def test_invocation_that_counts_nothing_warns_of_nothing() -> None:
    """Warnings go into the log as lines of bare text, which no query finds its way in."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metrics = telemetry("nothing-counted").metrics
        metrics.log_metrics(lambda _event, _context: None)({}, Invocation())
