# SPDX-License-Identifier: MIT
"""Whom tokens and cookies belong to, as the database said, remembered until anything at all is committed to it.

A look at the database for each request was a third of what a small answer costs. What is revoked, disabled or demoted
is so at the next request: whoever did it, in whichever process, has committed, and any commit makes all of this
forgotten. PostgreSQL cannot say whether there was one, and is asked at each request (`decnet_models.database.commits`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

from sqlalchemy import Connection

from decnet_models.accounts import queries
from decnet_models.accounts.queries import Principal
from decnet_models.database.commits import Mark
from decnet_web.api.fleet import Fleet

MOST = 1000

Ask: TypeAlias = Callable[[Connection, str], Principal | None]
"""A question to the database: whom does a digest belong to, now?"""


def by_token(connection: Connection, digest: str) -> Principal | None:
    """Return the account of a valid token."""
    return queries.authenticate_token(connection, digest, now_ns=time.time_ns())


def by_session(connection: Connection, digest: str) -> Principal | None:
    """Return the account of a session that has not ended."""
    return queries.authenticate_session(connection, digest, now_ns=time.time_ns())


class Remembered:
    """The latest answers to questions; used in the event loop. Only what was found is remembered."""

    def __init__(self) -> None:
        self._mark: Mark = None
        self._known: dict[tuple[Ask, str], Principal] = {}

    async def find(self, fleet: Fleet, ask: Ask, digest: str, mark: Mark = None) -> Principal | None:
        """Return what `ask` does, or did since when nothing was committed; `mark` is that of now, if it is known."""
        if mark is None:
            mark = fleet.commits.mark()
        if mark != self._mark:
            self._known.clear()
            self._mark = mark
        known = self._known.get((ask, digest))
        if known is not None and not _expired(known):
            return known
        known = await fleet.read(lambda connection: ask(connection, digest), ask)
        if known is not None and self._mark == mark:  # nobody has seen a commit meanwhile
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[ask, digest] = known
        return known


def _expired(known: Principal) -> bool:
    by = known.token or known.session
    return by is None or (by.expires_at is not None and by.expires_at <= time.time_ns())
