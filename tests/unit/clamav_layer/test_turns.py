"""Scans side by side, and one alone."""

import threading
import time

import pytest

from clamav_layer.turns import Turns

SOON = 0.05
LATER = 5.0


def test_turns_are_shared() -> None:
    """Two scans may be under way at a time."""
    turns = Turns()
    with turns.shared(time.monotonic() + LATER), turns.shared(time.monotonic() + LATER):
        pass


def test_nobody_is_alone_beside_another() -> None:
    """Who wants to be alone waits for the others, but not beyond the deadline."""
    turns = Turns()
    with (
        turns.shared(time.monotonic() + LATER),
        pytest.raises(TimeoutError),
        turns.alone(time.monotonic() + SOON),
    ):
        pytest.fail("was not alone")
    with turns.alone(time.monotonic() + SOON):
        pass


def test_others_wait_for_the_one_alone() -> None:
    """A scan that begins while another is alone waits, and goes on afterwards."""
    turns = Turns()
    begun = threading.Event()

    def scan() -> None:
        with turns.shared(time.monotonic() + LATER):
            begun.set()

    with turns.alone(time.monotonic() + LATER):
        thread = threading.Thread(target=scan)
        thread.start()
        assert not begun.wait(SOON)
    thread.join(LATER)
    assert begun.is_set()
