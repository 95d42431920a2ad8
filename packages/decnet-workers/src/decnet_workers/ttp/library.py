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
from decnet_core.events.envelope import Event
from decnet_workers.ttp.reader import FileRead, read_files
from decnet_workers.ttp.sigma.errors import RuleError, suggestion
from decnet_workers.ttp.sigma.fields import Field, field_of
from decnet_workers.ttp.sigma.rule import Correlation, Rule, parse
from decnet_workers.ttp.sigma.view import View

SHIPPED = Path(__file__).parent / "rules"
MAX_FILES = 10_000


class Refusal(msgspec.Struct, frozen=True):
    """A rule that was not loaded, and why."""

    file: Path
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


class Counting(msgspec.Struct, frozen=True):
    """A correlation rule with the field whose values it counts, None when it counts events."""

    rule: Correlation
    field: Field | None


class Match(msgspec.Struct, frozen=True):
    """A rule, and what of an event satisfies it: each different event with how often it happened."""

    rule: Rule
    variants: tuple[tuple[Event, int], ...]


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
        self.silent = _silent(self.countings)
        self._by_kind: defaultdict[type[Payload], list[Rule]] = defaultdict(list)
        for rule in self.rules.values():
            for kind in rule.kinds:
                self._by_kind[kind].append(rule)

    def __len__(self) -> int:
        return len(self.rules) + len({one.rule.about.id for many in self.countings.values() for one in many})

    def matching(self, event: Event) -> list[Match]:
        """Return the rules that `event` satisfies, or one of the different events that it stands for."""
        rules = self._by_kind.get(type(event.payload))
        if not rules:
            return []
        if event.payload.occurrences > 1:
            return _matching_variants(rules, event)
        view, all_of_it = View(event), ((event, 1),)
        return [Match(rule, all_of_it) for rule in rules if rule.matches(view)]


def _matching_variants(rules: list[Rule], event: Event) -> list[Match]:
    variants = [(replace(event, payload=payload), count) for payload, count in event.payload.variants()]
    views = [View(one) for one, _ in variants]
    matches = []
    for rule in rules:
        matched = tuple(one for one, view in zip(variants, views, strict=True) if rule.matches(view))
        if len(matched) == len(variants):  # then the ones of which no sample was kept, too
            rest = event.payload.occurrences - sum(count for _, count in matched)
            matched = ((matched[0][0], matched[0][1] + rest), *matched[1:])
        if matched:
            matches.append(Match(rule, matched))
    return matches


def _silent(countings: dict[UUID, list[Counting]]) -> frozenset[UUID]:
    """Return the rules that are only counted: a correlation's rules tag nothing unless it says `generate: true`."""
    return frozenset(id_ for id_, many in countings.items() if not any(one.rule.count.generate for one in many))


def load(folders: Iterable[Path], read: Callable[[Sequence[Path]], list[FileRead]] = read_files) -> Library:
    """Load every `*.yml` and `*.yaml` below `folders`, in the order of their names; `read` may raise ReaderError."""
    rules: dict[UUID, tuple[Path, Rule]] = {}
    correlations: dict[UUID, tuple[Path, Correlation]] = {}
    refused: list[Refusal] = []
    for one in read(files_of(folders)):
        file = Path(one.file)
        for rule in _parsed(one, refused):
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


def _parsed(read: FileRead, refused: list[Refusal]) -> list[Rule | Correlation]:
    rules: list[Rule | Correlation] = []
    for document in read.documents:
        try:
            rules.append(parse(document))
        except RuleError as error:
            refused.append(Refusal(Path(read.file), error.line, str(error)))
    if read.error:
        refused.append(Refusal(Path(read.file), read.line, read.error))
    return rules


def _bound(
    rules: dict[UUID, tuple[Path, Rule]], correlations: dict[UUID, tuple[Path, Correlation]], refused: list[Refusal]
) -> Iterable[tuple[UUID, Counting]]:
    """Yield each correlation with the id of each rule it counts, found by name or id."""
    known = {str(id_): rule for id_, (_, rule) in rules.items()}
    known |= {rule.about.name: rule for _, rule in rules.values() if rule.about.name}
    for file, correlation in correlations.values():
        try:
            yield from _bind(correlation, known)
        except RuleError as error:
            refused.append(Refusal(file, error.line, str(error)))


def _bind(correlation: Correlation, known: dict[str, Rule]) -> list[tuple[UUID, Counting]]:
    count = correlation.count
    if not correlation.about.techniques:
        raise RuleError("the rule names no ATT&CK technique, so it could never tag anything", correlation.about.line)
    countings = []
    for name in count.rules:
        if name not in known:
            raise RuleError(
                f"the correlation counts {name!r}, which is no loaded rule{suggestion(name, known)}", count.line
            )
        rule = known[name]
        field = field_of(count.field, rule.kinds) if count.field else None
        if count.field and field is None:
            raise RuleError(f"rule {name!r} reads no field {count.field!r}", count.line)
        countings.append((rule.about.id, Counting(correlation, field)))
    return countings


def _refuse_useless(
    rules: dict[UUID, tuple[Path, Rule]], countings: list[tuple[UUID, Counting]], refused: list[Refusal]
) -> None:
    counted = {id_ for id_, _ in countings}
    for id_, (file, rule) in list(rules.items()):
        if not rule.about.techniques and id_ not in counted:
            reason = "the rule names no ATT&CK technique and no correlation counts it, so it could never tag anything"
            refused.append(Refusal(file, rule.about.line, reason))
            del rules[id_]
