# SPDX-License-Identifier: MIT
"""The rules on one kind of event, and what they matched before: attackers repeat themselves.

A rule's result follows from those of its tests, and most tests depend on one attribute of the event: so it is
remembered which of them a value of an attribute passes, and which rules the passed tests of all attributes satisfy. A
password that was never seen costs the tests of passwords, and not those of every rule.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec

from decnet_core.events.catalogue import Payload
from decnet_core.events.envelope import ENVELOPE_FIELDS, Event
from decnet_workers.ttp.sigma.fields import Field, is_hashable
from decnet_workers.ttp.sigma.modifiers import Matcher
from decnet_workers.ttp.sigma.rule import Correlation, Rule
from decnet_workers.ttp.sigma.view import View

MOST_RESULTS = 1024
"""Different results of tests whose rules are remembered."""
MOST_VALUES = 2048
"""Different values of attributes whose results are remembered: some 0.5 MiB, with the longest texts 4."""
LONGEST_VALUE = 512
"""Characters of a value that is remembered."""


class Counting(msgspec.Struct, frozen=True, gc=False):
    """A correlation rule, and what it counts of one of its rules.

    `number` is the correlation's own: as a key it is quicker than its UUID.
    """

    rule: Correlation
    field: Field | None
    """The field whose values are counted; None: events."""
    number: int
    groups: tuple[Field, ...] = ()
    """The fields by which events are grouped."""
    position: int = 0
    """Which of the correlation's rules it is, from zero."""
    by: str | None = None
    """The only field by which events are grouped, if it is one of the envelope: nearly always."""

    def group(self, event: Event) -> str | None:
        """Return the group of an event; None for one without a field by which is grouped: it is not counted."""
        parts = []
        for field in self.groups:
            values = field.read(event)
            if not values:
                return None
            parts.append(str(values[0]) if len(values) == 1 else "\x1e".join(sorted(map(str, values))))
        return "\x1f".join(parts)


class Bound(msgspec.Struct, frozen=True, gc=False):
    """A rule with the correlations that count it; `silent` if it tags nothing by itself."""

    rule: Rule
    countings: tuple[Counting, ...]
    silent: bool


class Remembered:
    """What all kinds of events remember; each of the two is forgotten as a whole when it becomes too much."""

    def __init__(self) -> None:
        self.passed: dict[tuple[int, Any], Any] = {}
        """By the number of an attribute and a value: the tests that it passes, or the value itself."""
        self.matched: dict[tuple[Any, ...], tuple[Bound, ...]] = {}
        """By kind and what the attributes passed: the rules."""
        self.attributes = 0


class Attribute(msgspec.Struct, frozen=True, gc=False):
    """An attribute that rules read, and the tests of it; None: some test reads others besides, so its value counts."""

    number: int
    name: str
    of_envelope: bool
    tests: tuple[Matcher, ...] | None


class RulesOfKind:
    """The rules on one kind of event. Kinds of which all texts are searched, or tables, are not remembered."""

    def __init__(self, kind: type[Payload], rules: list[Bound], remembered: Remembered) -> None:
        self.rules = rules
        self._kind = kind
        self._remembered = remembered
        reads = {name for bound in rules for name in bound.rule.reads}
        names = sorted(name for name in reads if name in ENVELOPE_FIELDS or name in kind.__struct_fields__)
        hashable = all(name in ENVELOPE_FIELDS or is_hashable(name, kind) for name in names)
        self._attributes = self._of_names(names) if None not in reads and hashable else None

    def matching(self, event: Event) -> Sequence[Bound]:
        """Return the rules that one event satisfies."""
        if self._attributes is None:
            return self._match(View(event))
        payload, passed = event.payload, self._remembered.passed
        key: list[Any] = [self._kind]
        view = None
        for attribute in self._attributes:
            value = getattr(event if attribute.of_envelope else payload, attribute.name)
            result = passed.get((attribute.number, value))
            if result is None:
                view = view or View(event)
                result = self._result(attribute, value, view)
            key.append(result)
        results = tuple(key)
        matched = self._remembered.matched.get(results)
        return self._of_results(results, view or View(event)) if matched is None else matched

    def _result(self, attribute: Attribute, value: Any, view: View) -> Any:
        tests = attribute.tests
        result = (value,) if tests is None else tuple([n for n, test in enumerate(tests) if test(view)])
        if _length(value) <= LONGEST_VALUE:
            if len(self._remembered.passed) >= MOST_VALUES:
                self._remembered.passed.clear()
            self._remembered.passed[attribute.number, value] = result
        return result

    def _of_results(self, results: tuple[Any, ...], view: View) -> Sequence[Bound]:
        known, matched = self._remembered.matched, self._match(view)
        if _length(results[1:]) <= LONGEST_VALUE:
            if len(known) >= MOST_RESULTS:
                known.clear()
            known[results] = matched
        return matched

    def _match(self, view: View) -> tuple[Bound, ...]:
        return tuple([bound for bound in self.rules if bound.rule.matches(view)])

    def _of_names(self, names: Sequence[str]) -> tuple[Attribute, ...]:
        tests: defaultdict[str, list[Matcher]] = defaultdict(list)
        together: set[str] = set()
        for test in [test for bound in self.rules for test in bound.rule.tests]:
            read = [name for name in names if name in test.reads]
            if len(read) == 1:
                tests[read[0]].append(test.matches)
            else:
                together.update(read)
        attributes = []
        for name in names:
            of_it = None if name in together else tuple(tests[name])
            attributes.append(Attribute(self._remembered.attributes, name, name in ENVELOPE_FIELDS, of_it))
            self._remembered.attributes += 1
        return tuple(attributes)


def _length(value: Any) -> int:
    """Return about how many characters the texts of a value have."""
    if isinstance(value, str):
        return len(value)
    return sum([_length(one) for one in value]) if isinstance(value, tuple) else 8
