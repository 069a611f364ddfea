"""Reads a function's environment variables into typed values, each fault named."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from tidegate.errors import MisconfiguredError


def text(environment: Mapping[str, str], name: str) -> str:
    """Return a variable that must be set and not empty."""
    value = environment.get(name, "")
    if not value:
        raise MisconfiguredError(f"{name} is not set: the template sets it for each function")
    return value


def optional(environment: Mapping[str, str], name: str) -> str | None:
    """Return a variable, or None where it is unset or empty."""
    return environment.get(name) or None


def integer(environment: Mapping[str, str], name: str, minimum: int, maximum: int) -> int:
    """Return a whole number between `minimum` and `maximum`, both allowed."""
    value = text(environment, name)
    try:
        number = int(value)
    except ValueError as error:
        raise MisconfiguredError(f"{name}={value!r} is not a whole number") from error
    if not minimum <= number <= maximum:
        raise MisconfiguredError(f"{name}={number} is not within {minimum}..{maximum}")
    return number


def flag(environment: Mapping[str, str], name: str) -> bool:
    """Return a variable that is either "true" or "false"."""
    value = text(environment, name)
    if value not in ("true", "false"):
        raise MisconfiguredError(f"{name}={value!r} is neither true nor false")
    return value == "true"


def choice[T: StrEnum](environment: Mapping[str, str], name: str, kind: type[T]) -> T:
    """Return a variable as the member of `kind` that it names."""
    value = text(environment, name)
    try:
        return kind(value)
    except ValueError as error:
        allowed = ", ".join(kind)
        raise MisconfiguredError(f"{name}={value!r} is none of {allowed}") from error
