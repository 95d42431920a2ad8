# SPDX-License-Identifier: MIT
"""Answers of findings that are given again while nothing at all was committed to the database.

A dashboard that several people look at, and a program that polls, ask for the same pages again and again; making a page
of 100 costs ten times what the rest of a request does. An answer depends on its address, the form that Accept asks for,
the database, and for a span such as `since=24h` on the time; so one is given again until anything is committed
(`decnet_models.database.commits`), and for SECONDS at most. Who asks is authenticated, limited and allowed as ever.
Who asks for an answer that is being made since then waits for it: dashboards ask for the same after each notice.

PostgreSQL cannot say whether anything was committed: there each answer is made anew.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from decnet_models.database.commits import Mark
from decnet_web.api.accounts.authentication import MARK
from decnet_web.api.dependencies import Access
from decnet_web.api.fleet import Fleet
from decnet_web.api.listings.exports import wanted
from decnet_web.api.listings.narrowing import dependant_of, names_of, narrowing, refuse_unknown
from decnet_web.api.listings.solving import Handler, answering, solving
from decnet_web.api.passage.etags import etag

SECONDS = 1.0
MOST_BYTES = 1 << 20
MOST_ANSWERS = 256
"""Small ones, too, have a key of up to 8 KiB (`passage.oddities`)."""
LARGEST = 256 << 10
"""Bytes of one answer; a larger one is made each time."""

Key = tuple[str, bytes, str]


class RecentAnswers:
    """The answers since the last commit, MOST_ANSWERS and MOST_BYTES of them; used in the event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._mark: Mark = None
        self._bytes = 0
        self._known: dict[Key, tuple[float, Response]] = {}
        self._making: dict[Key, tuple[Mark, float, asyncio.Future[Response | None]]] = {}

    def find(self, mark: Mark, key: Key) -> Response | None:
        """Return the answer that was given since the commit of `mark`."""
        if mark != self._mark:
            self.clear()
            self._mark = mark
        made, answer = self._known.get(key, (0.0, None))
        return answer if answer is not None and self._clock() - made < SECONDS else None

    def keep(self, mark: Mark, key: Key, answer: Response) -> None:
        """Keep an answer to a question that was asked after `mark`, unless something was committed since then."""
        body = getattr(answer, "body", None)
        if mark != self._mark or answer.status_code != 200 or not isinstance(body, bytes) or len(body) > LARGEST:
            return
        _, former = self._known.pop(key, (0.0, None))
        self._bytes += len(body) - (len(former.body) if former is not None else 0)
        if self._bytes > MOST_BYTES or len(self._known) >= MOST_ANSWERS:
            self._known.clear()
            self._bytes = len(body)
        answer.headers.setdefault("ETag", etag(body))
        self._known[key] = (self._clock(), answer)

    def making(self, mark: Mark, key: Key) -> asyncio.Future[Response | None] | None:
        """Return the future of an answer that is being made, from what was committed until `mark`."""
        of, began, answer = self._making.get(key, (None, 0.0, None))
        return answer if answer is not None and of == mark and self._clock() - began < SECONDS else None

    def begin(self, mark: Mark, key: Key) -> asyncio.Future[Response | None]:
        """Note that an answer is being made; its future is for `end`."""
        answer: asyncio.Future[Response | None] = asyncio.get_running_loop().create_future()
        self._making[key] = (mark, self._clock(), answer)
        return answer

    def end(self, key: Key, future: asyncio.Future[Response | None], answer: Response | None) -> None:
        """Give it to those who wait; None: they have to make it."""
        if self._making.get(key, (None, 0.0, None))[2] is future:
            del self._making[key]
        future.set_result(answer if answer is not None and isinstance(getattr(answer, "body", None), bytes) else None)

    def clear(self) -> None:
        """Forget all of them."""
        self._known.clear()
        self._bytes = 0


class RecentRoute(APIRoute):
    """A route whose answers to GET are given again, if they do not depend on who asks: its principal has no name."""

    _direct: Handler | None = None
    """Its own handler, if that needs nothing of what FastAPI prepares for each request (`solving`)."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        if self._direct is not None:
            self.app = answering(self._direct)

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        access = self._access()
        if access is None or len(dependant_of(self).dependencies) > len(self.dependant.dependencies):
            return super().get_route_handler()  # what a router adds is asked at each request
        answer, names = narrowing(self), names_of(dependant_of(self))

        async def handle(request: Request) -> Response:
            recent: RecentAnswers = request.app.state.recent
            fleet: Fleet = request.app.state.fleet
            mark, key = fleet.commits.mark(), _key(request)
            request.scope[MARK] = mark
            known = recent.find(mark, key)
            await access(request)  # before others wait for the answer: it may have to write, and they need not
            if known is None and (making := recent.making(mark, key)) is not None:
                known = await asyncio.shield(making)
            if known is not None:
                return known
            refuse_unknown(request, names)
            if key[2]:
                return await answer(request)  # a stream
            future = recent.begin(mark, key)
            try:
                made = await answer(request)
            except BaseException:
                recent.end(key, future, None)
                raise
            recent.end(key, future, made)
            recent.keep(mark, key, made)
            return made

        if solving(self) is not None:
            self._direct = handle
        return handle

    def _access(self) -> Access | None:
        """Return what lets clients through, None if answers may depend on who asks or the route changes something."""
        asked = [one for one in self.dependant.dependencies if isinstance(one.call, Access)]
        unnamed = len(asked) == 1 and (asked[0].name or "").startswith("_") and self.methods == {"GET"}
        call = asked[0].call if unnamed else None
        return call if isinstance(call, Access) else None


def _key(request: Request) -> Key:
    return request.scope["path"], request.scope["query_string"], wanted(request.headers.get("accept", ""))
