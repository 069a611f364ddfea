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


class Interloper:
    """Counts the calls to AWS, and lets something happen, once, just before or after one of them.

    only: how the names of the operations begin that count; without it all of them do.
    operations: the names of those that counted, in their order.
    """

    def __init__(
        self,
        world: World,
        at: tuple[str, int] | None,
        happening: Callable[[], object],
        *,
        only: tuple[str, ...] = ("",),
    ) -> None:
        self.operations: list[str] = []
        self._at = at
        self._happening = happening
        self._only = only
        self._happened = False
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

    def _before(self, model: Any, **_: Any) -> None:
        if model.name.startswith(self._only):
            with self._counting:
                self.operations.append(model.name)
                self._mine.number = len(self.operations)
            self._strike("before")

    def _after(self, model: Any, **_: Any) -> None:
        if model.name.startswith(self._only):
            self._strike("after")

    def _strike(self, side: str) -> None:
        if not self._happened and self._at == (side, self._mine.number):
            self._happened = True
            self._happening()


class Executioner(Interloper):
    """Kills the process at one of its calls, before it is sent or after it worked."""

    def __init__(
        self, world: World, at: tuple[str, int] | None = None, *, only: tuple[str, ...] = ("",)
    ) -> None:
        super().__init__(world, at, self._kill, only=only)

    def _before(self, model: Any, **arguments: Any) -> None:
        # Who is dead cleans nothing up either.
        if self._happened:
            raise Killed
        super()._before(model, **arguments)

    @staticmethod
    def _kill() -> None:
        raise Killed
