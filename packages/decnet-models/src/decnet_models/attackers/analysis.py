# SPDX-License-Identifier: MIT
"""What an attacker's rows mean: its sessions told in sentences, who typed them, which password list it walks.

Computed when it is asked for, from what the tables hold: the same rows always mean the same.
"""

from typing import Any

import msgspec
from sqlalchemy import Connection, Select, bindparam, func, select

from decnet_core.events.typing_digest import TypingDigest
from decnet_models.attackers import tables
from decnet_models.attackers.behaviour import Trait
from decnet_models.attackers.password_lists import WalkedList, explicable, walked
from decnet_models.attackers.queries import sessions
from decnet_models.attackers.stories import Story, sentence
from decnet_models.attackers.typists import typist
from decnet_models.database.rows.row_select import RowSelect
from decnet_models.database.statements import unindexed

LINES_READ = 200
"""The first command lines of a session that are told of."""
USES_READ = 2000
"""The first uses of credentials by an attacker that are compared with password lists ..."""
USES_READ_FIRST = 300
"""... unless these are already more different ones than a list could explain."""

_digest = msgspec.json.Decoder(TypingDigest)


class Analysis(msgspec.Struct, frozen=True):
    """Sessions are in the order of `queries.sessions`, newest first."""

    stories: tuple[Story, ...]
    password_lists: tuple[WalkedList, ...]


def analysis(connection: Connection, ip: str, limit: int = 100) -> Analysis:
    """Return what at most `limit` sessions of the attacker were, and which lists it walks."""
    typists = typists_of(connection, ip, limit)
    return Analysis(
        tuple(
            Story(
                one.session,
                sentence(one, lines_of(connection, ip, one.session), typists.get(one.session)),
                typists.get(one.session),
            )
            for one in sessions(connection, limit, attacker=ip)
        ),
        lists_of(connection, ip),
    )


def typists_of(connection: Connection, ip: str, limit: int = 100) -> dict[str, Trait]:
    """Return who typed in the attacker's newest sessions with input, by session."""
    rows = _TYPED.rows(connection, ip=ip, limit=limit)
    found = {session: typist(_digest.decode(typing)) for session, typing in rows}
    return {session: who for session, who in found.items() if who is not None}


def lines_of(connection: Connection, ip: str, session: str) -> list[str]:
    """Return the first command lines of a session, in the order in which they were entered."""
    return [text for (text,) in _LINES.rows(connection, ip=ip, session=session)]


def lists_of(connection: Connection, ip: str) -> tuple[WalkedList, ...]:
    """Return the password lists that explain what an attacker tried first.

    Whoever has tried more at first than a list could explain walks none, so what follows is not read.
    """
    if not explicable(tries_of(connection, ip, USES_READ_FIRST)):
        return ()
    return walked(tries_of(connection, ip))


def tries_of(connection: Connection, ip: str, most: int = USES_READ) -> list[tuple[str, str]]:
    """Return the users and passwords of an attacker's first `most` uses of credentials, in the order of the first try.

    A use is a credential on one service of one decky.
    """
    return [(username or "", password) for username, password in _TRIES.rows(connection, ip=ip, most=most)]


def _tries(_: Connection) -> Select[Any]:
    use, known = tables.credential_use.c, tables.credential.c
    uses = select(use.credential, use.first_seen).where(use.attacker == bindparam("ip"))
    # Limited before they are grouped: SQLite keeps that many in order, and not all.
    uses_first = uses.order_by(use.first_seen, use.credential).limit(bindparam("most")).subquery().c
    first = func.min(uses_first.first_seen).label("first")
    tried = select(uses_first.credential, first).group_by(uses_first.credential).subquery().c
    return (
        select(known.username, known.password)
        .where(known.digest == tried.credential, known.password.is_not(None))
        .order_by(tried.first, known.first_seq, known.username, known.password)
    )


def _typed(_: Connection) -> Select[Any]:
    c = tables.attacker_session.c
    query = select(c.session, c.typing).where(c.attacker == bindparam("ip"), c.typing.is_not(None))
    return query.order_by(c.last_seen.desc(), c.session).limit(bindparam("limit"))


def _lines(connection: Connection) -> Select[tuple[str]]:
    c = tables.command.c
    # Not by the index of attackers: it is in this order, too, but has all sessions of the attacker.
    of = unindexed(connection, c.attacker) == bindparam("ip")
    return select(c.text).where(c.session == bindparam("session"), of).order_by(c.seq).limit(LINES_READ)


_LINES, _TRIES, _TYPED = RowSelect(_lines), RowSelect(_tries), RowSelect(_typed)
