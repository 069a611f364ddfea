"""The built functions, as Lambda would get them: with their own layers and the runtime alone."""

from __future__ import annotations

import json
import marshal
import re
import subprocess
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = REPOSITORY / ".aws-sam" / "build"
# Has what Lambda's runtime has (boto3) and nothing that a layer has to bring.
RUNTIME = REPOSITORY / ".venv" / "tools" / "embedded" / "bin" / "python"

FUNCTIONS = {
    "ScanObjectFunction": ("functions.scan_object.handler", ("SharedLayer", "ClamavLayer")),
    "QuarantineObjectFunction": ("functions.quarantine_object.handler", ("SharedLayer",)),
    "UpdateDefinitionsFunction": (
        "functions.update_definitions.handler",
        ("SharedLayer", "ClamavLayer"),
    ),
    "LabelImageFunction": ("functions.label_image.handler", ("SharedLayer",)),
    "CompressLogFunction": ("functions.compress_log.handler", ("SharedLayer",)),
    "RemediateBucketFunction": ("functions.remediate_bucket.handler", ("SharedLayer",)),
    "ReportStorageFunction": ("functions.report_storage.handler", ("SharedLayer",)),
}
CODE_BUDGET_BYTES = 400_000
# The packages that functions bring along beside their code, and how much all of it may take.
PACKAGES = {
    "LabelImageFunction": {"PIL", "_pi_heif", "pi_heif", "pillow"},
    "CompressLogFunction": {"backports", "backports_zstd", "isal"},
    "RemediateBucketFunction": {"jinja2", "markupsafe"},
    "ReportStorageFunction": {"jinja2", "markupsafe"},
}
PACKAGES_BUDGET_BYTES = {
    "LabelImageFunction": 18_000_000,
    "CompressLogFunction": 3_000_000,
    "RemediateBucketFunction": 1_200_000,
    "ReportStorageFunction": 1_200_000,
}
SHARED_LAYER_BUDGET_BYTES = 12_000_000
# Lambda's limit for a function with all its layers, unzipped.
LAMBDA_BUDGET_BYTES = 250 * 1024 * 1024
# Importing a handler may take this many times as long as importing what any handler with
# Powertools' logger, metrics and tracer needs, in the same run.
BASELINE = "boto3, aws_xray_sdk.core, aws_lambda_powertools.metrics, aws_lambda_powertools.tracing"
IMPORT_BUDGET = 1.3
MOST_PAIRS = 12
# Magic number, flags, hash (PEP 552).
HEADER_OF_COMPILED_BYTES = 16
# Never needed at run time, and slow or large.
FOREIGN = {"PIL", "moto", "pytest", "pydantic", "yaml", "rich", "hypothesis", "mypy_boto3_s3"}


class _Loader(yaml.SafeLoader):
    """Reads a CloudFormation template, whose short-form functions are of no interest here."""


_Loader.add_multi_constructor("!", lambda _loader, suffix, _node: suffix)


def load_template() -> dict[str, Any]:
    """The template that `sam build` wrote."""
    loaded: dict[str, Any] = yaml.load((BUILD / "template.yaml").read_text(), _Loader)
    return loaded


def run(script: str, *roots: Path) -> str:
    """Run a script in the runtime's Python, importing from the roots and nothing of ours."""
    path = ":".join(str(root) for root in roots)
    environment = {
        "PYTHONPATH": path,
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "HOME": "/nonexistent",
    }
    finished = subprocess.run(
        [str(RUNTIME), "-c", script],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def roots(function: str) -> list[Path]:
    """Where the built function's code is imported from, in Lambda's order."""
    layers = FUNCTIONS[function][1]
    return [BUILD / function, *(BUILD / layer / "python" for layer in layers)]


def size(folder: Path) -> int:
    """The bytes of all files below the folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def written(folder: Path) -> int:
    """The same without compiled files, which follow from the others."""
    return size(folder) - sum(size(compiled) for compiled in folder.rglob("__pycache__"))


def test_every_function_of_the_template_is_tested_here() -> None:
    """A function that is added to the template is added to these tests."""
    resources = load_template()["Resources"]
    names = {
        name for name, made in resources.items() if made["Type"] == "AWS::Serverless::Function"
    }
    assert names == FUNCTIONS.keys()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_handler_imports_with_only_its_layers(function: str) -> None:
    """The handler is found by the name in the template, and needs nothing that is not packed."""
    properties = load_template()["Resources"][function]["Properties"]
    module, _, name = properties["Handler"].rpartition(".")
    assert module == FUNCTIONS[function][0]
    out = run(
        f"import {module} as handler, sys, json\n"
        f"assert callable(handler.{name})\n"
        "print(json.dumps([name.partition('.')[0] for name in sys.modules]))",
        *roots(function),
    )
    assert not set(json.loads(out.splitlines()[-1])) & FOREIGN


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_has_no_code_of_another(function: str) -> None:
    """Each artifact has its own function and nothing else: no tests, no events, no caches."""
    own = FUNCTIONS[function][0].split(".")[1]
    packed = {
        file.relative_to(BUILD / function)
        for file in (BUILD / function).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert packed
    foreign = {
        file
        for file in packed
        if file.parts[:2] != ("functions", own)
        and str(file) != "functions/__init__.py"
        # Beside each package lie its libraries and its metadata, named after it.
        and re.split(r"[-.]", file.parts[0])[0] not in PACKAGES.get(function, ())
    }
    assert foreign == set()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_artifact_is_within_its_budget(function: str) -> None:
    """The code is small, and with its layers it fits into Lambda's limit."""
    assert written(BUILD / function / "functions") <= CODE_BUDGET_BYTES
    brought = written(BUILD / function) - written(BUILD / function / "functions")
    assert brought <= PACKAGES_BUDGET_BYTES.get(function, 0)
    everything = [BUILD / function, *(BUILD / layer for layer in FUNCTIONS[function][1])]
    assert sum(size(part) for part in everything) <= LAMBDA_BUDGET_BYTES


def test_both_compressions_are_packed() -> None:
    """What the parameter may choose is there, from the artifact alone."""
    out = run(
        "from functions.compress_log.packing import Compression, packing_of\n"
        "for compression in Compression:\n"
        "    print(len(packing_of(compression).pack(b'a log' * 1000)) < 100)",
        *roots("CompressLogFunction"),
    )
    assert out.split() == ["True", "True"]


def test_shared_layer_is_within_its_budget() -> None:
    """The layer has what the runtime lacks, and neither boto3 nor botocore."""
    assert size(BUILD / "SharedLayer") <= SHARED_LAYER_BUDGET_BYTES
    packed = {entry.name for entry in (BUILD / "SharedLayer" / "python").iterdir()}
    assert {"tidegate", "aws_lambda_powertools"} <= packed
    assert not packed & {"boto3", "botocore"}


@pytest.mark.parametrize("artifact", [*FUNCTIONS, "SharedLayer", "ClamavLayer"])
def test_no_cold_start_compiles(artifact: str) -> None:
    """Each source file has its compiled one beside it, which names the path it has in Lambda."""
    place = "/opt" if artifact.endswith("Layer") else "/var/task"
    sources = list((BUILD / artifact).rglob("*.py"))
    assert sources
    for source in sources:
        compiled = Path(cache_from_source(str(source), optimization=""))
        code = marshal.loads(compiled.read_bytes()[HEADER_OF_COMPILED_BYTES:])
        assert code.co_filename == f"{place}/{source.relative_to(BUILD / artifact)}"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_import_time_is_within_its_budget(function: str) -> None:
    """Our own share of a cold start is a fraction of the libraries', measured side by side."""
    script = "import time; t = time.process_time(); import {0}; print(time.process_time() - t)"
    handler = FUNCTIONS[function][0]
    bare, own = float("inf"), float("inf")
    # Whatever else the machine does only adds to either time: the smallest come nearest to what
    # the import itself takes, and more pairs bring them nearer.
    for _ in range(MOST_PAIRS):
        bare = min(bare, float(run(script.format(BASELINE), *roots(function))))
        own = min(own, float(run(script.format(handler), *roots(function))))
        if own / bare <= IMPORT_BUDGET:
            break
    ratio = own / bare
    assert ratio <= IMPORT_BUDGET, f"{handler} takes {ratio:.2f} times as long as {BASELINE}"
