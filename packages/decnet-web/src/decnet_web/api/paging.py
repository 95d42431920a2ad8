# SPDX-License-Identifier: MIT
"""Pages of listings: `limit`, `after`, and the same rows as CSV or NDJSON.

A listing is a function of the database, a position and a limit, which returns rows in the order of the listing, those
after the position (None: from the beginning): whatever has the attributes that the model of the route names
(`listings.shapes`). `Paging.answer` asks it for one row more than the page has, to know
whether there is a next one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import cache, cached_property, partial
from operator import itemgetter
from typing import Any, Generic, TypeVar, cast
from urllib.parse import quote

import msgspec
from fastapi import Request
from pydantic import BaseModel
from sqlalchemy import Connection
from starlette.responses import Response

from decnet_web.api.fleet import Fleet
from decnet_web.api.listings.cursors import Cursors, Position
from decnet_web.api.listings.exports import PART, Export, encoded, prepended, wanted
from decnet_web.api.listings.kept import KeptRows
from decnet_web.api.listings.shapes import Shape, shape_of

T = TypeVar("T")
H = TypeVar("H", bound=Hashable)

LARGEST = 1000
LARGEST_PROMPT = 100
"""Rows of a page that the event loop may read itself, because their JSON does not take long (`prompt_reads`)."""

Found = tuple[Sequence[T], Position | None]
"""Rows, and the position after which the next page begins; None: there is none."""


@cache
def places_of(row: type[msgspec.Struct], *names: str) -> Callable[[Sequence[Any]], Position]:
    """Return what returns these values, two or more, of a sequence of the fields of a struct."""
    return itemgetter(*map(row.__struct_fields__.index, names))


class Page(BaseModel, Generic[T]):
    """One page of a listing."""

    items: list[T]
    next: str | None = None
    """What to send as `after` for the next page; null: this is the last one."""


class Paging:
    """The page that a request asks for."""

    def __init__(self, request: Request, limit: int, after: str | None) -> None:
        self.limit = limit
        self._path = quote(request.scope["path"])
        self._cursors: Cursors = request.app.state.cursors
        self._kept: KeptRows = request.app.state.kept
        self._kind = wanted(request.headers.get("accept", ""))
        self._page: type[BaseModel] = request.scope["route"].response_model
        self._read_kind = (self._path, frozenset(request.query_params)) if limit <= LARGEST_PROMPT else None
        self.position = self._cursors.read(after, self._path) if after is not None else None
        """Where the page begins: what `position` returned for the row before; None: at the beginning."""

    async def answer(
        self,
        fleet: Fleet,
        fetch: Callable[[Connection, Any, int], Sequence[T]],
        position: Callable[[T], Position],
        shown: Callable[[Connection, Sequence[T]], Sequence[Any]] = lambda _, rows: rows,
    ) -> Response:
        """Return the page of `fetch(connection, position, limit)`, or all pages when CSV or NDJSON was asked for.

        `position(row)` returns what must be known of a row to go on after it: a tuple of strings, numbers and None.
        `shown(connection, rows)` returns the rows as they are shown, if that differs.
        """

        def walk(connection: Connection, after: Any, limit: int) -> Found[Any]:
            rows = fetch(connection, after, limit + 1)
            page = rows[:limit]
            return shown(connection, page), position(page[-1]) if len(rows) > limit else None

        return await self.walk(fleet, walk)

    async def walk(self, fleet: Fleet, fetch: Callable[[Connection, Any, int], Found[T]]) -> Response:
        """Return the page of `fetch(connection, position, limit) -> (rows, next position or None)`, or all pages.

        For walks whose work is bounded: a page may end early, with fewer rows than `limit` and yet a next one.
        """
        if self._kind:
            return await self._export(fleet, fetch)
        shape = self._shape

        def read(connection: Connection) -> tuple[bytes, Position | None]:
            rows, following = fetch(connection, self.position, self.limit)
            return shape.encode(rows), following

        items, following = await fleet.read(read, self._read_kind)
        cursor = b"null" if following is None else f'"{self._cursors.write(following, self._path)}"'.encode()
        body = b"".join((b'{"items":', items, b',"next":', cursor, b"}"))
        return Response(body, media_type="application/json")

    def row(self, key: Hashable, values: Callable[[], Any]) -> Any:
        """Return the row of `values()` for this page; `key` says all that it depends on, so that its JSON is kept."""
        if self._kind:
            return values()
        shape = self._shape
        return self._kept.row((shape, key), lambda: shape.encode_one(values()))

    def rows(self, keys: Sequence[H], values: Callable[[H], Any]) -> list[Any]:
        """Return `row` of each key, whose values are `values(key)`."""
        if self._kind:
            return [values(key) for key in keys]
        known = zip(keys, self.known(keys), strict=True)
        return [self.row(key, partial(values, key)) if one is None else one for key, one in known]

    @property
    def keeps(self) -> bool:
        """Whether the JSON of rows is kept."""
        return not self._kind

    def known(self, keys: Sequence[Hashable]) -> list[Any]:
        """Return what `row` returned for each key, None where that is not kept."""
        shape = self._shape
        return self._kept.found([(shape, key) for key in keys])

    async def _export(self, fleet: Fleet, fetch: Callable[[Connection, Any, int], Found[T]]) -> Response:
        def rows(connection: Connection) -> Iterator[T]:
            following: Any = self.position
            while True:
                part, following = fetch(connection, following, PART)
                yield from part
                if following is None:
                    return

        chunks = fleet.stream(lambda connection: encoded(self._kind, self._shape, rows(connection)))
        first = await anext(chunks)  # an error is still answered with a problem
        return Export(prepended(first, chunks), self._kind, self._path.rpartition("/")[2])

    @cached_property
    def _shape(self) -> Shape:
        """That of the class of the rows, as the route declares it: `response_model=Page[Row]`."""
        return shape_of(cast("type[BaseModel]", self._page.__pydantic_generic_metadata__["args"][0]))
