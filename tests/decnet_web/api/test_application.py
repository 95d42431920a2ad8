# SPDX-License-Identifier: MIT
"""What holds for all routes: roles, problem details, pages and cursors, on a listing that the test adds."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter
from sqlalchemy import Connection, select
from starlette.responses import Response
from tests.decnet_web.api.served import Served, serving

from decnet.cli.errors import NotFoundError
from decnet_models.accounts.queries import Role
from decnet_models.accounts.tables import account
from decnet_web.api.dependencies import Admin, InFleet, InPaging, InWindow, Viewer
from decnet_web.api.models import Answer
from decnet_web.api.moments import Moment
from decnet_web.api.paging import Page

router = APIRouter(prefix="/api/v1/test")


class Named(Answer):
    """An account, for the test."""

    name: str
    """Its name."""
    created_at: Moment
    """When it was made."""


@router.get("/names", response_model=Page[Named])
async def list_names(fleet: InFleet, paging: InPaging, _viewer: Viewer) -> Response:
    """List names."""

    def fetch(connection: Connection, position: tuple[str] | None, limit: int) -> list[Named]:
        query = select(account.c.name, account.c.created_at).order_by(account.c.name).limit(limit)
        if position is not None:
            query = query.where(account.c.name > position[0])
        return [Named.model_validate(row) for row in connection.execute(query)]

    return await paging.answer(fleet, fetch, lambda row: (row.name,))


@router.get("/window")
async def show_window(window: InWindow, _admin: Admin) -> list[int]:
    """Show what the window is."""
    return [window.since, window.until]


@router.get("/missing")
async def find_missing(_viewer: Viewer) -> None:
    """Find nothing."""
    raise NotFoundError("there is no such thing")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        served.application.include_router(router)
        yield served


async def test_pages_are_followed_by_their_cursors(served: Served) -> None:
    async with served.client("viewer") as client:
        first = (await client.get("/api/v1/test/names", params={"limit": 2})).json()
        assert [item["name"] for item in first["items"]] == ["admin", "analyst"]
        assert first["items"][0]["created_at"].endswith("Z")
        second = (await client.get("/api/v1/test/names", params={"limit": 2, "after": first["next"]})).json()
        assert [item["name"] for item in second["items"]] == ["viewer"]
        assert second["next"] is None


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "a" * 64, "%", "WyJhIl0"])
async def test_a_forged_cursor_is_refused(served: Served, cursor: str) -> None:
    async with served.client("viewer") as client:
        answer = await client.get("/api/v1/test/names", params={"after": cursor})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Bad cursor"


async def test_without_a_login_nothing_is_shown(served: Served) -> None:
    async with served.client() as client:
        answer = await client.get("/api/v1/test/names")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        wrong = await client.get("/api/v1/test/names", headers={"Authorization": "Bearer wrong"})
        assert wrong.status_code == 401


async def test_a_role_is_needed(served: Served) -> None:
    expected: dict[Role, int] = {"viewer": 403, "analyst": 403, "admin": 200}
    for role, status in expected.items():
        async with served.client(role) as client:
            assert (await client.get("/api/v1/test/window")).status_code == status


async def test_errors_of_decnet_are_problems(served: Served) -> None:
    async with served.client("admin") as client:
        missing = await client.get("/api/v1/test/missing")
        assert (missing.status_code, missing.json()["detail"]) == (404, "there is no such thing")
        wrong = await client.get("/api/v1/test/window", params={"since": "no time"})
        assert wrong.status_code == 422
        unknown = await client.get("/api/v1/test/unknown")
        assert unknown.headers["content-type"] == "application/problem+json"
        assert (await client.delete("/api/v1/test/names")).status_code == 405
        several = await client.delete("/api/v1/tokens")
        assert (several.status_code, several.headers["allow"]) == (405, "GET, POST")
        assert several.json()["detail"] == "DELETE is not possible here; GET, POST is"
        limit = await client.get("/api/v1/test/names", params={"limit": 0})
        assert limit.json()["errors"][0]["where"] == "query/limit"


def _unbounded(schema: Any, where: str) -> Iterator[str]:
    """Yield where `schema` takes a number that no column of 64 bits holds."""
    if isinstance(schema, list):
        for one in schema:
            yield from _unbounded(one, where)
    elif isinstance(schema, dict):
        if schema.get("type") in {"integer", "number"} and not {"enum", "const"} & schema.keys():
            least: Any = schema.get("minimum", schema.get("exclusiveMinimum", -math.inf))
            most: Any = schema.get("maximum", schema.get("exclusiveMaximum", math.inf))
            if not -(2**63) <= least <= most < 2**63:
                yield where
        for name, one in schema.items():
            yield from _unbounded(one, f"{where}/{name}")


def test_every_number_in_a_request_has_bounds_that_a_column_holds(served: Served) -> None:
    document = served.application.openapi()
    schemas = document["components"]["schemas"]
    asked: dict[str, Any] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            asked[f"{method} {path}"] = [operation.get("parameters", []), operation.get("requestBody", {})]
    waiting = [json.dumps(list(asked.values()))]
    while waiting:
        for name in set(re.findall(r"#/components/schemas/(\w+)", waiting.pop())) - asked.keys():
            asked[name] = schemas[name]
            waiting.append(json.dumps(schemas[name]))
    assert {"ReplayBeginAsked", "DeckyChangeAsked"} <= asked.keys()
    assert [place for where, schema in asked.items() for place in _unbounded(schema, where)] == []
