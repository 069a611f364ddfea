"""Ends the process under test, or lets something else happen, at one of its calls to AWS."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, local
from typing import Any, Protocol, Self


class World(Protocol):
    """What has clients whose calls count."""

    clients: tuple[Any, ...]


class Killed(BaseException):
    """The process is gone: nothing of ours can catch this."""


class Executioner:
    """Counts the calls to AWS, and kills at one of them, before it is sent or after it worked."""

    def __init__(self, world: World, at: tuple[str, int] | None = None) -> None:
        self.calls = 0
        self._at = at
        self._counting = Lock()
        # Parts are copied by several threads: each knows which call it is in.
        self._mine = local()
        self._emitters = [client.meta.events for client in world.clients]

    def __enter__(self) -> Self:
        for emitter in self._emitters:
            emitter.register("before-call", self._before)
            emitter.register("after-call", self._after)
        return self

    def __exit__(self, *_: object) -> None:
        for emitter in self._emitters:
            emitter.unregister("before-call", self._before)
            emitter.unregister("after-call", self._after)

    def _before(self, **_: Any) -> None:
        with self._counting:
            self.calls += 1
            self._mine.number = self.calls
        self._strike("before")

    def _after(self, **_: Any) -> None:
        self._strike("after")

    def _strike(self, side: str) -> None:
        if self._at == (side, self._mine.number):
            raise Killed


class Interloper(Executioner):
    """Lets something else happen, once, just before one of the calls to AWS."""

    def __init__(self, world: World, number: int, happening: Callable[[], object]) -> None:
        super().__init__(world, ("before", number))
        self._happening = happening
        self._happened = False

    def _strike(self, side: str) -> None:
        if self._at == (side, self._mine.number) and not self._happened:
            self._happened = True
            self._happening()
