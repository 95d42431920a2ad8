# SPDX-License-Identifier: MIT
"""Pages of listings: `limit`, `after`, and the same rows as CSV or NDJSON.

A listing is a function of the database, a position and a limit, which returns rows in the order of the listing, those
after the position (None: from the beginning). `Paging.answer` asks it for one row more than the page has, to know
whether there is a next one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query, Request
from pydantic import BaseModel
from sqlalchemy import Connection
from starlette.responses import Response

from decnet_web.api.fleet import Fleet
from decnet_web.api.listings.cursors import Cursors, Position

T = TypeVar("T", bound=BaseModel)

LARGEST = 1000


class Page(BaseModel, Generic[T]):
    """One page of a listing."""

    items: list[T]
    next: str | None = None
    """What to send as `after` for the next page; null: this is the last one."""


class Paging:
    """The page that a request asks for."""

    def __init__(
        self,
        request: Request,
        limit: Annotated[int, Query(ge=1, le=LARGEST, description="The most rows of a page.")] = 100,
        after: Annotated[
            str | None, Query(max_length=2048, description="`next` of the previous page; absent: the first page.")
        ] = None,
    ) -> None:
        self.limit = limit
        self._path = request.url.path
        self._cursors: Cursors = request.app.state.cursors
        self._accept = request.headers.get("accept", "")
        self.position = self._cursors.read(after, self._path) if after is not None else None
        """Where the page begins: what `position` returned for the row before; None: at the beginning."""

    async def answer(
        self,
        fleet: Fleet,
        fetch: Callable[[Connection, Any, int], Sequence[T]],
        position: Callable[[T], Position],
    ) -> Response:
        """Return the page of `fetch(connection, position, limit)`, or all pages when CSV or NDJSON was asked for.

        `position(row)` returns what must be known of a row to go on after it: a tuple of strings, numbers and None.
        """
        rows = await fleet.read(lambda connection: fetch(connection, self.position, self.limit + 1))
        return self.page(rows, position)

    async def walk(
        self, fleet: Fleet, fetch: Callable[[Connection, Any, int], tuple[Sequence[T], Position | None]]
    ) -> Response:
        """Return the page of a walk that may end early: `fetch` returns rows, and where to go on (None: nowhere)."""
        rows, following = await fleet.read(lambda connection: fetch(connection, self.position, self.limit))
        return self._written(rows, following)

    def page(self, rows: Sequence[T], position: Callable[[T], Position]) -> Response:
        """Return the page of rows that have been read, of which one more than `limit` says that there is a next."""
        shown = rows[: self.limit]
        return self._written(shown, position(shown[-1]) if len(rows) > self.limit else None)

    def _written(self, shown: Sequence[T], position: Position | None) -> Response:
        following = None if position is None else self._cursors.write(position, self._path)
        items = b",".join(row.__pydantic_serializer__.to_json(row) for row in shown)
        cursor = f'"{following}"'.encode() if following else b"null"
        return Response(b'{"items":[' + items + b'],"next":' + cursor + b"}", media_type="application/json")
