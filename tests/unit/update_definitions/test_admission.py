"""Which files may be part of a release."""

from __future__ import annotations

import pytest

from functions.update_definitions.admission import (
    ALLOW_LISTS,
    SIGNATURES,
    Kind,
    admit,
    refuse_twins,
)
from functions.update_definitions.errors import InadmissibleFileError


@pytest.mark.parametrize("name", ["main.cvd", "daily.cld"])
def test_signed_container_is_admitted_in_any_case(name: str) -> None:
    """Its signature is verified, so no setting is needed."""
    assert admit(name, custom_allowed=False) is Kind.SIGNED_CONTAINER


@pytest.mark.parametrize("ending", sorted(SIGNATURES | ALLOW_LISTS | {".cud"}))
def test_unsigned_file_is_admitted_only_where_allowed(ending: str) -> None:
    """The same file is refused or custom, by the setting alone."""
    assert admit(f"own{ending}", custom_allowed=True) is Kind.CUSTOM
    with pytest.raises(InadmissibleFileError, match="AllowCustomSignatures=true"):
        admit(f"own{ending}", custom_allowed=False)


@pytest.mark.parametrize(
    "name",
    [
        "own.cbc",
        "own.cfg",
        "own.ftm",
        "own.NDB",
        "own",
        "../own.ndb",
        "a/own.ndb",
        ".own.ndb",
        "own ndb.ndb",
        "manifest.json",
        "tidegate-release.ndb",
        "Tidegate-Release.ndb",
        "own.ndb\n",
        "ü.ndb",
        "x" * 200 + ".ndb",
    ],
)
def test_unusable_name_is_refused_always(name: str) -> None:
    """Unknown kinds, names of our own and names that are no plain file's."""
    with pytest.raises(InadmissibleFileError):
        admit(name, custom_allowed=True)


@pytest.mark.parametrize(
    "names",
    [
        ["main.cvd", "main.cld"],
        ["daily.cld", "daily.cud"],
        ["own.ndb", "Own.ndb"],
        ["own.ndb", "own.ndb"],
    ],
)
def test_one_database_in_two_forms_is_refused(names: list[str]) -> None:
    """The engine would load one of them, and nobody would know which."""
    with pytest.raises(InadmissibleFileError, match="twice"):
        refuse_twins(names)


def test_different_databases_are_no_twins() -> None:
    """The same stem with another kind of signature is another file."""
    refuse_twins(["main.cvd", "daily.cvd", "own.ndb", "own.hdb"])
