# SPDX-License-Identifier: MIT
"""Sigma's value modifiers: `command|contains|all: [...]` as one function of an event's view.

Implemented are those of Sigma 2.0 that make sense for these events; any other is rejected with its line, so that no
rule silently does nothing. Text is compared without case unless `cased` is given, regular expressions with case unless
`i` is.
"""

import base64
import re
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address, ip_network
from operator import ge, gt, le, lt
from typing import Any, TypeAlias

import msgspec

from decnet_workers.ttp.sigma import wildcard
from decnet_workers.ttp.sigma.errors import RuleError, suggestion
from decnet_workers.ttp.sigma.expression import Expressions
from decnet_workers.ttp.sigma.fields import Field
from decnet_workers.ttp.sigma.located import Located, Scalar
from decnet_workers.ttp.sigma.logic import all_of, any_of
from decnet_workers.ttp.sigma.view import View

Matcher: TypeAlias = Callable[[View], bool]
Test: TypeAlias = Callable[[Any], bool]

_ORDER: dict[str, Callable[[Any, Any], bool]] = {"gt": gt, "gte": ge, "lt": lt, "lte": le}
_PLACES = {"contains": (True, True), "startswith": (False, True), "endswith": (True, False)}
_ENCODINGS = ("base64", "base64offset")
_FLAGS = ("i", "m", "s")
_DASHES = "-/\u2013\u2014\u2015"
"""What `windash` takes for the dash before an option (Sigma 2.0): hyphen, slash, en dash, em dash, horizontal bar."""
_OPTION = re.compile(r"(?:^|\s)[-/]")
MODIFIERS = ("all", "cased", "cidr", "exists", "fieldref", "re", "windash", *_FLAGS, *_ENCODINGS, *_ORDER, *_PLACES)


class Searched(msgspec.Struct, frozen=True):
    """A field, the expressions of all rules on it, and how to find another field of the same events by its name."""

    field: Field
    expressions: Expressions
    other: Callable[[str, int], Field]


def matcher(searched: Searched, modifiers: Sequence[str], values: Sequence[Located], line: int) -> Matcher:
    """Return a function that tests an event's field against `values` under `modifiers`; raises RuleError."""
    check(modifiers, line)
    if "exists" in modifiers:
        return _exists(searched.field, modifiers, values, line)
    rest = [modifier for modifier in modifiers if modifier != "all"]
    if "all" in modifiers:
        return all_of([_one_of(searched, rest, [value]) for value in values])
    return _one_of(searched, rest, values)


def check(modifiers: Sequence[str], line: int) -> None:
    """Raise RuleError for an unsupported modifier."""
    for modifier in modifiers:
        if modifier not in MODIFIERS:
            raise RuleError(f"there is no modifier {modifier!r}{suggestion(modifier, MODIFIERS)}", line)


def keyword(value: Located) -> Matcher:
    """Return a test whether any text of an event contains `value`, ignoring case."""
    if value.data is None or isinstance(value.data, (list, dict)):
        raise RuleError("a keyword must be a text", value.line)
    test = wildcard.compiled([wildcard.folded(one) for one in _patterns(str(value.data), ["contains"], value.line)])
    return lambda view: any(test(text) for text in view.texts())


def _exists(field: Field, modifiers: Sequence[str], values: Sequence[Located], line: int) -> Matcher:
    if len(modifiers) != 1 or len(values) != 1 or not isinstance(values[0].data, bool):
        raise RuleError("'exists' stands alone and takes true or false", line)
    wanted = values[0].data
    return lambda view: bool(view.values(field)) == wanted


def _one_of(searched: Searched, modifiers: list[str], values: Sequence[Located]) -> Matcher:
    """Return a test whether the field has one of the values; plain texts are tested together."""
    patterns: list[wildcard.Pattern] = []
    matchers: list[Matcher] = []
    for value in values:
        test = _one(searched, modifiers, value)
        if isinstance(test, list):
            patterns += test
        else:
            matchers.append(test)
    if patterns:
        matchers.append(_textual(searched.field, patterns, cased="cased" in modifiers))
    return any_of(matchers)


def _one(searched: Searched, modifiers: list[str], value: Located) -> Matcher | list[wildcard.Pattern]:
    field, data, line = searched.field, value.data, value.line
    if isinstance(data, (list, dict)):
        raise RuleError("a value must be a text, a number, true, false or null", line)
    if data is None:
        return _absent(field, modifiers, line)
    if modifiers and modifiers[0] in _ORDER:
        return _ordered(field, modifiers, data, line)
    if "fieldref" in modifiers:
        return _equal_to_field(searched, modifiers, data, line)
    if field.shape != "text":
        return _equal(field, modifiers, data, line)
    if isinstance(data, bool):
        raise RuleError(f"{field.name!r} holds text; write '{str(data).lower()}' in quotes", line)
    return _text(searched, modifiers, str(data), line)


def _text(searched: Searched, modifiers: list[str], text: str, line: int) -> Matcher | list[wildcard.Pattern]:
    if "re" in modifiers:
        return _expression(searched, modifiers, text, line)
    if "cidr" in modifiers:
        return _over(searched.field, _network(modifiers, text, line))
    return _patterns(text, modifiers, line)


def _absent(field: Field, modifiers: list[str], line: int) -> Matcher:
    if modifiers:
        raise RuleError(f"null with {modifiers[0]!r} means nothing; use it without modifier", line)
    return lambda view: not view.values(field)


def _equal_to_field(searched: Searched, modifiers: list[str], data: Scalar, line: int) -> Matcher:
    """Return a test whether the field has a value in common with the field that `data` names, ignoring case."""
    if modifiers != ["fieldref"] or not isinstance(data, str):
        raise RuleError("'fieldref' stands alone and takes the name of a field", line)
    field, other = searched.field, searched.other(data, line)
    return lambda view: not set(view.folded(field)).isdisjoint(view.folded(other))


def _ordered(field: Field, modifiers: list[str], data: Scalar, line: int) -> Matcher:
    if len(modifiers) != 1 or field.shape != "number" or isinstance(data, (str, bool)) or data is None:
        raise RuleError(f"{modifiers[0]!r} compares a field of numbers with a number, and stands alone", line)
    compare = _ORDER[modifiers[0]]
    return _over(field, lambda found: compare(found, data))


def _equal(field: Field, modifiers: list[str], data: Scalar, line: int) -> Matcher:
    if modifiers:
        raise RuleError(f"{modifiers[0]!r} needs text, and {field.name!r} holds a {field.shape}", line)
    if isinstance(data, str) or isinstance(data, bool) != (field.shape == "flag"):
        raise RuleError(f"{field.name!r} holds a {field.shape}, {data!r} is none", line)
    return _over(field, lambda found: found == data)


def _textual(field: Field, patterns: Sequence[wildcard.Pattern], *, cased: bool) -> Matcher:
    if cased:
        return _over(field, wildcard.compiled(patterns))
    test = wildcard.compiled([wildcard.folded(pattern) for pattern in patterns])

    def match(view: View) -> bool:
        for text in view.folded(field):  # noqa: SIM110  # any() with a generator costs a frame, on the hot path
            if test(text):
                return True
        return False

    return match


def _over(field: Field, test: Test) -> Matcher:
    def match(view: View) -> bool:
        for value in view.values(field):  # noqa: SIM110  # as above
            if test(value):
                return True
        return False

    return match


def _expression(searched: Searched, modifiers: list[str], text: str, line: int) -> Matcher:
    flags = [modifier for modifier in modifiers if modifier != "re"]
    if modifiers[0] != "re" or any(flag not in _FLAGS for flag in flags):
        raise RuleError("'re' is followed by nothing but i, m, s", line)
    try:
        number = searched.expressions.add(text, "".join(sorted(set(flags))))
    except ValueError as error:
        raise RuleError(f"not a regular expression of RE2: {error}", line) from error
    field, expressions = searched.field, searched.expressions
    return lambda view: number in view.found(field, expressions)


def _network(modifiers: list[str], text: str, line: int) -> Test:
    try:
        network = ip_network(text, strict=False)
    except ValueError as error:
        raise RuleError(f"{text!r} is not a network such as 192.0.2.0/24", line) from error
    if modifiers != ["cidr"]:
        raise RuleError("'cidr' stands alone", line)

    def test(value: str) -> bool:
        try:
            return ip_address(value) in network
        except ValueError:
            return False

    return test


def _patterns(text: str, modifiers: list[str], line: int) -> list[wildcard.Pattern]:
    """Return the ways in which `text` may be encoded; one of them must match."""
    patterns: Iterable[wildcard.Pattern] = [wildcard.parse(text)]
    for modifier in modifiers:
        if modifier in _PLACES:
            patterns = [_placed(pattern, *_PLACES[modifier]) for pattern in patterns]
        elif modifier == "windash":
            patterns = [written for pattern in patterns for written in _dashed(pattern)]
        elif modifier in _ENCODINGS:
            patterns = [written for pattern in patterns for written in _encoded(pattern, modifier, line)]
        elif modifier != "cased":
            raise RuleError(f"{modifier!r} cannot stand here", line)
    return list(patterns)


def _placed(pattern: wildcard.Pattern, before: bool, after: bool) -> wildcard.Pattern:
    return (*([wildcard.STAR] if before else []), *pattern, *([wildcard.STAR] if after else []))


def _dashed(pattern: wildcard.Pattern) -> list[wildcard.Pattern]:
    """Return the pattern with each dash in place of the first that begins an option, at the start or after a blank."""
    for number, token in enumerate(pattern):
        found = _OPTION.search(token) if isinstance(token, str) else None
        if found is not None and isinstance(token, str):
            at = found.end()
            ways = [f"{token[: at - 1]}{dash}{token[at:]}" for dash in _DASHES]
            return [(*pattern[:number], way, *pattern[number + 1 :]) for way in ways]
    return [pattern]


def _encoded(pattern: wildcard.Pattern, modifier: str, line: int) -> list[wildcard.Pattern]:
    text = wildcard.literal(pattern)
    if not text:
        raise RuleError(f"{modifier!r} needs a text without wildcards", line)
    data = text.encode()
    if modifier == "base64":
        return [(base64.b64encode(data).decode(),)]
    return [(written,) for written in _offsets(data)]


def _offsets(data: bytes) -> list[str]:
    """Return how `data` appears inside the base64 of something longer, for each of its three possible offsets."""
    written = []
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data).decode()
        after = (before + len(data)) % 3
        written.append(encoded[(0, 2, 3)[before] : len(encoded) - (0, 3, 2)[after]])
    return written
