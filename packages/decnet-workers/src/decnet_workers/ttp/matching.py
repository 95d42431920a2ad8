# SPDX-License-Identifier: MIT
"""The rules on one kind of event, and what they matched before: attackers repeat themselves.

A rule's result follows from those of its tests, and most tests depend on one attribute of the event: so it is
remembered which of them a value passes, and which rules the passed tests of all attributes satisfy. A password that was
never seen costs the tests of passwords, and not those of every rule.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from decnet_core.events.catalogue import Payload
from decnet_core.events.envelope import ENVELOPE_FIELDS, Event
from decnet_workers.ttp.sigma.detection import Test
from decnet_workers.ttp.sigma.fields import Field, is_hashable
from decnet_workers.ttp.sigma.modifiers import Matcher
from decnet_workers.ttp.sigma.rule import Correlation, Rule
from decnet_workers.ttp.sigma.view import View

MOST_RESULTS = 1024
"""Different results of tests whose rules are remembered."""
MOST_VALUES = 4096
"""Different values whose results are remembered: some 1 MiB, with the longest texts 3."""
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


Passed = tuple[int, ...]
"""Which of some tests pass, by their places."""


class Remembered:
    """What all kinds of events remember together."""

    def __init__(self) -> None:
        self.matched: dict[tuple[Any, ...], tuple[Bound, ...]] = {}
        """By kind and which tests pass: the rules."""
        self.tests: list[TestsOfValues] = []
        self._values = 0

    def add_value(self) -> None:
        """Count one more value; when they become too many, the tests forget theirs that have most of them."""
        if self._values >= MOST_VALUES:
            most = max(self.tests, key=lambda tests: len(tests.passed))
            self._values -= len(most.passed)
            most.passed.clear()
        self._values += 1


class TestsOfValues(msgspec.Struct, frozen=True):
    """All tests of one kind of event that depend on the same attributes: nearly always one."""

    values: Callable[[Event], Any]
    """Returns what they depend on."""
    tests: tuple[Matcher, ...]
    passed: dict[Any, Passed]
    """By what they depend on: which of them pass."""


class RulesOfKind:
    """The rules on one kind of event. Kinds of which all texts are searched, or tables, are not remembered."""

    def __init__(self, kind: type[Payload], rules: list[Bound], remembered: Remembered) -> None:
        self.rules = rules
        self._kind = kind
        self._remembered = remembered
        by_attributes: defaultdict[tuple[str, ...], list[Matcher]] = defaultdict(list)
        for test in [test for bound in rules for test in bound.rule.tests]:
            by_attributes[_attributes(test, kind)].append(test.matches)
        by_attributes.pop((), None)  # of attributes that other kinds have: the result is always the same
        self._tests = [self._of(names, tuple(tests)) for names, tests in by_attributes.items()]
        self._known = [(one.values, one.passed.get, one) for one in self._tests]
        reads = {name for bound in rules for name in bound.rule.reads}
        tables = (name for names in by_attributes for name in names if not _is_key(name, kind))
        self._remembers = None not in reads and not any(tables)

    def matching(self, event: Event) -> Sequence[Bound]:
        """Return the rules that one event satisfies."""
        if not self._remembers:
            return self._match(View(event))
        key: list[Any] = [self._kind]
        view = None
        for values_of, known, tests in self._known:
            values = values_of(event)
            result = known(values)
            if result is None:
                view = view or View(event)
                result = self._passed(tests, values, view)
            key.append(result)
        results = tuple(key)
        matched = self._remembered.matched.get(results)
        return self._of_results(results, view or View(event)) if matched is None else matched

    def _passed(self, tests: TestsOfValues, values: Any, view: View) -> Passed:
        result = tuple([number for number, test in enumerate(tests.tests) if test(view)])
        if _length(values) <= LONGEST_VALUE:
            self._remembered.add_value()
            tests.passed[values] = result
        return result

    def _of_results(self, results: tuple[Any, ...], view: View) -> Sequence[Bound]:
        matched = self._match(view)
        if len(self._remembered.matched) >= MOST_RESULTS:
            self._remembered.matched.clear()
        self._remembered.matched[results] = matched
        return matched

    def _match(self, view: View) -> tuple[Bound, ...]:
        return tuple([bound for bound in self.rules if bound.rule.matches(view)])

    def _of(self, names: Sequence[str], tests: tuple[Matcher, ...]) -> TestsOfValues:
        paths = [name if name in ENVELOPE_FIELDS else f"payload.{name}" for name in names]
        made = TestsOfValues(attrgetter(*paths), tests, {})
        self._remembered.tests.append(made)
        return made


def _attributes(test: Test, kind: type[Payload]) -> tuple[str, ...]:
    """Return the attributes of an event of a kind on which a test depends."""
    known = {*ENVELOPE_FIELDS, *kind.__struct_fields__}
    return tuple(sorted(name for name in test.reads if name is not None and name in known))


def _is_key(name: str, kind: type[Payload]) -> bool:
    return name in ENVELOPE_FIELDS or is_hashable(name, kind)


def _length(value: Any) -> int:
    """Return about how many characters the texts of a value have."""
    if isinstance(value, str):
        return len(value)
    return sum([_length(one) for one in value]) if isinstance(value, tuple) else 8
