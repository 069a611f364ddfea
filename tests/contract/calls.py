"""Which AWS operations a function's code can call, told from its source.

From the handler on, everything is followed that a name reached so far could mean: a plain name or
`module.name` any function, class or constant of that name, `object.name` any method of that name,
in any module that the handler imports, directly or not. That finds too much rather than too
little. A call counts where its receiver is named after a client, as all of the suite's are:
`self._s3.head_object(…)`, `table.put_item(…)`. A call of an AWS operation on anything else is an
error, so that none goes uncounted.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import botocore.session
from botocore import xform_name

REPOSITORY = Path(__file__).parents[2]
ROOTS = (REPOSITORY, REPOSITORY / "layers" / "shared", REPOSITORY / "layers" / "clamav" / "python")
PACKAGES = ("functions", "tidegate", "clamav_layer")
# The last part of a receiver's name, and the service whose client it is.
RECEIVERS = {
    "s3": "s3",
    "table": "dynamodb",
    "events": "events",
    "sns": "sns",
    "sqs": "sqs",
    "rekognition": "rekognition",
    "s3control": "s3control",
    "cloudtrail": "cloudtrail",
    "config": "config",
    "cloudwatch": "cloudwatch",
    "pricing": "pricing",
}

# Operations of CloudTrail, which methods of ours are called too.
_OURS_TOO = {"remove_tags", "add_tags"}

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Call:
    """One operation of a service, as boto3 names it."""

    service: str
    operation: str


@dataclass(frozen=True)
class _Use:
    """A name that is used. `of_object`: as `object.name`, which means a method."""

    name: str
    of_object: bool


@dataclass(frozen=True)
class _Code:
    """Code that a name brings in, with the names by which its file knows modules of ours."""

    nodes: tuple[ast.AST, ...]
    modules: frozenset[str]


@cache
def of_function(folder: str) -> frozenset[Call]:
    """Return all AWS operations that a function's handler can come to call."""
    start = f"functions.{folder}.handler"
    modules = _imported(start)
    meanings: dict[_Use, list[_Code]] = {}
    for module in modules.values():
        for use, code in _definitions(module, _module_names(module, modules)):
            meanings.setdefault(use, []).append(code)
    handler = _Code((modules[start],), _module_names(modules[start], modules))
    waiting = set(_uses(handler))
    seen: set[_Use] = set()
    calls: set[Call] = set()
    while waiting:
        use = waiting.pop()
        seen.add(use)
        for code in meanings.get(use, ()):
            calls |= set(_calls(code))
            waiting |= set(_uses(code)) - seen
    return frozenset(calls)


def _module_names(module: ast.Module, modules: Container[str]) -> frozenset[str]:
    return frozenset(
        alias.asname or alias.name
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if f"{node.module}.{alias.name}" in modules
    )


def _definitions(module: ast.Module, known: frozenset[str]) -> Iterator[tuple[_Use, _Code]]:
    """Return what the names of a module mean: for each a use, and the code that it brings in.

    A class brings in all that stands outside its methods, and its special methods, which nobody
    names; if it extends a class that is not of this module, which may call any of them, all.
    """
    own = {node.name for node in module.body if isinstance(node, ast.ClassDef)}
    for node in module.body:
        if isinstance(node, _FUNCTIONS):
            yield _Use(node.name, of_object=False), _Code((node,), known)
        elif isinstance(node, ast.ClassDef):
            methods = [part for part in node.body if isinstance(part, _FUNCTIONS)]
            entered = bool(_foreign_bases(node, own))
            outer = [part for part in node.body if part not in methods]
            inner = [part for part in methods if entered or part.name.startswith("__")]
            yield _Use(node.name, of_object=False), _Code((*node.bases, *outer, *inner), known)
            for method in methods:
                yield _Use(method.name, of_object=True), _Code((method,), known)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for name in (target.id for target in targets if isinstance(target, ast.Name)):
                yield _Use(name, of_object=False), _Code((node.value,), known)


def _foreign_bases(node: ast.ClassDef, own: set[str]) -> list[ast.expr]:
    return [base for base in node.bases if not (isinstance(base, ast.Name) and base.id in own)]


def _imported(module: str) -> dict[str, ast.Module]:
    """Return the syntax trees of the module and of all modules of ours that it imports."""
    found: dict[str, ast.Module] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _path(name)
        if name in found or path is None:
            continue
        found[name] = ast.parse(path.read_text(), str(path))
        for node in ast.walk(found[name]):
            if isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                waiting.append(node.module)
                waiting += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def _path(module: str) -> Path | None:
    if module.split(".", maxsplit=1)[0] not in PACKAGES:
        return None
    for root in ROOTS:
        path = root.joinpath(*module.split("."))
        for candidate in (path.with_suffix(".py"), path / "__init__.py"):
            if candidate.is_file():
                return candidate
    return None


def _uses(code: _Code) -> Iterator[_Use]:
    for node in code.nodes:
        for child in ast.walk(node):
            if isinstance(child, ast.Name):
                yield _Use(child.id, of_object=False)
            elif isinstance(child, ast.Attribute):
                base = child.value
                is_module = isinstance(base, ast.Name) and base.id in code.modules
                yield _Use(child.attr, of_object=not is_module)


def _calls(code: _Code) -> Iterator[Call]:
    for node in code.nodes:
        for child in ast.walk(node):
            if not isinstance(child, ast.Call) or not isinstance(child.func, ast.Attribute):
                continue
            operation, receiver = child.func.attr, _last_name(child.func.value)
            service = RECEIVERS.get(receiver)
            if operation == "get_paginator" and service:
                assert isinstance(child.args[0], ast.Constant)
                yield Call(service, str(child.args[0].value))
            elif service and operation in _operations(service):
                yield Call(service, operation)
            else:
                assert service or operation not in _unmistakable(), (
                    f"whose is {receiver}.{operation}?"
                )


def _last_name(node: ast.AST) -> str:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return str(name).lstrip("_")


@cache
def _operations(service: str) -> frozenset[str]:
    model = botocore.session.get_session().get_service_model(service)
    return frozenset(xform_name(name) for name in model.operation_names)


@cache
def _unmistakable() -> frozenset[str]:
    """Return names of operations that nothing else is called: they have two words."""
    names = {name for service in set(RECEIVERS.values()) for name in _operations(service)}
    return frozenset(name for name in names if "_" in name) - _OURS_TOO
