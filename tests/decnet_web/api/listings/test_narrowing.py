# SPDX-License-Identifier: MIT
"""Handlers of the parameters that a request has: they answer as FastAPI's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Header, HTTPException, Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field, computed_field
from starlette.responses import JSONResponse, Response

from decnet_web.api.listings.narrowing import narrowing
from decnet_web.api.listings.recent import RecentRoute
from decnet_web.api.listings.solving import solving
from decnet_web.api.moments import Moment
from decnet_web.api.routes.findings import attackers, events, sessions


class Narrowed(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return narrowing(self)


async def span(since: Annotated[str | None, Query(max_length=4)] = None, until: str | None = None) -> str:
    return f"{since} to {until}"


async def yielding() -> AsyncIterator[str]:
    yield "open"


async def counted(request: Request) -> dict[str, int]:
    request.state.asked = getattr(request.state, "asked", 0) + 1
    return {"asked": request.state.asked}


async def spanned(
    request: Request,
    span: Annotated[str, Depends(span)],
    counted: Annotated[dict[str, int], Depends(counted)],
    least: Annotated[int, Query(le=8)] = 3,
) -> str:
    return f"{span}, {least} of {request.url.path} {counted}"


def serving(route_class: type[APIRoute]) -> FastAPI:
    router = APIRouter(route_class=route_class)

    @router.get("/listing/{of}")
    async def listing(
        *,
        of: int,
        needed: int,
        span: Annotated[str, Depends(span)],
        limit: Annotated[int, Query(ge=1, le=9)] = 5,
        kind: Annotated[list[str] | None, Query()] = None,
        several: Annotated[list[str], Query()] = [],  # noqa: B006  # what FastAPI copies
        named: Annotated[str, Query(alias="as")] = "none",
        whole: Annotated[bool, Query()] = False,
    ) -> dict[str, object]:
        several.append("added")
        return {**locals()}

    @router.get("/made/{of}")
    async def made(
        *,
        of: int,
        needed: int,
        span: Annotated[str, Depends(span)],
        asked: Annotated[dict[str, int], Depends(counted)],
        again: Annotated[str, Depends(spanned)],
        limit: Annotated[int, Query(ge=1, le=9)] = 5,
        kind: Annotated[list[str] | None, Query()] = None,
        several: Annotated[list[str], Query()] = [],  # noqa: B006  # what FastAPI copies
        named: Annotated[str, Query(alias="as")] = "none",
        whole: Annotated[bool, Query()] = False,
    ) -> JSONResponse:
        several.append("added")
        return JSONResponse({**locals()}, 201)

    @router.get("/model/{of}")
    async def model(of: int, needed: int, span: Annotated[str, Depends(span)]) -> Shown:
        return Longer(
            of=of, at=1_700_000_000_000_000_001, more=[Inner(needed=needed)], text=span, secret="not declared"
        )

    application = FastAPI()
    application.include_router(router, prefix="/below")
    return application


class Inner(BaseModel):
    needed: int


class Shown(BaseModel):
    of: int
    at: Moment
    more: list[Inner]
    text: str = Field(serialization_alias="as")

    @computed_field  # type: ignore[prop-decorator]  # as pydantic documents
    @property
    def twice(self) -> int:
        return 2 * self.of


class Longer(Shown):
    secret: str


async def answers(route_class: type[APIRoute], of: str) -> list[tuple[int, bytes]]:
    transport = httpx.ASGITransport(serving(route_class))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        given = [await client.get(f"/below/{of}/{asked}") for asked in ASKED]
    return [(one.status_code, one.content) for one in given]


ASKED = (
    *("1", "1?needed=2", "1?needed=2", "x?needed=y", "1?needed=2&limit=0", "1?needed=2&limit=", "1?needed=2&limit=9"),
    *("1?needed=2&kind=a&kind=b", "1?needed=2&kind=", "1?needed=2&several=a&several=b", "1?needed=2&as=me&whole=true"),
    *("1?needed=2&since=12345&limit=10&whole=perhaps", "1?needed=2&since=1&until=2", "1?needed=2&named=me&unknown=3"),
    *("1?needed=2&limit=1&limit=2", "1?needed=2&as=", "1?needed=2&since=", "1?needed=2"),
    *("1?needed=2&least=9", "1?needed=2&least=9&since=12345", "x?least=8&since=1234", "1?needed=2&least=8"),
)


@pytest.mark.parametrize(("of", "good"), [("listing", 200), ("made", 201), ("model", 200)])
async def test_narrowed_handlers_answer_as_the_whole_one(of: str, good: int) -> None:
    narrowed, whole = await answers(Narrowed, of), await answers(APIRoute, of)
    assert narrowed == whole
    assert {status for status, _ in whole} == {good, 422}


def test_what_fastapi_has_to_do_more_for_is_left_to_it() -> None:
    async def plain(request: Request, span: Annotated[str, Depends(span)]) -> Response:
        raise NotImplementedError

    async def valued(span: Annotated[str, Depends(span)]) -> str:
        raise NotImplementedError

    async def headed(word: Annotated[str, Header()]) -> Response:
        raise NotImplementedError

    async def answering(response: Response) -> Response:
        raise NotImplementedError

    async def afterwards(tasks: BackgroundTasks) -> Response:
        raise NotImplementedError

    def threaded(word: str = "") -> Response:
        raise NotImplementedError

    async def closing(opened: Annotated[str, Depends(yielding)]) -> Response:
        raise NotImplementedError

    async def afresh(span: Annotated[str, Depends(span, use_cache=False)]) -> Response:
        raise NotImplementedError

    left = (valued, headed, answering, afterwards, threaded, closing, afresh)
    found = {one.__name__ for one in (plain, *left) if solving(APIRoute("/", one)) is None}
    assert found == {one.__name__ for one in left}


def test_models_are_left_to_fastapi_when_they_are_not_shown_as_they_are() -> None:
    async def shown(word: str = "") -> Shown:
        raise NotImplementedError

    assert solving(APIRoute("/", shown)) is not None
    assert solving(APIRoute("/", shown, status_code=201)) is None
    assert solving(APIRoute("/", shown, response_model=Inner)) is None


async def test_dependencies_that_a_router_adds_are_asked() -> None:
    async def refuse(word: str = "none") -> None:
        raise HTTPException(403, word)

    inner, outer, application = APIRouter(route_class=Narrowed), APIRouter(), FastAPI()

    @inner.get("/open")
    async def opened() -> str:
        return "open"

    outer.include_router(inner, prefix="/inner", dependencies=[Depends(refuse)])
    application.include_router(outer, prefix="/outer")
    application.include_router(inner)
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        given = [await client.get(path) for path in ("/outer/inner/open", "/outer/inner/open?word=no", "/open")]
    assert [(one.status_code, one.json()) for one in given] == [
        (403, {"detail": "none"}),
        (403, {"detail": "no"}),
        (200, "open"),
    ]


@pytest.mark.parametrize("path", ["/events", "/attackers", "/sessions"])
def test_listing_without_parameters_has_none_to_look_at(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Dependant] = []

    def recorded(one: APIRoute) -> object:
        made.append(one.dependant)
        return solving(one)

    monkeypatch.setattr("decnet_web.api.listings.narrowing.solving", recorded)
    route = route_of(path)
    handle: Any = narrowing(route)
    handler = next(cell.cell_contents for cell in handle.__closure__ if hasattr(cell.cell_contents, "cache_info"))
    handler(frozenset())
    handler(frozenset({"limit"}))
    whole = (route.dependant, *made)
    counts = [sum(len(one.query_params) for one in (dependant, *dependant.dependencies)) for dependant in whole]
    assert counts[0] > 5
    assert counts[1:] == [0, 1]


def route_of(path: str) -> APIRoute:
    found = [one for module in (attackers, events, sessions) for one in module.router.routes]
    return next(one for one in found if isinstance(one, RecentRoute) and one.path == path)
