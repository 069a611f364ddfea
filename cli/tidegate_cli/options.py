"""The options that several commands have, told once."""

from __future__ import annotations

from typing import Annotated

import typer

JsonOption = Annotated[
    bool, typer.Option("--json", help="Answer with one JSON document on standard output.")
]
StackOption = Annotated[
    str | None,
    typer.Option(
        "--stack-name",
        envvar="STACK_NAME",
        help="The CloudFormation stack in whose outputs names are looked up.",
        metavar="NAME",
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", help="Go on without the typed confirmation.")]
