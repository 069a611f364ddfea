"""The variables that the template sets are those that the functions read, and they parse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

import pytest

from tests.contract.cloudformation import Stack
from tests.contract.test_functions import FUNCTIONS

# Read by boto3, by Powertools and by the C library.
LIBRARIES = {
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_REKOGNITION",
    "MALLOC_ARENA_MAX",
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_TRIM_THRESHOLD_",
    "POWERTOOLS_LOG_LEVEL",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_SERVICE_NAME",
}

# Set by Lambda itself.
RUNTIME = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "MemorySize"}


class RecordingEnvironment(Mapping[str, str]):
    """An environment that remembers what was asked for."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)


def variables(stack: Stack, name: str) -> dict[str, str]:
    """Return the environment that a function gets, as texts."""
    shared = stack.resolve(stack.template["Globals"]["Function"]["Environment"]["Variables"])
    own = stack.properties(f"{name}Function")["Environment"]["Variables"]
    assert not shared.keys() & own.keys()
    return {key: str(value) for key, value in {**shared, **own}.items()}


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {
            "UnsupportedAction": "QUARANTINE",
            "FailedAction": "ALLOW",
            "AllowCustomSignatures": "true",
            "MaxObjectBytes": "2147483645",
            "MaxDefinitionsAgeHours": "720",
            "KmsKeyArn": "arn:aws:kms:eu-central-1:111122223333:key/1",
            "DefinitionsMirror": "https://mirror.example:8443/clamav",
            "LabelMaxLabels": "100",
            "LabelMinConfidencePercent": "100",
            "ModerationLabels": "true",
            "LabelMaxSourceBytes": "104857600",
        },
        {"MaxObjectBytes": "1024", "MaxDefinitionsAgeHours": "4"},
        {
            "LabelMaxLabels": "1",
            "LabelMinConfidencePercent": "0",
            "LabelMaxSourceBytes": "1048576",
        },
    ],
)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_variable_is_set_read_and_understood(name: str, parameters: dict[str, str]) -> None:
    """Settings read exactly what the template sets, and take the ends of each parameter's range."""
    settings = import_module(f"functions.{FUNCTIONS[name]}.settings").Settings
    stack = Stack(parameters=parameters)
    function = stack.properties(f"{name}Function")
    given = {key: str(function[source]) for key, source in RUNTIME.items()}
    environment = RecordingEnvironment({**variables(stack, name), **given})

    settings.from_env(environment)

    assert environment.asked - set(RUNTIME) == set(variables(stack, name)) - LIBRARIES


@pytest.mark.parametrize("name", FUNCTIONS)
def test_service_is_named_after_the_functions_folder(stack: Stack, name: str) -> None:
    """Logs, metrics and alarms call the function by its folder's name."""
    own = variables(stack, name)

    assert own["POWERTOOLS_SERVICE_NAME"] == FUNCTIONS[name]
    assert own["POWERTOOLS_METRICS_NAMESPACE"] == "Tidegate"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_variables_fit_into_what_lambda_allows(stack: Stack, name: str) -> None:
    """All variables of a function together have at most 4 KB."""
    total = sum(len(key) + len(value) for key, value in variables(stack, name).items())

    assert total < 4096
