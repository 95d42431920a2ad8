# SPDX-License-Identifier: MIT
"""Interactive sessions, newest first, page by page, and one of them with what happened in it."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select

from decnet.cli.errors import NotFoundError
from decnet.findings.texts import beginning_with
from decnet_core.events.typing_digest import TypingDigest
from decnet_models.artifacts.queries import Sighting, sightings
from decnet_models.attackers.analysis import lines_of
from decnet_models.attackers.behaviour import Trait
from decnet_models.attackers.profile import Command, Session
from decnet_models.attackers.queries import commands
from decnet_models.attackers.stories import Story, sentence
from decnet_models.attackers.tables import attacker_session
from decnet_models.attackers.typists import typist
from decnet_models.database.rows.keyset import Direction
from decnet_models.database.rows.page_select import PageSelect
from decnet_models.database.rows.row_select import RowSelect
from decnet_models.database.window import Window
from decnet_models.ttp.queries import Tag, tags_of_session

Position = tuple[int, str, str]
"""Last seen, attacker and name of the session before."""

_digest = msgspec.json.Decoder(TypingDigest)


_C = attacker_session.c
_COLUMNS = tuple(_C[name] for name in Session.__struct_fields__)
_PAGE = PageSelect(
    lambda _: select(*_COLUMNS),
    (_C.last_seen, _C.attacker, _C.session),
    {
        **{name: _C[name] == bindparam(name) for name in ("attacker", "decky", "service", "username")},
        "recorded": _C.recording.is_not(None),
        "unrecorded": _C.recording.is_(None),
        "since": _C.last_seen >= bindparam("since"),
        "until": _C.first_seen < bindparam("until"),
    },
)
_NAMED = RowSelect(
    lambda _: (
        select(*_COLUMNS, _C.typing, _C.first_seq)
        .where(_C.session == bindparam("name"))
        .order_by(_C.last_seen.desc())
        .limit(1)
    )
)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What sessions must be like; None: anything."""

    attacker: str | None = None
    decky: str | None = None
    service: str | None = None
    user: str | None = None
    recorded: bool | None = None
    window: Window = Window()


class WholeSession(msgspec.Struct, frozen=True):
    """A session with what happened in it."""

    session: Session
    story: Story
    commands: tuple[Command, ...]
    files: tuple[Sighting, ...]
    techniques: tuple[Tag, ...]


def sessions(
    connection: Connection,
    limit: int,
    wanted: Wanted | None = None,
    *,
    after: Position | None = None,
    direction: Direction = "desc",
) -> list[Session]:
    """Return sessions in the order in which they were last seen; with a window those of which a part lies in it."""
    return [Session(*row) for row in session_rows(connection, limit, wanted, after=after, direction=direction)]


def session_rows(
    connection: Connection,
    limit: int,
    wanted: Wanted | None = None,
    *,
    after: Position | None = None,
    direction: Direction = "desc",
) -> Sequence[Any]:
    """Return what `sessions` does as rows: the values of Session."""
    wanted = wanted or Wanted()
    within = wanted.window if wanted.window.bounded else None
    return _PAGE.rows(
        connection,
        limit,
        after=after,
        direction=direction,
        attacker=wanted.attacker,
        decky=wanted.decky,
        service=wanted.service,
        username=wanted.user,
        recorded=wanted.recorded or None,
        unrecorded=wanted.recorded is False or None,
        since=within and within.since,
        until=within and within.until,
    )


def sessions_beginning_with(connection: Connection, text: str, limit: int) -> list[Session]:
    """Return sessions whose id begins with a text."""
    query = select(*_COLUMNS).where(beginning_with(_C.session, text))
    return [Session(*row) for row in connection.execute(query.order_by(_C.session).limit(limit))]


def whole_session(connection: Connection, name: str, limit: int = 1000) -> WholeSession:
    """Return the session of that name, of each of its lists at most `limit`; raises NotFoundError."""
    found = _NAMED.rows(connection, name=name)
    if not found:
        raise NotFoundError("there is no such session; decnet sessions lists them")
    *values, typing, first_seq = found[0]
    session, who = Session(*values), _who(typing)
    lines = lines_of(connection, session.attacker, name)
    named = tags_of_session(connection, session.attacker, name, limit, from_seq=first_seq)
    return WholeSession(
        session,
        Story(name, sentence(session, lines, who), who),
        tuple(one for one in commands(connection, limit, session=name) if one.attacker == session.attacker),
        tuple(sightings(connection, limit, session=name, kind="file")),
        tuple(named[::-1]),
    )


def _who(typing: str | None) -> Trait | None:
    return None if typing is None else typist(_digest.decode(typing))
