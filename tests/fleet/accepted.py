# SPDX-License-Identifier: MIT
"""Whether all that an arena's attackers were told has been recorded, worked on and delivered, each thing once."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable

from sqlalchemy import select
from tests.fleet.arena import Arena

from decnet_models.database.engine import open_engine, reading
from decnet_models.events.queries import last_seq
from decnet_models.events.tables import event
from decnet_models.notices.tables import notice
from decnet_models.progress.queries import cursors
from decnet_models.webhooks.tables import webhook_delivery

CURSORS = ("profiler", "ttp")

_MARK = re.compile(r"mark-\d+-x(?:-log)?")
"""What an attacker leaves in what it does, and the collected log says with `-log`."""


async def until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until `condition` holds; raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.1)


def settled(arena: Arena) -> bool:
    """Whether every accepted mark is an event, every cursor stands at the end, and every notice is delivered.

    But those of incidents: a webhook for programs, which has had all that is in them, receives them only by name.
    """
    engine = open_engine(arena.database, read_only=True)
    try:
        with reading(engine) as connection:
            head = last_seq(connection)
            reached = cursors(connection)
            if any(reached.get(name) != head for name in CURSORS):
                return False
            found = {
                mark for payload in connection.execute(select(event.c.payload)).scalars() for mark in _marks(payload)
            }
            if any(not marks <= found for marks in arena.accepted.values()):
                return False
            sent = select(notice.c.seq).where(notice.c.kind.not_like("incident.%"))
            notices = set(connection.execute(sent).scalars())
            delivered = select(webhook_delivery.c.notice_seq).where(webhook_delivery.c.state == "delivered")
            return notices == set(connection.execute(delivered).scalars())
    finally:
        engine.dispose()


def assert_each_accepted_mark_is_one_event(arena: Arena) -> None:
    engine = open_engine(arena.database, read_only=True)
    with reading(engine) as connection:
        payloads = list(connection.execute(select(event.c.payload)).scalars())
    engine.dispose()
    found = Counter(
        (kind, mark) for text in payloads for mark in _marks(text) for kind in arena.accepted if _is(kind, text)
    )
    for kind, marks in arena.accepted.items():
        assert not {mark: found[kind, mark] for mark in marks if found[kind, mark] != 1}, kind


def _marks(payload: str) -> set[str]:
    return set(_MARK.findall(payload))


def _is(kind: str, payload: str) -> bool:
    """Whether an event's payload is of the sort that a deed leaves; a guess in a log is not a guess at our door."""
    sort = {
        "http": '"http.request"',
        "guess": '"auth.attempt"',
        "command": '"session.command"',
        "url": '"channel":"http"',
        "dns": '"channel":"dns"',
        "log": "-log",
    }[kind]
    return sort in payload and (kind == "log" or "-log" not in payload)
