# SPDX-License-Identifier: MIT
"""Sigma's correlation rules (event_count, value_count) and their window.

A window is stored in the database and changed in the transaction of the event. It holds at most as many entries as the
rule asks for, the newest of each counted value, so it is exact, bounded, and independent of batches. When it is full
within the time span the rule fires and the window starts over: one finding per `n` events, not one for each event after
the first `n`.
"""

import re
from typing import Literal, TypeAlias

import msgspec

from decnet_core.events.envelope import Event
from decnet_workers.ttp.sigma.errors import RuleError, suggestion
from decnet_workers.ttp.sigma.located import Located

MAX_COUNT = 1000
GROUPS = ("src_ip", "decky", "sensor", "session")
_SECOND = 1_000_000_000
_UNITS = {"s": _SECOND, "m": 60 * _SECOND, "h": 3600 * _SECOND, "d": 86400 * _SECOND}
_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd])")

Kind: TypeAlias = Literal["event_count", "value_count"]
Window: TypeAlias = tuple[tuple[int, str], ...]
"""Time (ns since the Unix epoch) and value of the counted events, sorted, each value once."""


class Count(msgspec.Struct, frozen=True):
    """At least `least` events that `rules` matched, or different values of `field`, within `span_ns` per group."""

    rules: tuple[str, ...]
    group_by: tuple[str, ...]
    span_ns: int
    least: int
    line: int
    field: str | None = None
    generate: bool = False
    """Whether the counted rules also tag by themselves."""

    def group(self, event: Event) -> str:
        """Return the window in which the event counts."""
        if len(self.group_by) == 1:
            return str(getattr(event, self.group_by[0]) or "")
        return "\x1f".join(str(getattr(event, name) or "") for name in self.group_by)


def counted(window: Window, ts: int, value: str, count: Count) -> tuple[Window, bool]:
    """Return the window with one more event, and whether the rule fires; then the window is empty again."""
    if not window or ((ts, value) > window[-1] and value not in [one for _, one in window]):
        return _full((*window, (ts, value))[-count.least :], count)
    newest = {one: moment for moment, one in window}
    newest[value] = max(ts, newest.get(value, ts))
    return _full(tuple(sorted((moment, one) for one, moment in newest.items())[-count.least :]), count)


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
    kind = _chosen(fields, "type", ("event_count", "value_count"), section.line)
    least, field = _condition(_need(fields, "condition", section.line), kind)
    return Count(
        rules=tuple(_texts(_need(fields, "rules", section.line))),
        group_by=_groups(_need(fields, "group-by", section.line)),
        span_ns=_span(_need(fields, "timespan", section.line)),
        least=least,
        line=section.line,
        field=field,
        generate=_flag(fields.get("generate")),
    )


def _refuse_unknown(fields: dict[str, Located]) -> None:
    known = ("type", "rules", "group-by", "timespan", "condition", "generate")
    for name, value in fields.items():
        if name not in known:
            raise RuleError(f"a correlation has no {name!r}{suggestion(name, known)}", value.line)


def _need(fields: dict[str, Located], name: str, line: int) -> Located:
    if name not in fields:
        raise RuleError(f"the correlation has no {name!r}", line)
    return fields[name]


def _chosen(fields: dict[str, Located], name: str, known: tuple[str, ...], line: int) -> str:
    value = _need(fields, name, line)
    if value.data not in known:
        raise RuleError(f"{name} cannot be {value.data!r}{suggestion(str(value.data), known)}", value.line)
    return str(value.data)


def _texts(value: Located) -> list[str]:
    values = [one.data for one in value.data] if isinstance(value.data, list) else [value.data]
    texts = [one for one in values if isinstance(one, str) and one]
    if not texts or len(texts) != len(values):
        raise RuleError("a list of texts was expected", value.line)
    return texts


def _groups(value: Located) -> tuple[str, ...]:
    names = _texts(value)
    for name in names:
        if name not in GROUPS:
            raise RuleError(f"events cannot be grouped by {name!r}{suggestion(name, GROUPS)}", value.line)
    return tuple(names)


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
