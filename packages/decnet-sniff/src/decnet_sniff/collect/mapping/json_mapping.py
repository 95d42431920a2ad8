# SPDX-License-Identifier: MIT
"""JSON lines of any program, by a mapping that says which field becomes which of ours; `mapping_file` loads it."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from decnet_core.events.catalogue import Payload, kind_of
from decnet_core.timing.timestamps import nanoseconds, parse_iso8601
from decnet_sniff.collect.formats.json_fields import Fields, address, json_object, port, shown
from decnet_sniff.collect.mapping.coerce import Coercion
from decnet_sniff.collect.outcome import Endpoint, Ignored, Outcome, Parsed, Rejected
from decnet_sniff.collect.record import Record
from decnet_sniff.errors import SniffError

Clock = Callable[[object], int | None]

_UNITS = {"unix": 1_000_000_000, "unix_ms": 1_000_000, "unix_us": 1000, "unix_ns": 1}
TIME_FORMATS = ("iso", *_UNITS)


class Unfit(SniffError, ValueError):
    """A line does not fit the mapping; the message says why."""


class Where(NamedTuple):
    """Path of a value: a key, or keys joined by dots."""

    path: str

    def of(self, fields: Fields) -> object:
        """Return the value, None when there is none; a key that contains dots itself takes precedence."""
        if self.path in fields:
            return fields[self.path]
        value: Any = fields
        for key in self.path.split("."):
            if isinstance(value, dict):
                value = value.get(key)
            elif isinstance(value, list) and key.isdigit() and len(key) < 6 and int(key) < len(value):
                value = value[int(key)]
            else:
                return None
        return value


class Condition(NamedTuple):
    """A value must be one of these; without any, it must be present."""

    where: Where
    values: tuple[object, ...]

    def holds(self, fields: Fields) -> bool:
        """Return whether the condition is met; true is not 1."""
        value = self.where.of(fields)
        if not self.values:
            return value is not None
        return any(type(value) is type(each) and value == each for each in self.values)


class Filling(NamedTuple):
    """How one field of a payload is filled."""

    name: str
    coercion: Coercion
    where: Where | None = None
    constant: Any = None
    table: dict[str, Any] | None = None
    """The meaning of each of the log's own words."""
    default: Any = None
    rest: tuple[str, ...] | None = None
    """Not one value: all of them except these."""
    needed: bool = False

    def of(self, fields: Fields) -> Any:
        """Return the field's value; None to keep the default. Raises Unfit."""
        if self.rest is not None:
            return self.coercion({key: value for key, value in fields.items() if key not in self.rest})
        if self.where is None:
            return self.constant
        value = self.where.of(fields)
        if value is None:
            return self._missing()
        if self.table is not None:
            return self._translated(value)
        coerced = self.coercion(value)
        if coerced is None:
            raise Unfit(f"{self.where.path} cannot be {self.name}")
        return coerced

    def _missing(self) -> Any:
        if self.default is None and self.needed and self.where is not None:
            raise Unfit(f"{self.where.path} is missing")
        return self.default

    def _translated(self, value: object) -> Any:
        assert self.table is not None
        assert self.where is not None
        word = shown(value, 256)
        if word in self.table:
            return self.table[word]
        if self.default is None:
            raise Unfit(f"{self.where.path} has a value that the mapping does not know")
        return self.default


class Making(NamedTuple):
    """One kind of event, its conditions and its fields."""

    shape: type[Payload]
    conditions: tuple[Condition, ...]
    fillings: tuple[Filling, ...]

    def of(self, fields: Fields) -> Payload:
        """Return the payload; raises Unfit."""
        values = {filling.name: filling.of(fields) for filling in self.fillings}
        return self.shape(**{name: value for name, value in values.items() if value is not None})


class Peer(NamedTuple):
    """Where an address and its port stand."""

    address: Where
    port: Where | None = None

    def of(self, fields: Fields) -> Endpoint | None:
        """Return address and port; None when there is no address. Raises Unfit for an invalid one."""
        value = self.address.of(fields)
        if value in (None, "", "-"):
            return None
        ip = address(value)
        if ip is None:
            raise Unfit(f"{self.address.path} is not an IP address")
        return ip, port(self.port.of(fields)) if self.port else None


class Mapping(NamedTuple):
    """The content of a mapping file."""

    makings: tuple[Making, ...]
    ignored: tuple[tuple[Condition, ...], ...] = ()
    time: Where | None = None
    clock: Clock = parse_iso8601
    src: Peer | None = None
    dst: Peer | None = None
    session: Where | None = None
    host: Where | None = None

    def parse(self, record: Record) -> Outcome:
        """Parse a line; never raises."""
        fields = json_object(record.text)
        if isinstance(fields, str):
            return Rejected(fields)
        made = [making for making in self.makings if all(each.holds(fields) for each in making.conditions)]
        if not made:
            is_ignored = any(all(each.holds(fields) for each in conditions) for conditions in self.ignored)
            return Ignored("by the mapping") if is_ignored else Rejected("no event of the mapping fits")
        try:
            return self._event(record, fields, made)
        except Unfit as error:
            return Rejected(f"{kind_of(made[0].shape)}: {error}")

    def _event(self, record: Record, fields: Fields, made: list[Making]) -> Outcome:
        ts = record.ts if self.time is None else self.clock(self.time.of(fields))
        if ts is None:
            raise Unfit("no valid time")
        return Parsed(
            ts,
            tuple(making.of(fields) for making in made),
            self.src.of(fields) if self.src else None,
            self.dst.of(fields) if self.dst else None,
            _text(self.session, fields),
            _text(self.host, fields),
        )


def _text(where: Where | None, fields: Fields) -> str | None:
    value = where.of(fields) if where else None
    return None if value is None else shown(value, 255)


def clock_of(form: str, zone: tzinfo = UTC) -> Clock:
    """Return the parser of times written as `form`: iso, unix, unix_ms, unix_us, unix_ns, or a pattern of strptime."""
    if form == "iso":
        return lambda value: parse_iso8601(value, zone)
    if form in _UNITS:
        return lambda value: _since_epoch(value, _UNITS[form])
    return lambda value: _by_pattern(value, form, zone)


def _since_epoch(value: object, unit: int) -> int | None:
    """Return ns; integers are exact, a fraction is a float's, precise to the microsecond in this century."""
    if isinstance(value, str) and len(value) <= 32:
        value = int(value) if value.isascii() and value.isdigit() else _number(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        ts = value * unit if isinstance(value, int) else round(value * 1_000_000) * unit // 1_000_000
    except (OverflowError, ValueError):
        return None
    return ts if 0 <= ts < 1 << 63 else None


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _by_pattern(value: object, pattern: str, zone: tzinfo) -> int | None:
    if not isinstance(value, str) or len(value) > 128:
        return None
    try:
        time = datetime.strptime(value, pattern)  # noqa: DTZ007  # its zone is added
        return nanoseconds(time if time.tzinfo else time.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        return None
