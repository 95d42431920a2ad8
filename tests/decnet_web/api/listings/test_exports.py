# SPDX-License-Identifier: MIT
"""Listings as CSV and NDJSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest
from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response
from tests.decnet_web.api.served import Served, serving

from decnet_web.api.dependencies import InFleet, InPaging, Viewer
from decnet_web.api.listings.exports import cell, wanted
from decnet_web.api.models import Answer
from decnet_web.api.paging import Page

router = APIRouter(prefix="/api/v1/test")
ROWS = 2345
PLANTED = [
    "=1+1",
    "+1",
    "-1",
    "@x",
    "\tx",
    "\rx",
    "\nx",
    " =1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20x",
    "\u3000@x",
    'a,"b"\n',
]


class Row(Answer):
    """A row, for the test."""

    number: int
    """Its number."""
    text: str
    """Its text."""
    parts: list[str]
    """More."""


def rows_after(_: Connection, position: tuple[int] | None, limit: int) -> list[Row]:
    first = position[0] + 1 if position else 0
    numbers = range(first, min(first + limit, ROWS))
    return [Row(number=n, text=PLANTED[n] if n < len(PLANTED) else f"row {n}", parts=["a"]) for n in numbers]


@router.get("/rows", response_model=Page[Row])
async def list_rows(fleet: InFleet, paging: InPaging, _viewer: Viewer) -> Response:
    """List rows."""
    return await paging.answer(fleet, rows_after, lambda row: (row.number,))


@router.get("/broken", response_model=Page[Row])
async def list_broken(fleet: InFleet, paging: InPaging, _viewer: Viewer) -> Response:
    """List nothing."""

    def fetch(connection: Connection, position: object, limit: int) -> list[Row]:
        raise ZeroDivisionError

    return await paging.answer(fleet, fetch, lambda row: (row.number,))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        served.application.include_router(router)
        yield served


async def test_all_rows_as_csv_of_which_none_is_a_formula(served: Served) -> None:
    async with served.client("viewer") as client:
        answer = await client.get("/api/v1/test/rows", params={"limit": 1}, headers={"Accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(rows) == ROWS
    assert [row["text"] for row in rows[:13]] == [f"'{text}" for text in PLANTED[:13]]
    assert rows[13]["text"] == PLANTED[13]
    assert rows[0]["parts"] == '["a"]'


async def test_all_rows_as_ndjson_from_a_cursor_on(served: Served) -> None:
    async with served.client("viewer") as client:
        first = (await client.get("/api/v1/test/rows", params={"limit": 100})).json()
        accepted = {"Accept": "application/x-ndjson"}
        answer = await client.get("/api/v1/test/rows", params={"after": first["next"]}, headers=accepted)
    assert [json.loads(line)["number"] for line in answer.text.splitlines()] == list(range(100, ROWS))


async def test_an_export_that_cannot_begin_is_a_problem(served: Served) -> None:
    async with served.client("viewer") as client:
        answer = await client.get("/api/v1/test/broken", headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")


async def test_only_so_many_exports_run_at_once(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("decnet_web.api.fleet.MOST_STREAMS", 0)
    async with served.client("viewer") as client:
        answer = await client.get("/api/v1/test/rows", headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", ""),
        ("*/*", ""),
        ("text/csv", "text/csv"),
        ("TEXT/CSV; header=present, */*", "text/csv"),
        ("application/json, text/csv", ""),
        ("application/x-ndjson;q=1", "application/x-ndjson"),
    ],
)
def test_what_accept_asks_for(accept: str, kind: str) -> None:
    assert wanted(accept) == kind


def test_a_number_is_no_formula() -> None:
    assert (cell(-1), cell("-1"), cell(None), cell({"a": 1})) == ("-1", "'-1", "", '{"a":1}')
