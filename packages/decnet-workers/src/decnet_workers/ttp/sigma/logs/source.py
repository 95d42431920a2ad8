# SPDX-License-Identifier: MIT
"""What a rule reads, by its `logsource`: our own kinds of events, or other logs by the mapping in `logsources.toml`.

The mapping is data, and read when the first rule asks for it: a fleet with our own rules only never does.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from decnet_core.events.catalogue import KINDS, Payload
from decnet_workers.ttp.sigma.errors import RuleError, suggestion
from decnet_workers.ttp.sigma.fields import Field, field_of, names_of
from decnet_workers.ttp.sigma.located import Located
from decnet_workers.ttp.sigma.logs.derived import Logtypes, derived

_FILE = Path(__file__).parent / "logsources.toml"
_KEYS = ("product", "category", "service")


class Source(msgspec.Struct, frozen=True):
    """The kinds of events that a rule reads, and under which names it knows their fields."""

    kinds: tuple[type[Payload], ...]
    name: str
    names: Mapping[str, str] | None = None
    """Our field for each of the log's own; None: our own names."""
    commands: bool = False
    """Whether each program of a command line is an event of its own."""

    def field(self, name: str, line: int) -> Field:
        """Return a field that a rule names; raises RuleError."""
        if self.names is None:
            field, known = field_of(name, self.kinds), names_of(self.kinds)
        else:
            field, known = self._mapped(name), list(self.names)
        if field is None:
            what = name if self.names is not None else name.partition(".")[0]
            raise RuleError(f"{self.name} has no field {name!r}{suggestion(what, known)}", line)
        return field

    def _mapped(self, name: str) -> Field | None:
        ours = (self.names or {}).get(name)
        if ours is None:
            return None
        return derived(ours, _mapping().logtypes) if ":" in ours else field_of(ours, self.kinds)


def source_of(logsource: Located) -> Source:
    """Return the source of a rule's `logsource` section; raises RuleError."""
    fields = logsource.data
    if not isinstance(fields, dict):
        raise RuleError("'logsource' must be a map", logsource.line)
    product = fields.get("product")
    if product is not None and product.data == "decnet":
        return _own(fields, logsource.line)
    return _other({name: value for name, value in fields.items() if name != "definition"}, logsource.line)


def _own(fields: dict[str, Located], line: int) -> Source:
    for name, value in fields.items():
        if name not in ("product", "category", "definition"):
            raise RuleError(f"the log source has no {name!r}; the kind of event is its 'category'", value.line)
    if "category" not in fields:
        raise RuleError("the rule has no 'category'", line)
    category = fields["category"]
    named = category.data if isinstance(category.data, list) and category.data else [category]
    kinds = tuple(_kind(one) for one in named)
    return Source(kinds, " or ".join(str(one.data) for one in named))


def _kind(value: Located) -> type[Payload]:
    if not isinstance(value.data, str) or not value.data.strip():
        raise RuleError("'category' must be a text", value.line)
    if value.data not in KINDS:
        raise RuleError(f"there is no kind of event {value.data!r}{suggestion(value.data, KINDS)}", value.line)
    return KINDS[value.data]


def _other(fields: dict[str, Located], line: int) -> Source:
    for row in _mapping().sources:
        if fields and set(row["needs"]) <= set(fields) and all(_fits(row, name, fields[name]) for name in fields):
            kinds = tuple(KINDS[kind] for kind in row["kinds"])
            return Source(kinds, f"the log source {row['name']!r}", row["fields"], row.get("commands", False))
    said = ", ".join(f"{name} {value.data}" for name, value in fields.items()) or "an empty one"
    known = ", ".join(["product decnet", *(repr(row["name"]) for row in _mapping().sources)])
    where = next((value.line for value in fields.values()), line)
    raise RuleError(f"the log source ({said}) is not known; known are: {known}", where)


def _fits(row: dict[str, Any], name: str, value: Located) -> bool:
    return name in _KEYS and value.data in row.get(name, ())


class _Mapping(msgspec.Struct, frozen=True):
    sources: list[dict[str, Any]]
    logtypes: Logtypes


@cache
def _mapping() -> _Mapping:
    import tomllib

    document = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    logtypes: Logtypes = {}
    for number, row in document["logtypes"].items():
        conditions = {name: value for name, value in row.items() if name != "kind"}
        logtypes.setdefault(row["kind"], []).append((int(number), conditions))
    return _Mapping(document["source"], logtypes)
