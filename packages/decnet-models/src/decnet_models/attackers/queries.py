# SPDX-License-Identifier: MIT
"""Queries of the attackers domain; lists are bounded by `limit`."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, and_, bindparam, func, select

from decnet_core.timing.durations import MINUTE_NS
from decnet_models.attackers import tables
from decnet_models.attackers.attacker_lists import fingerprints_of, rhythm_of, seen_of, tools_of, typing_of
from decnet_models.attackers.behaviour import Breadth, traits
from decnet_models.attackers.profile import (
    Attacker,
    AttackerProfile,
    CanaryHit,
    Command,
    Credential,
    CredentialUse,
    Session,
    TokenHits,
)
from decnet_models.attackers.scoring.score import Facts, terms
from decnet_models.database.rows.keyset import Direction, in_order
from decnet_models.database.rows.page_select import Condition, PageSelect
from decnet_models.database.rows.row_select import RowSelect, listed
from decnet_models.database.statements import existing, parts
from decnet_models.database.window import Window

Order = Literal["last_seen", "first_seen", "score", "events"]


def attackers(
    connection: Connection,
    limit: int = 50,
    *,
    order: Order = "last_seen",
    after: Attacker | None = None,
    window: Window | None = None,
) -> list[Attacker]:
    """Return attackers, highest of `order` first; page on with `after` = the last one.

    With a window those who were active in it, to the minute; their counts are those of all time.
    """
    column, ip = tables.attacker.c[order], tables.attacker.c.ip
    last = None if after is None else (getattr(after, order), after.ip)
    query = in_order(_columns(tables.attacker, Attacker), (column, ip), last).limit(limit)
    if window is not None:
        query = query.where(_active(window))
    return [Attacker(*row) for row in connection.execute(query)]


def new_in(connection: Connection, window: Window) -> set[str]:
    """Return the addresses that were first seen in a span of time."""
    return {ip for (ip,) in _NEW.rows(connection, since=window.since, until=window.until)}


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(tables.attacker)).scalar_one()


def attacker(connection: Connection, ip: str, *, limit: int = 1000) -> AttackerProfile | None:
    """Return everything about the address (canonical text), or None; each list has at most `limit` entries."""
    found = _ATTACKER.rows(connection, ip=ip)
    if not found:
        return None
    shown = Attacker(*found[0])
    facts = facts_of(connection, [ip])[ip]
    beat = rhythm_of(connection, ip)
    counts = (facts.deckies, facts.services, facts.logins, facts.requests, facts.scans)
    breadth = Breadth(*counts, scanner="scanner" in facts.purposes)
    return AttackerProfile(
        attacker=shown,
        terms=terms(facts, shown.verdict),
        traits=traits(breadth, beat, typing_of(connection, ip, limit)),
        rhythm=beat,
        phases=seen_of(connection, "phase", ip, limit),
        deckies=seen_of(connection, "decky", ip, limit),
        services=seen_of(connection, "service", ip, limit),
        tools=tools_of(connection, ip, limit),
        fingerprints=fingerprints_of(connection, ip, limit),
        sessions=tuple(sessions(connection, limit, attacker=ip)),
        credentials=tuple(credential_uses(connection, limit, attacker=ip)),
        commands=tuple(commands(connection, limit, attacker=ip)),
        canary_hits=tuple(canary_hits(connection, limit, attacker=ip)),
    )


def sessions(
    connection: Connection, limit: int = 50, *, attacker: str | None = None, window: Window | None = None
) -> list[Session]:
    """Return interactive sessions, newest first; with a window those of which a part lies in it."""
    since, until = (None, None) if window is None else (window.since, window.until)
    rows = _SESSIONS.rows(connection, limit, attacker=attacker, since=since, until=until)
    return [Session(*row) for row in rows]


def sessions_named(connection: Connection, prefix: str, limit: int = 2) -> list[Session]:
    """Return the interactive sessions whose id, or whose recording's digest, begins with `prefix`."""
    c = tables.attacker_session.c
    end = f"{prefix}\U0010ffff"
    query = _columns(tables.attacker_session, Session).order_by(c.session).limit(limit)
    by_id = connection.execute(query.where(c.session >= prefix, c.session < end)).all()
    return [
        Session(*row)
        for row in by_id or connection.execute(query.where(c.recording.startswith(prefix, autoescape=True)))
    ]


def credentials(connection: Connection, limit: int = 50) -> list[Credential]:
    """Return credentials over all attackers and services, most used first."""
    c, use = tables.credential.c, tables.credential_use.c
    tried_by = select(func.count(use.attacker.distinct())).where(use.credential == c.digest).scalar_subquery()
    query = (
        select(c.digest, c.username, c.password, c.public_key, c.uses, c.accepted, tried_by, c.first_seen, c.last_seen)
        .order_by(c.uses.desc(), c.digest)
        .limit(limit)
    )
    return [Credential(*row) for row in connection.execute(query)]


def credential_uses(connection: Connection, limit: int = 50, *, attacker: str | None = None) -> list[CredentialUse]:
    """Return where credentials were tried, accepted ones first, then newest first."""
    rows = _USES.rows(connection, limit, attacker=attacker)
    digests = sorted({row[1] for row in rows})
    # Not by a join: thousands of uses are sorted twice as fast without.
    names = {row[0]: row[1:] for row in map(tuple, _NAMES_OF.rows(connection, digests=digests))}
    # Rows that were salvaged from a broken database can lack a credential.
    return [CredentialUse(*row[:2], *names[row[1]], *row[2:]) for row in rows if row[1] in names]


def commands(
    connection: Connection, limit: int = 50, *, attacker: str | None = None, session: str | None = None
) -> list[Command]:
    """Return the newest command lines, in the order they were committed."""
    rows = _COMMANDS.rows(connection, limit, attacker=attacker, session=session)
    return [Command(*(*row[:-1], bool(row[-1]))) for row in reversed(rows)]


def canary_hits(
    connection: Connection,
    limit: int = 50,
    *,
    attacker: str | None = None,
    token: str | None = None,
    after: int | None = None,
    direction: Direction = "desc",
) -> list[CanaryHit]:
    """Return uses of canary tokens, newest first; page on with `after` = the last one's `seq`."""
    place = None if after is None else (after,)
    rows = _HITS.rows(connection, limit, after=place, direction=direction, attacker=attacker, token=token)
    return [CanaryHit(*row) for row in rows]


def hits_by_token(connection: Connection, tokens: Iterable[str] | None = None) -> dict[str, TokenHits]:
    """Return how often these tokens, or all, were used; those that never were are not there."""
    c = tables.canary_hit.c
    times = func.min(c.ts), func.max(c.ts)
    query = select(c.token, func.count(), func.count(c.attacker.distinct()), *times, func.count(c.scanner))
    query = query.group_by(c.token)
    asked = [query] if tokens is None else [query.where(c.token.in_(part)) for part in parts(tokens)]
    return {row[0]: TokenHits(*row) for one in asked for row in connection.execute(one)}


def facts_of(connection: Connection, ips: Sequence[str]) -> dict[str, Facts]:
    """Return the inputs of the score, for those of `ips` that are known."""
    rows = _COUNTS_OF.rows(connection, ips=list(ips)) if ips else ()
    if not rows:
        return {}
    asked = [row[0] for row in rows]
    deckies: dict[str, int] = dict(map(tuple, _DECKIES_OF.rows(connection, ips=asked)))
    services: dict[str, int] = dict(map(tuple, _SERVICES_OF.rows(connection, ips=asked)))
    purposes: dict[str, set[str]] = {}
    for ip, purpose in _PURPOSES_OF.rows(connection, ips=asked):
        purposes.setdefault(ip, set()).add(purpose)
    return {
        ip: Facts(
            **dict(zip(_COUNTS, counts, strict=True)),
            deckies=deckies.get(ip, 0),
            services=services.get(ip, 0),
            purposes=tuple(sorted(purposes.get(ip, ()))),
        )
        for ip, *counts in rows
    }


_COUNTS = tuple(name for name in Facts.__struct_fields__ if name in tables.attacker.c)


def _counts_of(connection: Connection) -> Select[Any]:
    c = tables.attacker.c
    return select(c.ip, *(c[name] for name in _COUNTS)).where(listed(connection, c.ip, "ips"))


def _number_of(connection: Connection, table: Table) -> Select[*tuple[Any, ...]]:
    column: Column[str] = table.c.attacker
    return select(column, func.count()).where(listed(connection, column, "ips")).group_by(column)


def _names_of(connection: Connection) -> Select[Any]:
    c = tables.credential.c
    return select(c.digest, c.username, c.password, c.public_key).where(listed(connection, c.digest, "digests"))


def _purposes_of(connection: Connection) -> Select[Any]:
    c = tables.attacker_tool.c
    return select(c.attacker, c.purpose).where(listed(connection, c.attacker, "ips"))


def _columns(table: Table, shape: type[Any]) -> Select[Any]:
    """Select the columns named by the fields of `shape`, in their order."""
    return select(*(table.c[name] for name in shape.__struct_fields__))


def _listing(
    shape: type[Any], table: Table, order: Sequence[ColumnElement[Any]], *names: str, **more: Any
) -> PageSelect:
    """Return the pages of a table, which may be asked for those with a value of one of these columns."""
    conditions: dict[str, Condition] = {name: table.c[name] == bindparam(name) for name in names}
    return PageSelect(lambda _: _columns(table, shape), order, {**conditions, **more})


_A, _S, _U = tables.attacker.c, tables.attacker_session.c, tables.credential_use.c
_C, _H = tables.command.c, tables.canary_hit.c
_ATTACKER = RowSelect(lambda _: _columns(tables.attacker, Attacker).where(_A.ip == bindparam("ip")))
_SESSIONS = _listing(
    *(Session, tables.attacker_session, (_S.last_seen, _S.attacker, _S.session), "attacker"),
    since=_S.last_seen >= bindparam("since"),
    until=_S.first_seen < bindparam("until"),
)
_USES = PageSelect(
    lambda _: select(
        *(_U.attacker, _U.credential, _U.service, func.nullif(_U.decky, tables.UNKNOWN)),
        *(_U.uses, _U.accepted, _U.first_seen, _U.last_seen),
    ),
    (_U.accepted > 0, _U.last_seen, _U.credential, _U.service),
    {"attacker": _U.attacker == bindparam("attacker")},
)
_NAMES_OF = RowSelect(_names_of)
_COMMANDS = _listing(Command, tables.command, (_C.seq,), "attacker", "session")
_HITS = _listing(CanaryHit, tables.canary_hit, (_H.seq,), "attacker", "token")
_NEW = RowSelect(lambda _: select(_A.ip).where(_A.first_seen >= bindparam("since"), _A.first_seen < bindparam("until")))
_COUNTS_OF, _PURPOSES_OF = RowSelect(_counts_of), RowSelect(_purposes_of)
_DECKIES_OF = RowSelect(partial(_number_of, table=tables.attacker_decky))
_SERVICES_OF = RowSelect(partial(_number_of, table=tables.attacker_service))


def known_uses(connection: Connection, uses: Iterable[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Return those (attacker, credential digest, service) that were tried before, on whatever decky."""
    c = tables.credential_use.c
    return existing(connection, (c.attacker, c.credential, c.service), uses)


def _active(window: Window) -> ColumnElement[bool]:
    attacker, active = tables.attacker.c, tables.attacker_activity.c
    first, last = window.since // MINUTE_NS, (window.until - 1) // MINUTE_NS
    minutes = select(active.minute).where(active.attacker == attacker.ip, active.minute.between(first, last))
    return and_(attacker.last_seen >= window.since, attacker.first_seen < window.until, minutes.exists())
