"""Whether the conditions of a statement hold for one request, as far as its context is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from functions.remediate_bucket.policy_statements import Condition, matches


@dataclass(frozen=True, slots=True)
class Context:
    """A request: keys whose value is known, and keys that it surely lacks. All in lower case."""

    values: Mapping[str, str]
    absent: frozenset[str]


def hold(conditions: Iterable[Condition], context: Context) -> bool | None:
    """Tell whether all hold; None where that cannot be told."""
    results = [_holds(condition, context) for condition in conditions]
    if False in results:
        return False
    return None if None in results else True


def _holds(condition: Condition, context: Context) -> bool | None:
    operator, _, modified = condition.operator.rpartition(":")[::-1]
    if_exists = operator.endswith("ifexists")
    operator = operator.removesuffix("ifexists")
    value = context.values.get(condition.key)
    if not condition.values or (value is None and condition.key not in context.absent):
        return None
    if operator == "null":
        return (value is None) == (condition.values[0].lower() == "true")
    negated = "not" in operator
    if value is None:
        return if_exists or modified == "forallvalues" or (negated and not modified)
    compare = _COMPARISONS.get(operator.replace("not", ""))
    if compare is None or any("${" in wanted for wanted in condition.values):
        return None
    try:
        found = any(compare(value, wanted) for wanted in condition.values)
    except ValueError:
        return None
    return found != negated


def _number(test: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    return lambda value, wanted: test(float(value), float(wanted))


def _ignoring_case(value: str, wanted: str) -> bool:
    return value.lower() == wanted.lower()


def _like(value: str, wanted: str) -> bool:
    return matches(wanted, value)


# By operator, in lower case and without its "not"; dates and addresses cannot be told beforehand.
_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "stringequals": lambda value, wanted: value == wanted,
    "stringequalsignorecase": _ignoring_case,
    "stringlike": _like,
    "arnequals": _like,
    "arnlike": _like,
    "bool": _ignoring_case,
    "numericequals": _number(lambda value, wanted: value == wanted),
    "numericlessthan": _number(lambda value, wanted: value < wanted),
    "numericlessthanequals": _number(lambda value, wanted: value <= wanted),
    "numericgreaterthan": _number(lambda value, wanted: value > wanted),
    "numericgreaterthanequals": _number(lambda value, wanted: value >= wanted),
}
