"""README.md and docs/ name only what there is, and their sums are right."""

from __future__ import annotations

import math
import re
import shlex
from pathlib import Path

import pytest

from tests.contract import parameters_table
from tests.contract.cloudformation import REPLICA, STORAGE, load

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = [
    REPOSITORY / "README.md",
    REPOSITORY / "benchmarks" / "README.md",
    *sorted((REPOSITORY / "docs").glob("*.md")),
]
TEMPLATE = load()
TEMPLATES = (TEMPLATE, load(STORAGE), load(REPLICA))
FOLDERS = (
    "benchmarks",
    "cli",
    "docs",
    "events",
    "functions",
    "layers",
    "local",
    "stacks",
    "statemachines",
    "tests",
)
FOLDER_OR_FILE = re.compile(rf"(?<![\w./-])(?:{'|'.join(FOLDERS)})/[\w./-]*\w")
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
TARGET = re.compile(r"(?<![\w-])make ([a-z][a-z-]*)")
OUTPUT = re.compile(r"(?:\(output |OutputKey==')(\w+)")
PARAMETER = re.compile(r"(?<![\w-])([A-Z][a-z]\w*)=(?![=(])")
ALARM = re.compile(r"`(\w+Alarm)`")
NUMBER = r"[\d,]+(?:\.\d+)?(?:e-\d+)?"
FACTOR = rf"\$?{NUMBER}(?: [A-Za-z][\w-]*)*"
SUM = re.compile(rf"({FACTOR}(?: [×/] {FACTOR})+) = \$({NUMBER})")

each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY))
)


def _commands(document: Path) -> str:
    """Return the text of all code in the document."""
    text = document.read_text()
    blocks = [body for _, body in FENCE.findall(text)]
    spans = re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    return "\n".join(blocks + spans)


def _anchors(document: Path) -> set[str]:
    """Return the anchors that the document's headings give."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_parameters_are_those_of_the_template() -> None:
    """The README's table of parameters is the template's.

    `python -m tests.contract.parameters_table` writes it anew.
    """
    assert parameters_table.written() == parameters_table.expected()


@each_document
def test_named_files_exist(document: Path) -> None:
    """Each file and folder that a document names is there."""
    named = set(FOLDER_OR_FILE.findall(document.read_text()))

    assert sorted(path for path in named if not (REPOSITORY / path).exists()) == []


@each_document
def test_links_lead_somewhere(document: Path) -> None:
    """Each link within the repository leads to a file, and to a heading in it."""
    dead = []
    for target in LINK.findall(document.read_text()):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        linked = (document.parent / path).resolve() if path else document
        if not linked.exists() or (anchor and anchor not in _anchors(linked)):
            dead.append(target)

    assert dead == []


@each_document
def test_named_targets_exist(document: Path) -> None:
    """Each `make` target that a document names is one of the Makefile's."""
    makefile = (REPOSITORY / "Makefile").read_text()
    phony = re.search(r"^\.PHONY:((?:.*\\\n)*.*)", makefile, re.MULTILINE)
    assert phony is not None
    targets = set(phony.group(1).replace("\\\n", " ").split())

    assert set(TARGET.findall(_commands(document))) <= targets


@each_document
def test_invocations_name_functions_and_events(document: Path) -> None:
    """Each `make invoke` names a function of the template and a sample event."""
    for function, event in re.findall(
        r"make invoke FUNCTION=(\w+) EVENT=(\S+\.json)", _commands(document)
    ):
        assert TEMPLATE["Resources"][function]["Type"] == "AWS::Serverless::Function"
        assert (REPOSITORY / event).is_file()


@each_document
def test_named_outputs_exist(document: Path) -> None:
    """Each stack output that a command asks for is one of a template's."""
    known = {name for template in TEMPLATES for name in template["Outputs"]}

    assert set(OUTPUT.findall(_commands(document))) <= known


@each_document
def test_parameters_in_examples_exist(document: Path) -> None:
    """Each `Name=value` that is given to a stack is one of its parameters."""
    known = {name for template in TEMPLATES for name in template["Parameters"]}

    assert set(PARAMETER.findall(_commands(document))) <= known


def test_runbook_knows_every_alarm() -> None:
    """Each alarm that can wake somebody has its entry in the runbook, and no other is named."""
    alarms = {
        name
        for name, resource in TEMPLATE["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }

    assert set(ALARM.findall((REPOSITORY / "docs" / "operations.md").read_text())) == alarms


@each_document
def test_sums_are_right(document: Path) -> None:
    """Each product and quotient in the documents gives the dollars that stand behind it."""
    for terms, dollars in SUM.findall(document.read_text()):
        value = 1.0
        operator = "×"
        for token in re.split(r" ([×/]) ", terms):
            if token in "×/":
                operator = token
                continue
            match = re.search(NUMBER, token)
            assert match is not None
            number = float(match.group().replace(",", ""))
            value = value * number if operator == "×" else value / number
        assert math.isclose(value, float(dollars.replace(",", "")), rel_tol=0.02, abs_tol=0.006), (
            f"{terms} is {value:.4f}, not {dollars}"
        )


@each_document
def test_shell_examples_are_complete(document: Path) -> None:
    """Each shell example can be parsed: its quotes are closed."""
    for language, body in FENCE.findall(document.read_text()):
        if language == "sh":
            shlex.split(body, comments=True)


@each_document
def test_nothing_names_the_machine_it_was_written_on(document: Path) -> None:
    """No document holds an absolute path of a developer's machine."""
    assert re.findall(r"(?<![\w.])/(?:root|home|work|Users)/\S*", document.read_text()) == []
