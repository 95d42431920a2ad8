# SPDX-License-Identifier: MIT
"""A write that is sent again with the same Idempotency-Key is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from fastapi import APIRouter
from sqlalchemy import select
from tests.decnet_web.api.served import Served, serving

from decnet.cli.errors import OperatorError
from decnet.fleet.deployment import transaction
from decnet_models.accounts.tables import kept_answer
from decnet_web.api.dependencies import Admin, Viewer
from decnet_web.api.models import Asked
from decnet_web.api.passage import idempotency

router = APIRouter(prefix="/api/v1/test")
done: list[str] = []


class Order(Asked):
    """An order, for the test."""

    text: str
    """What to do."""
    fails: int = 0
    """How."""
    seconds: float = 0
    """For how long."""


@router.post("/orders", status_code=201)
async def make_order(order: Order, _admin: Admin) -> dict[str, str]:
    """Do something."""
    await asyncio.sleep(order.seconds)
    if order.fails == 409:
        raise OperatorError("not now")
    done.append(order.text)
    if order.fails == 500:
        raise ZeroDivisionError
    return {"secret": f"secret of {order.text}", "number": str(len(done)), "more": "x" * order.fails}


@router.post("/looks")
async def look(_viewer: Viewer) -> int:
    """Do nothing."""
    return 1


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        served.application.include_router(router)
        yield served


@pytest.fixture(autouse=True)
def _nothing_done() -> None:
    done.clear()


async def test_the_second_request_gets_the_answer_of_the_first(served: Served) -> None:
    async with served.client("admin", **{"Idempotency-Key": "first"}) as client:
        first = await client.post("/api/v1/test/orders", json={"text": "a"})
        second = await client.post("/api/v1/test/orders", json={"text": "a"})
        other = await client.post("/api/v1/test/orders", json={"text": "b"})
    assert (first.status_code, second.status_code, second.content) == (201, 201, first.content)
    assert (second.headers["idempotency-replayed"], second.headers["content-type"]) == ("true", "application/json")
    assert (other.status_code, other.json()["title"]) == (422, "Key in use")
    assert done == ["a"]


async def test_a_key_belongs_to_its_account_and_path(served: Served) -> None:
    headers = {"Idempotency-Key": "shared"}
    async with served.client("admin", **headers) as admin, served.client("viewer", **headers) as viewer:
        assert (await admin.post("/api/v1/test/orders", json={"text": "a"})).status_code == 201
        assert (await admin.post("/api/v1/test/looks")).json() == 1
        refused = await viewer.post("/api/v1/test/orders", json={"text": "a"})
    assert refused.status_code == 403


async def test_of_two_at_once_one_is_done(served: Served) -> None:
    async with served.client("admin", **{"Idempotency-Key": "twice"}) as client:
        order = {"text": "a", "seconds": 0.2}
        answers = await asyncio.gather(*(client.post("/api/v1/test/orders", json=order) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert done == ["a"]


async def test_what_was_refused_may_be_tried_again(served: Served) -> None:
    async with served.client("admin", **{"Idempotency-Key": "refused"}) as client:
        assert (await client.post("/api/v1/test/orders", json={"text": "a", "fails": 409})).status_code == 409
        assert (await client.post("/api/v1/test/orders", json={"text": 1})).status_code == 422
        assert (await client.post("/api/v1/test/orders", json={"text": "a"})).status_code == 201
    assert done == ["a"]


async def test_what_failed_in_the_middle_is_not_done_again(served: Served) -> None:
    async with served.client("admin", **{"Idempotency-Key": "defect"}) as client:
        order = {"text": "a", "fails": 500}
        assert (await client.post("/api/v1/test/orders", json=order)).status_code == 500
        assert (await client.post("/api/v1/test/orders", json=order)).status_code == 409
    assert done == ["a"]


async def test_a_large_answer_is_not_kept_and_not_done_again(served: Served) -> None:
    async with served.client("admin", **{"Idempotency-Key": "large"}) as client:
        order = {"text": "a", "fails": idempotency.LARGEST}
        assert (await client.post("/api/v1/test/orders", json=order)).status_code == 201
        again = await client.post("/api/v1/test/orders", json=order)
    assert (again.status_code, done) == (409, ["a"])


@pytest.mark.parametrize("key", ["", " ", "a b", "\u00e4", "x" * 256])
async def test_a_bad_key_is_refused(served: Served, key: str) -> None:
    async with served.client("admin") as client:
        headers = {b"Idempotency-Key": key.encode("latin-1")}
        answer = await client.post("/api/v1/test/orders", json={"text": "a"}, headers=headers)
    assert (answer.status_code, done) == (400, [])


async def test_the_database_holds_no_answer_in_the_clear_and_a_bounded_number(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "MOST_OF_ACCOUNT", 3)
    async with served.client("admin") as client:
        for number in range(5):
            headers = {"Idempotency-Key": f"bounded {number}".replace(" ", "-")}
            await client.post("/api/v1/test/orders", json={"text": "a"}, headers=headers)
    with transaction(served.deployment) as connection:
        kept = connection.execute(select(kept_answer)).all()
    assert len(kept) <= 3
    assert all(row.status == 201 and b"secret" not in row.answer for row in kept)
