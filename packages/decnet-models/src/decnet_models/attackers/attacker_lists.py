# SPDX-License-Identifier: MIT
"""What one attacker did, list by list, and its rhythm; each statement is composed once.

`ip` is canonical text; a list has at most `limit` entries.
"""

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, bindparam, select

from decnet_models.attackers import tables
from decnet_models.attackers.behaviour import Minute, Rhythm, Typing, rhythm
from decnet_models.attackers.profile import Fingerprint, Seen, Tool
from decnet_models.database.rows.row_select import RowSelect

MINUTES_READ = 2_000
"""The newest active minutes from which an attacker's rhythm is computed."""


def seen_of(
    connection: Connection, what: Literal["phase", "decky", "service"], ip: str, limit: int
) -> tuple[Seen, ...]:
    """Return the phases, deckies or services, in the order in which they were first reached."""
    return tuple(Seen(*row) for row in _SEEN[what].rows(connection, ip=ip, limit=limit))


def tools_of(connection: Connection, ip: str, limit: int) -> tuple[Tool, ...]:
    """Return the tools, in the order in which they were first seen."""
    return tuple(Tool(*row) for row in _TOOLS.rows(connection, ip=ip, limit=limit))


def fingerprints_of(connection: Connection, ip: str, limit: int) -> tuple[Fingerprint, ...]:
    """Return claims and fingerprints of clients, in the order in which they were first seen."""
    return tuple(Fingerprint(*row) for row in _FINGERPRINTS.rows(connection, ip=ip, limit=limit))


def rhythm_of(connection: Connection, ip: str) -> Rhythm | None:
    """Return the rhythm of the newest `MINUTES_READ` active minutes; None without a gap."""
    newest_first = _MINUTES.rows(connection, ip=ip, limit=MINUTES_READ)
    return rhythm([Minute(*row) for row in reversed(newest_first)])


def typing_of(connection: Connection, ip: str, limit: int) -> list[Typing]:
    """Return how fast commands followed each other, in the sessions with most of them first."""
    return [Typing(*row) for row in _TYPING.rows(connection, ip=ip, limit=limit)]


def _of(
    columns: Sequence[Column[Any]], *order: ColumnElement[Any], only: ColumnElement[bool] | None = None
) -> RowSelect:
    of = columns[0].table.c.attacker == bindparam("ip")
    query: Select[Any] = select(*columns).where(of).order_by(*order).limit(bindparam("limit"))
    return RowSelect(lambda _: query if only is None else query.where(only))


def _seen(table: Table, name: str) -> RowSelect:
    c = table.c
    return _of((c[name], c.events, c.first_seen, c.last_seen), c.first_seen, c[name])


_SEEN = {
    "phase": _seen(tables.attacker_phase, "phase"),
    "decky": _seen(tables.attacker_decky, "decky"),
    "service": _seen(tables.attacker_service, "service"),
}
_t = tables.attacker_tool.c
_TOOLS = _of((_t.tool, _t.purpose, _t.events, _t.first_seen, _t.last_seen), _t.first_seen, _t.tool)
_f = tables.fingerprint.c
_FINGERPRINTS = _of([_f[name] for name in Fingerprint.__struct_fields__], _f.first_seen, _f.type, _f.value)
_a = tables.attacker_activity.c
_MINUTES = _of((_a.arrivals, _a.first_arrival, _a.last_arrival), _a.minute.desc(), only=_a.arrivals > 0)
_s = tables.attacker_session.c
_TYPING = _of((_s.commands, _s.first_command, _s.last_command), _s.commands.desc(), _s.session, only=_s.commands > 1)
