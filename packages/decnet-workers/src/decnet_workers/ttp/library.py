# SPDX-License-Identifier: MIT
"""The rules of one or more folders, each loaded or rejected, indexed by the kind of event they read.

A rejected rule never stops another: the operator sees file, line and reason, the rest works.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from uuid import UUID

import msgspec
from msgspec.structs import replace

from decnet_core.events.catalogue import Payload
from decnet_core.events.envelope import ENVELOPE_FIELDS, Event
from decnet_workers.ttp.matching import Bound, Counting, Remembered, RulesOfKind
from decnet_workers.ttp.reader import FileRead, read_files
from decnet_workers.ttp.sigma.detection import Pools
from decnet_workers.ttp.sigma.errors import RuleError, suggestion
from decnet_workers.ttp.sigma.fields import Field, field_of, names_of
from decnet_workers.ttp.sigma.rule import About, Correlation, Rule, parse
from decnet_workers.ttp.sigma.view import View

SHIPPED = Path(__file__).parent / "rules"
MAX_FILES = 10_000
MAX_DEPTH = 4
"""How deep correlations may count others."""


class Refusal(msgspec.Struct, frozen=True):
    """A rule that was not loaded, and why."""

    file: Path
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


class Match(msgspec.Struct, frozen=True, gc=False):
    """A rule, and what of an event satisfies it: each different event with how often it happened."""

    bound: Bound
    variants: tuple[tuple[Event, int], ...]

    @property
    def rule(self) -> Rule:
        return self.bound.rule


class Library:
    """The loaded rules; `rules` by id, and the rejected ones."""

    def __init__(
        self, rules: Iterable[Rule], countings: Iterable[tuple[UUID, Counting]], refused: Iterable[Refusal] = ()
    ) -> None:
        self.rules: dict[UUID, Rule] = {rule.about.id: rule for rule in rules}
        self.countings: defaultdict[UUID, list[Counting]] = defaultdict(list)
        for counted, counting in countings:
            self.countings[counted].append(counting)
        self.refused = tuple(refused)
        self.silent = frozenset(counted for counted, many in self.countings.items() if _is_silent(many))
        """Rules that are only counted, and tag nothing by themselves."""
        self.outer: dict[int, tuple[Counting, ...]] = {
            one.number: tuple(self.countings.get(one.rule.about.id, ()))
            for many in list(self.countings.values())
            for one in many
        }
        """By the number of a correlation, those that count it."""
        by_kind: defaultdict[type[Payload], list[Bound]] = defaultdict(list)
        for id_, rule in self.rules.items():
            counted_by = tuple(self.countings.get(id_, ()))
            bound = Bound(rule, counted_by, id_ in self.silent)
            for kind in rule.kinds:
                by_kind[kind].append(bound)
        remembered = Remembered()
        self._by_kind = {kind: RulesOfKind(kind, rules, remembered) for kind, rules in by_kind.items()}
        self.of_envelope = frozenset(kind for kind, rules in by_kind.items() if any(map(_reads_envelope, rules)))
        """The kinds on which some rule reads more than the payload."""

    def __len__(self) -> int:
        return len(self.rules) + len({one.rule.about.id for many in self.countings.values() for one in many})

    def abouts(self) -> list[About]:
        """Return the metadata of all rules, correlation rules included."""
        counting = {one.rule.about.id: one.rule.about for many in self.countings.values() for one in many}
        return [rule.about for rule in self.rules.values()] + list(counting.values())

    def matching(self, event: Event) -> list[Match]:
        """Return the rules that `event` satisfies, or one of the different events that it stands for."""
        rules = self._by_kind.get(type(event.payload))
        if not rules:
            return []
        if event.payload.occurrences > 1:
            return _matching_variants(rules.rules, event)
        all_of_it = ((event, 1),)
        return [Match(bound, all_of_it) for bound in rules.matching(event)]

    def satisfied(self, event: Event) -> Sequence[Bound]:
        """Return the rules that an event satisfies which stands for itself only."""
        rules = self._by_kind.get(type(event.payload))
        return rules.matching(event) if rules else ()


def _matching_variants(rules: list[Bound], event: Event) -> list[Match]:
    variants = [(replace(event, payload=payload), count) for payload, count in event.payload.variants()]
    views = [View(one) for one, _ in variants]
    matches = []
    for bound in rules:
        matched = tuple(one for one, view in zip(variants, views, strict=True) if bound.rule.matches(view))
        if len(matched) == len(variants):  # then the ones of which no sample was kept, too
            rest = event.payload.occurrences - sum(count for _, count in matched)
            matched = ((matched[0][0], matched[0][1] + rest), *matched[1:])
        if matched:
            matches.append(Match(bound, matched))
    return matches


def _reads_envelope(bound: Bound) -> bool:
    return not bound.rule.reads.isdisjoint(ENVELOPE_FIELDS)


def _is_silent(counted_by: Sequence[Counting]) -> bool:
    """Return whether a rule is only counted: a correlation's rules tag nothing unless it says `generate: true`."""
    return bool(counted_by) and not any(one.rule.count.generate for one in counted_by)


def load(folders: Iterable[Path], read: Callable[[Sequence[Path]], list[FileRead]] = read_files) -> Library:
    """Load every `*.yml` and `*.yaml` below `folders`, in the order of their names; `read` may raise ReaderError."""
    rules: dict[UUID, tuple[Path, Rule]] = {}
    correlations: dict[UUID, tuple[Path, Correlation]] = {}
    refused: list[Refusal] = []
    pools: Pools = {}
    unparsed = read(files_of(folders))[::-1]
    while unparsed:  # what a file said is freed before the next one's rules are made: a mebibyte less is ever needed
        one = unparsed.pop()
        file = Path(one.file)
        for rule in _parsed(one, pools, refused):
            if rule.about.id in rules or rule.about.id in correlations:
                refused.append(Refusal(file, rule.about.line, f"another rule has the id {rule.about.id} already"))
            elif isinstance(rule, Rule):
                rules[rule.about.id] = (file, rule)
            else:
                correlations[rule.about.id] = (file, rule)
    countings = list(_bound(rules, correlations, refused))
    _refuse_useless(rules, countings, refused)
    return Library((rule for _, rule in rules.values()), countings, refused)


def files_of(folders: Iterable[Path]) -> list[Path]:
    """Return the rule files below `folders`, those of one folder by name."""
    files: list[Path] = []
    for folder in folders:
        files += sorted(file for file in folder.rglob("*") if file.suffix in (".yml", ".yaml") and file.is_file())
    return files[:MAX_FILES]


def _parsed(read: FileRead, pools: Pools, refused: list[Refusal]) -> list[Rule | Correlation]:
    rules: list[Rule | Correlation] = []
    for document in read.documents:
        try:
            rules.append(parse(document, pools))
        except RuleError as error:
            refused.append(Refusal(Path(read.file), error.line, str(error)))
    if read.error:
        refused.append(Refusal(Path(read.file), read.line, read.error))
    return rules


def _bound(
    rules: dict[UUID, tuple[Path, Rule]], correlations: dict[UUID, tuple[Path, Correlation]], refused: list[Refusal]
) -> Iterable[tuple[UUID, Counting]]:
    """Yield each correlation with the id of each rule it counts, found by name or id.

    Correlations may count others; one that counts itself, directly or by others, is refused.
    """
    known: Known = {}
    loaded: list[Rule | Correlation] = [rule for _, rule in rules.values()]
    loaded += [correlation for _, correlation in correlations.values()]
    for rule in loaded:
        known[str(rule.about.id)] = known[rule.about.name or str(rule.about.id)] = rule
    for number, (file, correlation) in enumerate(correlations.values()):
        try:
            yield from _bind(correlation, number, known)
        except RuleError as error:
            refused.append(Refusal(file, error.line, str(error)))


Known = dict[str, Rule | Correlation]
"""Rules by id and by name."""


def _bind(correlation: Correlation, number: int, known: Known) -> list[tuple[UUID, Counting]]:
    count = correlation.count
    if not correlation.about.techniques:
        raise RuleError("the rule names no ATT&CK technique, so it could never tag anything", correlation.about.line)
    countings = []
    for position, name in enumerate(count.rules):
        if name not in known:
            raise RuleError(
                f"the correlation counts {name!r}, which is no loaded rule{suggestion(name, known)}", count.line
            )
        kinds = _kinds_of(known[name], known, count.line)
        field = field_of(count.field, kinds) if count.field else None
        if count.field and field is None:
            raise RuleError(f"rule {name!r} reads no field {count.field!r}", count.line)
        groups = tuple(_group(group, kinds, count.line) for group in count.grouped_by(name))
        by = groups[0].name if len(groups) == 1 and groups[0].name in ENVELOPE_FIELDS else None
        countings.append((known[name].about.id, Counting(correlation, field, number, groups, position, by)))
    return countings


def _group(name: str, kinds: Iterable[type[Payload]], line: int) -> Field:
    field = field_of(name, kinds)
    if field is None:
        raise RuleError(f"events cannot be grouped by {name!r}{suggestion(name, names_of(kinds))}", line)
    return field


def _kinds_of(rule: Rule | Correlation, known: Known, line: int, depth: int = 0) -> tuple[type[Payload], ...]:
    """Return the kinds of events that can fire a rule."""
    if isinstance(rule, Rule):
        return rule.kinds
    if depth == MAX_DEPTH:
        raise RuleError(f"correlations count each other in a circle, or more than {MAX_DEPTH} deep", line)
    kinds: dict[type[Payload], None] = {}
    for name in rule.count.rules:
        if name in known:
            kinds |= dict.fromkeys(_kinds_of(known[name], known, line, depth + 1))
    return tuple(kinds)


def _refuse_useless(
    rules: dict[UUID, tuple[Path, Rule]], countings: list[tuple[UUID, Counting]], refused: list[Refusal]
) -> None:
    counted = {id_ for id_, _ in countings}
    for id_, (file, rule) in list(rules.items()):
        if not rule.about.techniques and id_ not in counted:
            reason = "the rule names no ATT&CK technique and no correlation counts it, so it could never tag anything"
            refused.append(Refusal(file, rule.about.line, reason))
            del rules[id_]
