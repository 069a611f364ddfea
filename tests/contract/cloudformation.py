"""Reads the template, and resolves what it says for given parameters.

Only the intrinsic functions that the template uses are known; any other is an error, so that no
test judges a text that it did not understand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
STORAGE = TEMPLATE.parent / "stacks" / "storage.yaml"
REPLICA = TEMPLATE.parent / "stacks" / "replica.yaml"
PSEUDO_PARAMETERS = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::StackId": (
        "arn:aws:cloudformation:eu-central-1:111122223333:"
        "stack/tidegate/51af3dc0-da77-11e4-872e-0123456789ab"
    ),
    "AWS::StackName": "tidegate",
    "AWS::URLSuffix": "amazonaws.com",
}
_NO_VALUE = object()
_VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")
# What Fn::GetAtt …Arn gives; only what policies compare or match has to be lifelike.
_ARNS = {
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::IAM::Role": "arn:aws:iam::111122223333:role/{name}",
}


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms."""


def _short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix in ("Ref", "Condition"):
        return {suffix: value}
    if suffix == "GetAtt":
        value = value.split(".", 1)
    return {f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


@cache
def load(path: Path = TEMPLATE) -> dict[str, Any]:
    """Return the template with short forms written out. Read once: leave it as it is."""
    loaded = yaml.load(path.read_text(), _Loader)
    assert isinstance(loaded, dict)
    return loaded


@dataclass(frozen=True)
class Stack:
    """The template with given parameters; those not given have their defaults."""

    template: Mapping[str, Any] = field(default_factory=load)
    parameters: Mapping[str, str] = field(default_factory=dict)

    def properties(self, logical_id: str) -> dict[str, Any]:
        """Return a resource's properties, resolved."""
        resolved = self.resolve(self.template["Resources"][logical_id].get("Properties", {}))
        assert isinstance(resolved, dict)
        return resolved

    def policy(self, logical_id: str) -> dict[str, Any]:
        """Return the document of a resource policy, resolved; a text is parsed."""
        document = self.properties(logical_id)["PolicyDocument"]
        parsed = json.loads(document) if isinstance(document, str) else document
        assert isinstance(parsed, dict)
        return parsed

    def statements(self, role: str) -> list[dict[str, Any]]:
        """Return all statements of a role's policies, resolved."""
        return [
            statement
            for policy in self.properties(role)["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
        ]

    def output(self, name: str) -> Any:
        """Return an output's value, resolved."""
        return self.resolve(self.template["Outputs"][name]["Value"])

    def exists(self, section: str, logical_id: str) -> bool:
        """Whether a resource or output exists under these parameters."""
        condition = self.template[section][logical_id].get("Condition")
        return condition is None or self._condition(condition)

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the resources of a type as they are written, by logical id."""
        return {
            name: resource
            for name, resource in self.template["Resources"].items()
            if resource["Type"] == kind
        }

    def resolve(self, node: Any) -> Any:
        """Return the node with all intrinsic functions put into effect."""
        if isinstance(node, list):
            items = [self.resolve(item) for item in node]
            return [item for item in items if item is not _NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            if name == "Ref" or name.startswith("Fn::"):
                return self._functions[name](argument)
        pairs = {key: self.resolve(value) for key, value in node.items()}
        return {key: value for key, value in pairs.items() if value is not _NO_VALUE}

    @property
    def _functions(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "Ref": self._ref,
            "Fn::GetAtt": lambda argument: self._attribute(*argument),
            "Fn::Sub": self._sub,
            "Fn::If": self._if,
            "Fn::Join": lambda argument: argument[0].join(self.resolve(argument[1])),
            "Fn::Select": lambda argument: self._items(argument[1])[int(argument[0])],
            "Fn::Split": lambda argument: self.resolve(argument[1]).split(argument[0]),
            "Fn::Equals": lambda argument: self.resolve(argument[0]) == self.resolve(argument[1]),
            "Fn::Not": lambda argument: not self._truth(argument[0]),
            "Fn::And": lambda argument: all(self._truth(part) for part in argument),
            "Fn::Or": lambda argument: any(self._truth(part) for part in argument),
        }

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in PSEUDO_PARAMETERS:
            return PSEUDO_PARAMETERS[name]
        if name in self.template["Parameters"]:
            given = self.parameters.get(name)
            return str(self.template["Parameters"][name]["Default"]) if given is None else given
        return self._name(name)

    def _items(self, node: Any) -> list[Any]:
        items = self.resolve(node)
        assert isinstance(items, list)
        return items

    def _name(self, logical_id: str) -> str:
        resource = self.template["Resources"][logical_id]
        if resource["Type"] != "AWS::S3::Bucket":
            return logical_id
        given = resource["Properties"].get("BucketName")
        return logical_id.lower() if given is None else str(self.resolve(given))

    def _attribute(self, logical_id: str, attribute: str) -> str:
        kind = self.template["Resources"][logical_id]["Type"]
        name = self._name(logical_id)
        if attribute != "Arn":
            return f"{name}.{attribute}"
        return _ARNS.get(kind, "arn:aws:service:eu-central-1:111122223333:{name}").format(name=name)

    def _sub(self, argument: Any) -> str:
        text, variables = argument if isinstance(argument, list) else (argument, {})

        def value(match: re.Match[str]) -> str:
            name = match.group(1)
            if name in variables:
                return str(self.resolve(variables[name]))
            if "." in name:
                return self._attribute(*name.split(".", 1))
            return str(self._ref(name))

        return _VARIABLE.sub(value, text)

    def _if(self, argument: list[Any]) -> Any:
        name, then, otherwise = argument
        return self.resolve(then if self._condition(name) else otherwise)

    def _condition(self, name: str) -> bool:
        return self._truth(self.template["Conditions"][name])

    def _truth(self, node: Any) -> bool:
        if isinstance(node, dict) and "Condition" in node:
            return self._condition(node["Condition"])
        return bool(self.resolve(node))
