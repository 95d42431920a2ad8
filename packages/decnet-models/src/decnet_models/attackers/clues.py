# SPDX-License-Identifier: MIT
"""Queries over many attackers for other workers: their features, and where they are active."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, exists, func, literal, select

from decnet_models.attackers.tables import attacker, attacker_decky, command, credential_use, fingerprint
from decnet_models.database.statements import parts


class Clue(msgspec.Struct, frozen=True):
    """A feature of an attacker; `value` is the attacker's own, or the digest of a credential."""

    attacker: str
    kind: str
    value: str
    first_seen: int
    last_seen: int


def fingerprints_of(connection: Connection, attackers: Iterable[str]) -> list[Clue]:
    """Return the fingerprints of the attackers' clients, of every type."""
    c = fingerprint.c
    query = select(c.attacker, c.type, c.value, c.first_seen, c.last_seen).order_by(c.attacker, c.type, c.value)
    return _clues(connection, query, attackers)


def credentials_of(connection: Connection, attackers: Iterable[str]) -> list[Clue]:
    """Return the credentials (digests) that the attackers tried."""
    c = credential_use.c
    times = (func.min(c.first_seen), func.max(c.last_seen))
    query = select(c.attacker, literal("credential"), c.credential, *times).group_by(c.attacker, c.credential)
    return _clues(connection, query.order_by(c.attacker, c.credential), attackers)


def commands_of(connection: Connection, attackers: Iterable[str]) -> list[Clue]:
    c = command.c
    query = select(c.attacker, literal("command"), c.text, func.min(c.ts), func.max(c.ts)).group_by(c.attacker, c.text)
    return _clues(connection, query.order_by(c.attacker, c.text), attackers)


def deckies_of(connection: Connection, attackers: Iterable[str]) -> list[Clue]:
    c = attacker_decky.c
    query = select(c.attacker, literal("decky"), c.decky, c.first_seen, c.last_seen).order_by(c.attacker, c.decky)
    return _clues(connection, query, attackers)


def attackers_since(connection: Connection, since: int) -> list[str]:
    """Return the attackers that were seen since a time."""
    return list(connection.execute(select(attacker.c.ip).where(attacker.c.last_seen >= since)).scalars())


def active_deckies(connection: Connection, since: int) -> set[str]:
    """Return the deckies touched since a time, which must not be changed now."""
    # In two steps: a planner without statistics would read all that anybody ever touched.
    around = attackers_since(connection, since)
    c = attacker_decky.c
    query = select(c.decky).where(c.last_seen >= since).distinct()
    return {name for part in parts(around) for name in connection.execute(query.where(c.attacker.in_(part))).scalars()}


def entered_deckies(connection: Connection, names: Iterable[str]) -> set[str]:
    """Return those of the deckies to which somebody has logged in: who returns knows what they were."""
    touched, use = attacker_decky.c, credential_use.c
    same = (use.attacker == touched.attacker) & (use.decky == touched.decky)
    entered = exists().where(same, use.accepted > 0)
    query = select(touched.decky).where(entered).distinct()
    return {
        name for part in parts(names) for name in connection.execute(query.where(touched.decky.in_(part))).scalars()
    }


def _clues(connection: Connection, query: Select[Any], attackers: Iterable[str]) -> list[Clue]:
    """Run `query`, whose first column is the attacker, for all of them."""
    who = query.selected_columns[0]
    return [Clue(*row) for part in parts(attackers) for row in connection.execute(query.where(who.in_(part)))]
