# SPDX-License-Identifier: MIT
"""Mapping files: TOML that says what the JSON lines of a program become, checked against the catalogue when loaded.

    time = { field = "@timestamp", format = "iso" }
    src = { address = "client.ip", port = "client.port" }
    session = "conn_id"

    [[event]]
    kind = "auth.attempt"
    when = { action = ["login", "su"] }
    [event.fields]
    service = { value = "ssh" }
    username = "user.name"
    success = { field = "result", map = { ok = true, failed = false } }

    [[ignore]]
    when = { action = "heartbeat" }

Without `time` an event has the time at which its source received the line. A line becomes every event whose conditions
it meets. Errors name file and line.
"""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import msgspec

from decnet_core.events.catalogue import KINDS, kind_of
from decnet_core.exits import StartupError
from decnet_core.settings import suggestion
from decnet_sniff.collect.kinds import PRODUCED
from decnet_sniff.collect.mapping.coerce import coercion_of
from decnet_sniff.collect.mapping.json_mapping import (
    TIME_FORMATS,
    Condition,
    Filling,
    Making,
    Mapping,
    Peer,
    Where,
    clock_of,
)
from decnet_sniff.collect.mapping.toml_lines import Lines

NOT_IN_LOGS = frozenset({"repeats", "typing"})
"""Fields that no log tells: we fold repeats, and our decoys time the keys."""

_MAX_BYTES = 1 << 20
_TOP = ("time", "src", "dst", "session", "host", "event", "ignore")
_SCALARS = (str, int, float, bool)


class MappingError(StartupError):
    """A mapping file cannot be used; the message says file, line, and what to write instead."""


def load(file: Path, zone: str = "UTC") -> Mapping:
    """Return the mapping in `file`; raises MappingError."""
    try:
        with file.open("rb") as opened:
            text = opened.read(_MAX_BYTES).decode()
        document = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingError(f"mapping {file}: {getattr(error, 'strerror', None) or error}") from error
    return _Reading(str(file), Lines(text), zone).mapping(document)


class _Reading:
    """Converts the tables of one file to a mapping, and knows the line of each key."""

    def __init__(self, file: str, lines: Lines, zone: str) -> None:
        self._file = file
        self._lines = lines
        self._zone = ZoneInfo(zone)

    def mapping(self, document: dict[str, Any]) -> Mapping:
        self._known(document, _TOP)
        makings = tuple(
            self._making(each, "event", str(number)) for number, each in enumerate(self._tables(document, "event"))
        )
        if not makings:
            self._refuse("there is no [[event]], so no line would become an event")
        time = self._table(document.get("time", {}), ("field", "format"), "time")
        return Mapping(
            makings,
            tuple(self._ignore(each, str(number)) for number, each in enumerate(self._tables(document, "ignore"))),
            self._where(time.get("field"), "time", "field") if time else None,
            clock_of(self._time_format(time.get("format", "iso")), self._zone),
            self._peer(document, "src"),
            self._peer(document, "dst"),
            self._where(document["session"], "session") if "session" in document else None,
            self._where(document["host"], "host") if "host" in document else None,
        )

    def _making(self, table: dict[str, Any], *place: str) -> Making:
        self._known(table, ("kind", "when", "fields"), *place)
        kind = table.get("kind")
        produced = {kind_of(shape): shape for shape in PRODUCED}
        if kind not in produced:
            why = "cannot come from logs" if kind in KINDS else "is no event kind"
            self._refuse(f"kind {kind!r} {why}{suggestion(str(kind), produced)}", *place, "kind")
        shape = produced[kind]
        fields = msgspec.structs.fields(shape)
        known = {field.name: field for field in fields if field.name not in NOT_IN_LOGS}
        given = self._table(table.get("fields", {}), tuple(known), *place, "fields")
        for name, field in known.items():
            if field.required and name not in given:
                self._refuse(f"kind {kind} needs field {name!r}", *place, "fields")
        fillings = tuple(self._filling(known[name], given[name], *place, "fields", name) for name in given)
        return Making(shape, self._conditions(table.get("when", {}), *place, "when"), fillings)

    def _ignore(self, table: dict[str, Any], number: str) -> tuple[Condition, ...]:
        self._known(table, ("when",), "ignore", number)
        return self._conditions(table.get("when", {}), "ignore", number, "when")

    def _filling(self, field: msgspec.structs.FieldInfo, entry: object, *place: str) -> Filling:
        coercion = coercion_of(field.type, field.name)
        if isinstance(entry, str):
            return Filling(field.name, coercion, self._where(entry, *place), needed=field.required)
        table = self._table(entry, ("field", "value", "map", "default", "rest", "except"), *place)
        if sum(key in table for key in ("field", "value", "rest")) != 1:
            self._refuse(f"{field.name} is either a field, a value, or the rest", *place)
        if "value" in table:
            return Filling(field.name, coercion, constant=self._typed(table["value"], field, *place))
        if "rest" in table:
            left_out = table.get("except", [])
            if table["rest"] is not True or not _are_texts(left_out) or field.type != dict[str, str]:
                self._refuse("rest = true, perhaps with except = [NAMES], is for a field of texts: detail", *place)
            return Filling(field.name, coercion, rest=tuple(left_out))
        words = self._table(table.get("map", {}), None, *place)
        return Filling(
            field.name,
            coercion,
            self._where(table["field"], *place),
            table={word: self._typed(value, field, *place) for word, value in words.items()} or None,
            default=self._typed(table["default"], field, *place) if "default" in table else None,
            needed=field.required,
        )

    def _typed(self, value: object, field: msgspec.structs.FieldInfo, *place: str) -> Any:
        coerced = coercion_of(field.type, field.name)(value)
        if coerced is None:
            self._refuse(f"{value!r} cannot be {field.name}", *place)
        return coerced

    def _conditions(self, entry: object, *place: str) -> tuple[Condition, ...]:
        conditions = []
        for path, value in self._table(entry, None, *place).items():
            values = value if isinstance(value, list) else [value]
            if value == "*":
                values = []
            elif not values or not all(isinstance(each, _SCALARS) for each in values):
                self._refuse(f"{path} must be a text, a number, true, false, a list of these, or '*'", *place, path)
            conditions.append(Condition(Where(path), tuple(values)))
        return tuple(conditions)

    def _peer(self, document: dict[str, Any], key: str) -> Peer | None:
        if key not in document:
            return None
        table = self._table(document[key], ("address", "port"), key)
        where = self._where(table["port"], key, "port") if "port" in table else None
        return Peer(self._where(table.get("address"), key, "address"), where)

    def _time_format(self, form: object) -> str:
        if not isinstance(form, str) or (form not in TIME_FORMATS and "%" not in form):
            why = f"time format {form!r} is none of {', '.join(TIME_FORMATS)}, or a pattern such as %Y-%m-%d %H:%M:%S"
            self._refuse(why, "time", "format")
        return form

    def _where(self, path: object, *place: str) -> Where:
        if not isinstance(path, str) or not path:
            self._refuse(f"{'.'.join(place)} must name a field of the log", *place)
        return Where(path)

    def _tables(self, document: dict[str, Any], key: str) -> list[dict[str, Any]]:
        tables = document.get(key, [])
        if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            self._refuse(f"write it as [[{key}]]", key)
        return tables

    def _table(self, value: object, known: Iterable[str] | None, *place: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._refuse(f"{place[-1]} must be a table", *place)
        if known is not None:
            self._known(value, known, *place)
        return value

    def _known(self, table: dict[str, Any], known: Iterable[str], *place: str) -> None:
        for key in table:
            if key not in known:
                self._refuse(f"there is no {key!r} here{suggestion(key, known)}", *place, key)

    def _refuse(self, why: str, *place: str) -> NoReturn:
        raise MappingError(f"{self._file}:{self._lines.of(*place)}: {why}")


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
