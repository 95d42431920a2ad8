# SPDX-License-Identifier: MIT
"""Attackers by score or time, narrowed by what they did, page by page.

What an index finds is asked first: when few attackers have it, these are sorted; when many do, the index of the order
is walked, which then soon has enough. So neither a rare nor a frequent property costs a look at everybody.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, Select, and_, bindparam, exists, func, select

from decnet.findings.origins import with_details
from decnet.findings.texts import beyond, textual_prefix
from decnet_core.net.addresses import parse_address, parse_network
from decnet_models.artifacts.tables import artifact_sighting
from decnet_models.attackers.profile import Attacker
from decnet_models.attackers.tables import (
    attacker,
    attacker_activity,
    attacker_decky,
    attacker_service,
    attacker_tool,
    credential_use,
    fingerprint,
)
from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.database.rows.keyset import Direction, in_order
from decnet_models.database.rows.page_select import Condition, PageSelect
from decnet_models.database.rows.row_select import RowSelect, listed
from decnet_models.database.statements import among, unindexed
from decnet_models.database.window import ALWAYS_UNTIL, Window
from decnet_models.grouping.membership import resolved
from decnet_models.identities.tables import IDENTITIES
from decnet_models.ttp.tables import ttp_tag

Order = Literal["score", "last_seen", "first_seen", "events"]
Position = tuple[int, str]
"""Value of the order, and address, of the attacker before."""

_FEW = 2000
"""Attackers that are sorted instead of walking over all."""
_MINUTE_NS = 60_000_000_000


class Narrowing(msgspec.Struct, frozen=True, kw_only=True):
    """What attackers must have; None: anything."""

    least_score: int = 0
    verdict: str | None = None
    network: str | None = None
    """The beginning of an address, or a network."""
    decky: str | None = None
    service: str | None = None
    tool: str | None = None
    fingerprint: str | None = None
    fingerprint_type: str | None = None
    credential: str | None = None
    """Digest of a credential that was tried."""
    file: str | None = None
    """SHA-256 of a file that was left or fetched."""
    technique: str | None = None
    identity: UUID | None = None
    campaign: UUID | None = None


ANY = Narrowing()
_C = attacker.c
_COLUMNS = tuple(_C[name] for name in Attacker.__struct_fields__)
_WITH: dict[str, tuple[Column[Any], Column[Any]]] = {
    "credential": (credential_use.c.attacker, credential_use.c.credential),
    "file": (artifact_sighting.c.attacker, artifact_sighting.c.sha256),
    "tool": (attacker_tool.c.attacker, attacker_tool.c.tool),
    "technique": (ttp_tag.c.attacker, ttp_tag.c.technique),
    "decky": (attacker_decky.c.attacker, attacker_decky.c.decky),
}
"""Where an index finds the attackers with a property, by its name in Narrowing: the columns of both."""


def _holding(name: str) -> Condition:
    address, column = _WITH[name]
    return lambda connection: exists().where(address == _C.ip, unindexed(connection, column) == bindparam(name))


def _found(name: str) -> RowSelect:
    address, column = _WITH[name]
    query = select(address).distinct().where(column == bindparam(name), address.is_not(None))
    return RowSelect(lambda _: query.limit(bindparam("most")).offset(0))


_CONDITIONS: dict[str, Condition] = {
    "least_score": _C.score >= bindparam("least_score"),
    "verdict": _C.verdict == bindparam("verdict"),
    "since": _C.last_seen >= bindparam("since"),
    "few": lambda connection: listed(connection, _C.ip, "few"),
    **{name: _holding(name) for name in _WITH},
}
_ORDERS: tuple[Order, ...] = ("score", "last_seen", "first_seen", "events")
_PAGES = {order: PageSelect(lambda _: select(*_COLUMNS), (_C[order], _C.ip), _CONDITIONS) for order in _ORDERS}
"""Of what is asked for most: without properties that other tables have."""
INDEXED: tuple[Order, ...] = ("score", "last_seen", "first_seen")
"""Orders that an index has. In another one all rows are sorted, and details would be looked up for each of them."""
_DETAILED = {
    order: PageSelect(lambda _: with_details(select(*_COLUMNS), _C.ip), (_C[order], _C.ip), {}) for order in INDEXED
}
_SINCE = RowSelect(lambda _: select(_C.ip).where(_C.last_seen >= bindparam("since")).limit(bindparam("most")).offset(0))
_FOUND = {name: _found(name) for name in _WITH}
_BEGINNING = RowSelect(lambda _: select(_C.ip).where(_C.ip >= bindparam("text"), _C.ip < bindparam("beyond")))


class _Property(msgspec.Struct, frozen=True):
    """A property of attackers: where an index finds those that have it, and the same as a condition on one."""

    found: Select[Any]
    holds: ColumnElement[bool]


def attackers(
    connection: Connection,
    limit: int,
    *,
    order: Order = "score",
    direction: Direction = "desc",
    wanted: Narrowing | None = None,
    window: Window | None = None,
    after: Position | None = None,
) -> list[Attacker]:
    """Return attackers in the order of `order`; with a window those who were active in it, to the minute."""
    rows = attacker_rows(connection, limit, order=order, direction=direction, wanted=wanted, window=window, after=after)
    return [Attacker(*row) for row in rows]


def attacker_rows(
    connection: Connection,
    limit: int,
    *,
    order: Order = "score",
    direction: Direction = "desc",
    wanted: Narrowing | None = None,
    window: Window | None = None,
    after: Position | None = None,
) -> Sequence[Any]:
    """Return what `attackers` does as rows: the values of Attacker."""
    wanted, window = wanted or Narrowing(), window or Window()
    having = {name: getattr(wanted, name) for name in _WITH}
    if window.until == ALWAYS_UNTIL and wanted == Narrowing(
        least_score=wanted.least_score, verdict=wanted.verdict, network=wanted.network, **having
    ):
        return _PAGES[order].rows(
            connection,
            limit,
            after=after,
            direction=direction,
            least_score=wanted.least_score or None,
            verdict=wanted.verdict,
            since=window.since if window.bounded else None,
            few=_few_with(connection, window.since if window.bounded else None, wanted.network, having),
            **having,
        )
    column, ip = attacker.c[order], attacker.c.ip
    query = select(*_COLUMNS).where(*_plain(wanted))
    query = in_order(query, (column, ip), after, direction)
    properties = [*_properties(connection, wanted), *_in_window(window)]
    query = query.where(*(one.holds for one in properties))
    if (few := _few(connection, properties, wanted)) is not None:
        query = query.where(among(connection, ip, few))
    return connection.execute(query.limit(limit)).all()


def first_with_details(connection: Connection, limit: int, order: Order, direction: Direction) -> Sequence[Any]:
    """Return the first of all attackers: the values of Attacker, and the detail that `origins.origin_in` reads.

    Raises KeyError for an order that is not in INDEXED.
    """
    return _DETAILED[order].rows(connection, limit, direction=direction)


def _few_with(
    connection: Connection, since: int | None, network: str | None, having: Mapping[str, str | None]
) -> list[str] | None:
    """Return the addresses of a network, or those with a property or seen since a time if they are few.

    None: walk over all.
    """
    if network is not None:
        return _in_network(connection, network)
    asked: list[tuple[RowSelect, dict[str, Any]]] = [
        (_FOUND[name], {name: value}) for name, value in having.items() if value is not None
    ]
    if since is not None:
        asked.append((_SINCE, {"since": since}))
    for query, values in asked:
        found = [ip for (ip,) in query.rows(connection, most=_FEW + 1, **values)]
        if len(found) <= _FEW:
            return found
    return None


def _plain(wanted: Narrowing) -> Iterator[ColumnElement[bool]]:
    if wanted.least_score:
        yield attacker.c.score >= wanted.least_score
    if wanted.verdict is not None:
        yield attacker.c.verdict == wanted.verdict


def _few(connection: Connection, properties: Sequence[_Property], wanted: Narrowing) -> list[str] | None:
    """Return the addresses that have one of the properties if they are few; None: walk over all."""
    if wanted.network is not None:
        return _in_network(connection, wanted.network)
    for one in properties:
        found = connection.execute(one.found.limit(_FEW + 1)).scalars().all()
        if len(found) <= _FEW:
            return list(found)
    return None


def _in_network(connection: Connection, text: str) -> list[str]:
    """Return the addresses of a network, or those that begin with a text."""
    network = parse_network(text) if "/" in text else None
    beginning = text if network is None else textual_prefix(network)
    found = [ip for (ip,) in _BEGINNING.rows(connection, text=beginning, beyond=beyond(beginning))]
    return found if network is None else [one for one in found if parse_address(one) in network]


def _in_window(window: Window) -> Iterator[_Property]:
    if not window.bounded:
        return
    c = attacker.c
    holds = and_(c.last_seen >= window.since, c.first_seen < window.until)
    if window.until != ALWAYS_UNTIL:
        active = attacker_activity.c
        first, last = window.since // _MINUTE_NS, (window.until - 1) // _MINUTE_NS
        holds = and_(holds, exists().where(active.attacker == c.ip, active.minute.between(first, last)))
    yield _Property(select(c.ip).where(c.last_seen >= window.since), holds)


def _properties(connection: Connection, wanted: Narrowing) -> Iterator[_Property]:
    if wanted.fingerprint is not None:
        yield _fingerprinted(connection, wanted.fingerprint, wanted.fingerprint_type)
    for group, of in ((wanted.identity, IDENTITIES), (wanted.campaign, CAMPAIGNS)):
        if group is not None:
            yield _grouped(resolved(connection, of, group), campaign=of is CAMPAIGNS)
    for name, (address, column) in _WITH.items():
        if (value := getattr(wanted, name)) is not None:
            yield _Property(
                select(address).distinct().where(column == value, address.is_not(None)),
                exists().where(address == attacker.c.ip, unindexed(connection, column) == value),
            )
    if wanted.service is not None:
        c = attacker_service.c
        yield _Property(
            select(attacker.c.ip).order_by(attacker.c.ip),  # no index has it: everybody may
            exists().where(c.attacker == attacker.c.ip, c.service == wanted.service),
        )


def _fingerprinted(connection: Connection, value: str, kind: str | None) -> _Property:
    c = fingerprint.c
    kinds = [kind] if kind is not None else _types(connection)
    found = select(c.attacker).where(c.type.in_(kinds), c.value == value).distinct()
    return _Property(found, exists().where(c.attacker == attacker.c.ip, c.type.in_(kinds), c.value == value))


def _types(connection: Connection) -> list[str]:
    """Return the types of fingerprints that there are; one look into the index for each."""
    c, found = fingerprint.c, [""]
    query = select(func.min(c.type))
    while (following := connection.execute(query.where(c.type > found[-1])).scalar()) is not None:
        found.append(following)
    return found[1:]


def _grouped(group: UUID | None, *, campaign: bool) -> _Property:
    member = IDENTITIES.member.c
    if not campaign:
        here = member.identity == group
        return _Property(select(member.attacker).where(here), exists().where(member.attacker == attacker.c.ip, here))
    inside = CAMPAIGNS.member.c
    found = select(member.attacker).join(CAMPAIGNS.member, inside.identity == member.identity)
    one = select(inside.campaign).where(inside.identity == member.identity).correlate(IDENTITIES.member)
    holds = exists().where(member.attacker == attacker.c.ip, one.scalar_subquery() == group)
    return _Property(found.where(inside.campaign == group), holds)
