# SPDX-License-Identifier: MIT
"""Sigma's correlation rules (event_count, value_count, temporal, temporal_ordered) and their window.

A window is stored in the database and changed in the transaction of the event. It holds at most as many entries as the
rule asks for, the newest of each counted value, so it is exact, bounded, and independent of batches. When it is full
within the time span the rule fires and the window starts over: one finding per `n` events, not one for each event after
the first `n`. `temporal` counts which of its rules matched, as values.

`temporal_ordered` keeps, for each number of its rules that matched in their order, the chain of events that began last:
the one that stays within the time span longest. Times are those of the events. Events that reach the log out of order
are chained in the order of the log, and only forwards in time.
"""

import re
from typing import Literal, TypeAlias

import msgspec

from decnet_core.timing.durations import SECOND_NS
from decnet_workers.ttp.sigma.errors import RuleError, suggestion
from decnet_workers.ttp.sigma.located import Located

MAX_COUNT = 1000
MAX_RULES = 50
_UNITS = {"s": SECOND_NS, "m": 60 * SECOND_NS, "h": 3600 * SECOND_NS, "d": 86400 * SECOND_NS}
_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd])")

Kind: TypeAlias = Literal["event_count", "value_count", "temporal", "temporal_ordered"]
_COUNTS: tuple[Kind, ...] = ("event_count", "value_count")
_KINDS: tuple[Kind, ...] = (*_COUNTS, "temporal", "temporal_ordered")
Window: TypeAlias = tuple[tuple[int, str], ...]
"""Time (ns since the Unix epoch) and value of the counted events, sorted, each value once."""


class Count(msgspec.Struct, frozen=True):
    """At least `least` events that `rules` matched, or different values of `field`, within `span_ns` per group.

    For a temporal kind `least` is the number of rules.
    """

    rules: tuple[str, ...]
    group_by: tuple[str, ...]
    span_ns: int
    least: int
    line: int
    field: str | None = None
    generate: bool = False
    """Whether the counted rules also tag by themselves."""
    kind: Kind = "event_count"
    aliases: dict[str, dict[str, str]] = {}
    """By a name in `group_by`, the field that stands for it in events of each rule."""

    def grouped_by(self, rule: str) -> tuple[str, ...]:
        """Return the fields by which events of `rule` are grouped."""
        return tuple(self.aliases.get(name, {}).get(rule, name) for name in self.group_by)


def counted(window: Window, ts: int, value: str, count: Count) -> tuple[Window, bool]:
    """Return the window with one more event, and whether the rule fires; then the window is empty again."""
    new = (ts, value)
    if not window or new > window[-1]:  # nearly always: the others stay in their order
        entries = [one for one in window if one[1] != value]
        entries.append(new)
        if len(entries) < count.least:
            return tuple(entries), False
        return _full(tuple(entries[-count.least :]), count)
    newest = {one: moment for moment, one in window}
    newest[value] = max(ts, newest.get(value, ts))
    return _full(tuple(sorted((moment, one) for one, moment in newest.items())[-count.least :]), count)


def chained(window: Window, ts: int, position: int, count: Count) -> tuple[Window, bool]:
    """Return the window with an event of the rule at `position` (from zero), and whether the rule fires.

    An entry is a chain: when it began, and as `length:end` how many rules it has and when the last of them matched.
    """
    chains = {int(length): (start, int(end)) for start, text in window for length, end in [text.split(":")]}
    before = chains.get(position) if position else (ts, ts)
    if before is None or before[1] > ts or ts - before[0] > count.span_ns:
        return window, False
    start, length = before[0], position + 1
    if length == count.least:
        return (), True
    known = chains.get(length)
    if known is None or start > known[0]:
        chains[length] = (start, ts)
    return tuple(sorted((start, f"{length}:{end}") for length, (start, end) in chains.items())), False


def _full(window: Window, count: Count) -> tuple[Window, bool]:
    if len(window) == count.least and window[-1][0] - window[0][0] <= count.span_ns:
        return (), True
    return window, False


def count_of(section: Located) -> Count:
    """Parse a rule's `correlation` section; raises RuleError."""
    if not isinstance(section.data, dict):
        raise RuleError("'correlation' must be a map", section.line)
    fields = section.data
    _refuse_unknown(fields)
    kind = _chosen(fields, "type", _KINDS, section.line)
    rules = _rules(_need(fields, "rules", section.line), kind)
    least, field = _least(fields, kind, len(rules), section.line)
    group_by = tuple(_texts(_need(fields, "group-by", section.line)))
    return Count(
        rules=rules,
        group_by=group_by,
        span_ns=_span(_need(fields, "timespan", section.line)),
        least=least,
        line=section.line,
        field=field,
        generate=_flag(fields.get("generate")),
        kind=kind,
        aliases=_aliases(fields.get("aliases"), group_by, rules),
    )


def _rules(value: Located, kind: Kind) -> tuple[str, ...]:
    rules = _texts(value)
    if len(rules) > MAX_RULES:
        raise RuleError(f"a correlation has at most {MAX_RULES} rules", value.line)
    if kind not in _COUNTS and len(rules) < 2:
        raise RuleError(f"{kind} needs two rules or more", value.line)
    if kind == "temporal" and len(set(rules)) < len(rules):
        raise RuleError("temporal names a rule twice; count its events with event_count", value.line)
    return tuple(rules)


def _least(fields: dict[str, Located], kind: Kind, rules: int, line: int) -> tuple[int, str | None]:
    if kind in _COUNTS:
        return _condition(_need(fields, "condition", line), kind)
    if "condition" in fields:
        raise RuleError(f"{kind} has no condition: all of its rules must match", fields["condition"].line)
    return rules, None


def _aliases(value: Located | None, group_by: tuple[str, ...], rules: tuple[str, ...]) -> dict[str, dict[str, str]]:
    if value is None:
        return {}
    if not isinstance(value.data, dict):
        raise RuleError("'aliases' must be a map", value.line)
    return {name: _alias(name, one, group_by, rules) for name, one in value.data.items()}


def _alias(name: str, value: Located, group_by: tuple[str, ...], rules: tuple[str, ...]) -> dict[str, str]:
    if name not in group_by:
        raise RuleError(f"the alias {name!r} is not in 'group-by'{suggestion(name, group_by)}", value.line)
    if not isinstance(value.data, dict):
        raise RuleError("an alias is a map from rules to fields", value.line)
    for rule, field in value.data.items():
        if rule not in rules:
            raise RuleError(f"the alias names {rule!r}, which is not counted{suggestion(rule, rules)}", field.line)
    return {rule: _texts(field)[0] for rule, field in value.data.items()}


def _refuse_unknown(fields: dict[str, Located]) -> None:
    known = ("type", "rules", "group-by", "timespan", "condition", "generate", "aliases")
    for name, value in fields.items():
        if name not in known:
            raise RuleError(f"a correlation has no {name!r}{suggestion(name, known)}", value.line)


def _need(fields: dict[str, Located], name: str, line: int) -> Located:
    if name not in fields:
        raise RuleError(f"the correlation has no {name!r}", line)
    return fields[name]


def _chosen(fields: dict[str, Located], name: str, known: tuple[Kind, ...], line: int) -> Kind:
    value = _need(fields, name, line)
    for kind in known:
        if value.data == kind:
            return kind
    raise RuleError(f"{name} cannot be {value.data!r}{suggestion(str(value.data), known)}", value.line)


def _texts(value: Located) -> list[str]:
    values = [one.data for one in value.data] if isinstance(value.data, list) else [value.data]
    texts = [one for one in values if isinstance(one, str) and one]
    if not texts or len(texts) != len(values):
        raise RuleError("a list of texts was expected", value.line)
    return texts


def _span(value: Located) -> int:
    span = _SPAN.fullmatch(str(value.data))
    if span is None:
        raise RuleError("'timespan' is a number and one of s, m, h, d, such as 5m", value.line)
    return int(span[1]) * _UNITS[span[2]]


def _condition(value: Located, kind: str) -> tuple[int, str | None]:
    if not isinstance(value.data, dict):
        raise RuleError("the correlation's condition is a map such as gte: 10", value.line)
    bounds = {name: one for name, one in value.data.items() if name != "field"}
    if len(bounds) != 1 or not set(bounds) <= {"gt", "gte"}:
        raise RuleError("the correlation's condition has one of gte, gt", value.line)
    ((name, bound),) = bounds.items()
    least = bound.data + (name == "gt") if isinstance(bound.data, int) and not isinstance(bound.data, bool) else 0
    if not 1 < least <= MAX_COUNT:
        raise RuleError(f"a correlation counts to 2 at least and to {MAX_COUNT} at most", bound.line)
    return least, _counted_field(value.data.get("field"), kind, value.line)


def _counted_field(value: Located | None, kind: str, line: int) -> str | None:
    if (value is not None) != (kind == "value_count"):
        raise RuleError("the condition of value_count, and only that, names the 'field' whose values it counts", line)
    if value is None:
        return None
    return _texts(value)[0]


def _flag(value: Located | None) -> bool:
    if value is None:
        return False
    if not isinstance(value.data, bool):
        raise RuleError("'generate' is true or false", value.line)
    return value.data
