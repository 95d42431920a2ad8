# SPDX-License-Identifier: MIT
"""Compiles Sigma's detection section to one function: search identifiers (maps, lists, keywords) and the condition."""

import msgspec

from decnet_workers.ttp.sigma import condition, modifiers
from decnet_workers.ttp.sigma.errors import RuleError
from decnet_workers.ttp.sigma.expression import Expressions
from decnet_workers.ttp.sigma.fields import Field
from decnet_workers.ttp.sigma.located import Located
from decnet_workers.ttp.sigma.logic import all_of, any_of
from decnet_workers.ttp.sigma.logs.source import Source
from decnet_workers.ttp.sigma.modifiers import Matcher, Searched

Pools = dict[str, Expressions]
"""By the name of a field, the regular expressions of all rules on it."""


class Test(msgspec.Struct, frozen=True):
    """A test that depends on nothing but these attributes of an event."""

    reads: frozenset[str | None]
    matches: Matcher


class Scope(msgspec.Struct):
    """What a rule may read, and what it was found to read: attributes of events; None of all texts, for keywords."""

    source: Source
    pools: Pools
    reads: set[str | None]
    tests: list[Test] = []
    """The tests of fields of which the detection's conditions consist."""


def compiled(detection: Located, scope: Scope) -> Matcher:
    """Return a function that tells whether an event of the scope's source matches the detection; raises RuleError."""
    if not isinstance(detection.data, dict) or "condition" not in detection.data:
        raise RuleError("the detection needs named selections and a condition", detection.line)
    searches = {name: value for name, value in detection.data.items() if name not in ("condition", "timeframe")}
    if "timeframe" in detection.data:
        raise RuleError(
            "'timeframe' counts nothing by itself; write a correlation rule", detection.data["timeframe"].line
        )
    if not searches:
        raise RuleError("the detection has a condition and no selection", detection.line)
    matchers = {name: _search(value, scope) for name, value in searches.items()}
    trees = [_condition(line, list(searches)) for line in _conditions(detection.data["condition"])]
    return any_of([condition.compiled(tree, matchers) for tree in trees])


def _conditions(value: Located) -> list[Located]:
    """Return the conditions; a list is Sigma's way to write several rules as one: any of them matches."""
    return value.data if isinstance(value.data, list) and value.data else [value]


def _condition(value: Located, names: list[str]) -> condition.Condition:
    if not isinstance(value.data, str):
        raise RuleError("the condition must be a text", value.line)
    return condition.parse(value.data, names, value.line)


def _search(value: Located, scope: Scope) -> Matcher:
    if isinstance(value.data, dict):
        return _map(value, scope)
    if isinstance(value.data, list) and value.data:
        return any_of([_alternative(one, scope) for one in value.data])
    raise RuleError("a selection is a map of fields, or a list of maps or keywords, and not empty", value.line)


def _alternative(value: Located, scope: Scope) -> Matcher:
    return _map(value, scope) if isinstance(value.data, dict) else _keyword(value, scope)


def _keyword(value: Located, scope: Scope) -> Matcher:
    scope.reads.add(None)
    return modifiers.keyword(value)


def _map(value: Located, scope: Scope) -> Matcher:
    assert isinstance(value.data, dict)
    if not value.data:
        raise RuleError("an empty selection would match everything", value.line)
    return all_of([_item(key, one, scope) for key, one in value.data.items()])


def _item(key: str, value: Located, scope: Scope) -> Matcher:
    name, *chosen = key.split("|")
    values = value.data if isinstance(value.data, list) else [value]
    if not values:
        raise RuleError(f"{key!r} has no value; for an absent field write null", value.line)
    if not name:
        return _keywords(chosen, values, value.line, scope)
    item = Scope(scope.source, scope.pools, set())
    matches = modifiers.matcher(_field(name, item, value.line), chosen, values, value.line)
    scope.reads.update(item.reads)
    scope.tests.append(Test(frozenset(item.reads), matches))
    return matches


def _keywords(chosen: list[str], values: list[Located], line: int, scope: Scope) -> Matcher:
    if chosen != ["all"]:
        raise RuleError("keywords are a plain list, or under '|all' when each must be found", line)
    return all_of([_keyword(one, scope) for one in values])


def _field(name: str, scope: Scope, line: int) -> Searched:
    field = _known(name, scope, line)
    return Searched(
        field, scope.pools.setdefault(field.name, Expressions()), lambda other, at: _known(other, scope, at)
    )


def _known(name: str, scope: Scope, line: int) -> Field:
    """Return a field that the rule may read, noted as read; raises RuleError."""
    field = scope.source.field(name, line)
    scope.reads.update(field.attributes)
    return field
