# SPDX-License-Identifier: MIT
"""Parses YAML to values that know their line, for error messages.

Nodes are read with their marks and converted here instead of by PyYAML's constructors, which drop the marks. Anchors
are rejected: rules do not need them, and a few lines of them expand to gigabytes.
"""

import contextlib
from collections.abc import Iterator

import yaml
from yaml.constructor import SafeConstructor
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import CollectionEndEvent, CollectionStartEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from decnet_workers.ttp.sigma.errors import RuleError
from decnet_workers.ttp.sigma.located import Located, Scalar

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TYPED = {f"tag:yaml.org,2002:{name}" for name in ("bool", "float", "int", "null")}
_MAX_DEPTH = 32
_LARGEST = 2**63 - 1


def documents(text: str) -> Iterator[Located]:
    """Yield the YAML documents of a rule file; RuleError where it is not YAML that a rule may use."""
    try:
        _refuse_depth(text)
        for node in yaml.compose_all(text, _LOADER):
            if node is not None:
                yield _convert(node, 0, set())
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        if "nesting depth" in str(error.problem):  # newer libyamls have a limit of their own
            raise RuleError("values are nested too deeply", line) from error
        raise RuleError(f"not valid YAML: {error.problem}", line) from error
    except (YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, RuleError):
            raise
        raise RuleError(f"not valid YAML: {' '.join(str(error).split())}", 1) from error


def _refuse_depth(text: str) -> None:
    """Raise RuleError where values are nested so deeply that composing them could use up the stack.

    libyaml parses without recursion, PyYAML composes with it, in C, where nothing stops it before the stack's end.
    """
    depth = 0
    with contextlib.suppress(YAMLError):  # composing comes upon it, too, after the documents before it
        for event in yaml.parse(text, _LOADER):
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if depth > _MAX_DEPTH + 1:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise RuleError("values are nested too deeply", line)


def _convert(node: Node, depth: int, seen: set[int]) -> Located:
    line = node.start_mark.line + 1
    if id(node) in seen:
        raise RuleError("YAML anchors are not used in rules; write the value out", line)
    if depth > _MAX_DEPTH:
        raise RuleError("values are nested too deeply", line)
    seen.add(id(node))
    if isinstance(node, ScalarNode):
        return Located(_scalar(node), line)
    if isinstance(node, SequenceNode):
        return Located([_convert(item, depth + 1, seen) for item in node.value], line)
    assert isinstance(node, MappingNode)
    return Located(_mapping(node, depth, seen), line)


def _mapping(node: MappingNode, depth: int, seen: set[int]) -> dict[str, Located]:
    entries: dict[str, Located] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, ScalarNode):
            raise RuleError("a key must be a plain word", line)
        if key.value in entries:
            raise RuleError(f"{key.value!r} stands here twice; the first would be lost", line)
        converted = _convert(value, depth + 1, seen)
        # An empty or flowing value stands where its key does; a block's own line would point at its first entry.
        entries[key.value] = Located(converted.data, line if isinstance(value, MappingNode) else converted.line)
    return entries


def _scalar(node: ScalarNode) -> Scalar:
    if node.tag not in _TYPED:
        return _text(node)
    value: Scalar = SafeConstructor().construct_object(node)
    if isinstance(value, (int, float)) and not -_LARGEST <= value <= _LARGEST:
        raise RuleError(f"the number {node.value} is too large", node.start_mark.line + 1)
    return value


def _text(node: ScalarNode) -> str:
    try:
        node.value.encode()
    except UnicodeEncodeError as error:
        raise RuleError(
            "a text has half of a surrogate pair, which no event can have", node.start_mark.line + 1
        ) from error
    return str(node.value)
