# SPDX-License-Identifier: MIT
"""Answers that are given again: until something is committed, to those who may have them."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import Depends, Request
from sqlalchemy import Update, update
from starlette.responses import Response
from tests.decnet_web.api.served import ON_SQLITE, Served, serving

from decnet.fleet.deployment import transaction
from decnet_core.events.catalogue import LoginAttempt
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_models.accounts.tables import account, api_token
from decnet_models.events.queries import insert_events
from decnet_web.api.application import make_application
from decnet_web.api.fleet import Fleet
from decnet_web.api.listings.recent import LARGEST, MOST_ANSWERS, MOST_BYTES, SECONDS, RecentAnswers
from decnet_web.api.routes.findings import events

EVENTS = "/api/v1/events"
INCIDENTS = "/api/v1/incidents"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as served:
        yield served


def add_event(served: Served) -> None:
    with transaction(served.deployment, write=True) as connection:
        payload = LoginAttempt("ssh", "root", success=False, password="x")
        insert_events(connection, [Event(id=uuid7(time.time_ns()), ts=time.time_ns(), sensor="s", payload=payload)])


@ON_SQLITE
@pytest.mark.parametrize("path", [EVENTS, INCIDENTS])
async def test_answer_is_given_again_without_the_database(
    served: Served, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async with served.client("viewer") as client:
        await client.get(path)  # which writes down that the token was used
        monkeypatch.setattr(served.application.state.recent, "_clock", lambda: 0.0)
        first = await client.get(path)
        with monkeypatch.context() as patched:
            patched.setattr(served.application.state.fleet, "read", None)
            again = await client.get(path)
        same = await client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["ETag"] == first.headers["ETag"]
    assert (same.status_code, same.content) == (304, b"")


@ON_SQLITE
async def test_a_parameter_that_there_is_not_is_refused(served: Served) -> None:
    """Else a mistyped filter would be answered with everything."""
    async with served.client("viewer") as client:
        assert (await client.get(EVENTS, params={"limit": 1, "since": "1h", "known": "true"})).status_code == 200
        wrong = await client.get(EVENTS, params={"limit": 1, "sinse": "1h"})
        assert (wrong.status_code, wrong.json()["errors"]) == (
            422,
            [{"where": "query/sinse", "what": "there is no such parameter; did you mean 'since'?"}],
        )
        far = await client.get(INCIDENTS, params={"<script>": "x" * 3000})
        assert far.status_code == 422
        assert "known are: " in far.json()["detail"]
    async with served.client(None) as client:
        assert (await client.get(EVENTS, params={"sinse": "1h"})).status_code == 401


@ON_SQLITE
async def test_what_a_router_adds_is_asked_at_each_request(served: Served) -> None:
    asked: list[str] = []

    async def note(request: Request) -> None:
        asked.append(request.url.path)

    served.application.include_router(events.router, prefix="/noted", dependencies=[Depends(note)])
    async with served.client("viewer") as client:
        answers = [await client.get("/noted/events") for _ in range(3)]
    assert [one.status_code for one in answers] == [200] * 3
    assert asked == ["/noted/events"] * 3


class HeldReads:
    """In place of a fleet's `read`: holds reads back until all of `clients` have asked, and counts them."""

    def __init__(self, served: Served, monkeypatch: pytest.MonkeyPatch, clients: int, *, fail: int = 0) -> None:
        fleet, recent = served.application.state.fleet, served.application.state.recent
        self.count = 0
        self._fail = fail
        self._read = fleet.read
        self.asked: list[object] = []
        self._clients = clients
        self.all_asked = asyncio.Event()
        self._making: Callable[..., Any] = recent.making
        monkeypatch.setattr(recent, "making", self.making)
        monkeypatch.setattr(recent, "_clock", lambda: 0.0)
        monkeypatch.setattr(fleet, "read", self.read)

    def making(self, *arguments: Any) -> Any:
        self.asked.append(arguments)
        if len(self.asked) == self._clients:
            self.all_asked.set()
        return self._making(*arguments)

    async def read(self, *arguments: Any) -> Any:
        self.count += 1
        failing = self.count <= self._fail
        await self.all_asked.wait()
        if failing:
            raise RuntimeError("a defect")
        return await self._read(*arguments)


async def authenticated(client: Any) -> None:
    for _ in range(2):  # the first writes down that the token was used, and the second remembers whose it is
        await client.get(f"{EVENTS}?limit=1")


@ON_SQLITE
async def test_same_requests_at_once_are_answered_by_one_read(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    add_event(served)
    async with served.client("viewer") as client:
        await authenticated(client)
        held = HeldReads(served, monkeypatch, clients=4)
        answers = await asyncio.gather(*(client.get(EVENTS) for _ in range(4)))
    assert held.count == 1
    assert [len(one.json()["items"]) for one in answers] == [1] * 4


@ON_SQLITE
async def test_who_waited_for_a_failed_answer_makes_it_himself(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    async with served.client("viewer") as client:
        await authenticated(client)
        held = HeldReads(served, monkeypatch, clients=2, fail=1)
        monkeypatch.setattr(served.application.state.rates, "take", taken.append)
        answers = await asyncio.gather(*(client.get(EVENTS) for _ in range(2)))
    assert sorted(one.status_code for one in answers) == [200, 500]
    assert held.count == 2
    assert sum(key.startswith("account") for key in taken) == 2


async def test_nobody_waits_until_another_use_is_written_down(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet, asked, written = served.application.state.fleet, asyncio.Event(), asyncio.Event()
    write = fleet.write

    async def held(function: Callable[..., Any]) -> Any:
        asked.set()
        await written.wait()
        return await write(function)

    async with served.client("viewer") as client, served.client("analyst") as unused:
        await authenticated(client)
        monkeypatch.setattr(fleet, "write", held)
        first = asyncio.create_task(unused.get(EVENTS))  # whose token was not used for a minute
        await asked.wait()
        try:
            answer = await asyncio.wait_for(client.get(EVENTS), 20)
        finally:
            written.set()
        assert [answer.status_code, (await first).status_code] == [200, 200]


@ON_SQLITE
async def test_who_waited_for_one_who_left_makes_it_himself(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async with served.client("viewer") as client:
        await authenticated(client)
        held = HeldReads(served, monkeypatch, clients=3)
        leaving, waiting = (asyncio.create_task(client.get(EVENTS)) for _ in range(2))
        while len(held.asked) < 2:
            await asyncio.sleep(0)
        assert held.count == 1
        leaving.cancel()
        held.all_asked.set()
        assert (await asyncio.wait_for(waiting, 20)).status_code == 200
        assert leaving.cancelled()
    assert held.count == 2


@ON_SQLITE
async def test_who_may_not_have_an_answer_does_not_wait_for_it(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async with served.client("viewer") as client, served.client() as nobody:
        await authenticated(client)
        held = HeldReads(served, monkeypatch, clients=2)
        making = asyncio.create_task(client.get(EVENTS))
        while not held.count:
            await asyncio.sleep(0)
        assert (await asyncio.wait_for(nobody.get(EVENTS), 20)).status_code == 401
        held.all_asked.set()
        assert (await making).status_code == 200


@pytest.mark.parametrize("seed", range(4))
async def test_answers_are_those_of_an_api_that_keeps_nothing(
    served: Served, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance, fleet = random.Random(seed), Fleet(served.deployment)
    other = Served(make_application(fleet), served.deployment, served.tokens)
    for name in ("find", "making"):
        monkeypatch.setattr(other.application.state.recent, name, lambda *_: None)
    monkeypatch.setattr(other.application.state.kept, "keep", lambda *_: None)
    paths = [EVENTS, f"{EVENTS}?limit=2", f"{EVENTS}?since=1h", "/api/v1/attackers", "/api/v1/search?q=root", INCIDENTS]
    try:
        async with served.client("viewer") as client, other.client("viewer") as plain:
            for _ in range(25):
                if chance.random() < 0.3:
                    add_event(served)
                path = chance.choice(paths)
                one, two = await client.get(path), await plain.get(path)
                assert (one.status_code, one.content, one.headers["ETag"]) == (200, two.content, two.headers["ETag"])
    finally:
        fleet.close()


async def test_what_was_committed_is_in_the_next_answer(served: Served) -> None:
    async with served.client("viewer") as client:
        for number in range(3):
            assert len((await client.get(EVENTS)).json()["items"]) == number
            add_event(served)


async def test_kept_answer_is_refused_to_who_may_not_have_it(served: Served) -> None:
    async with served.client("viewer") as client, served.client() as nobody:
        await authenticated(client)  # the first use of a token is committed, and no answer from before that is kept
        assert (await client.get(EVENTS)).status_code == 200
        assert (await nobody.get(EVENTS)).status_code == 401
        with transaction(served.deployment, write=True) as connection:
            connection.execute(update(api_token).values(expires_at=1))
        assert (await client.get(EVENTS)).status_code == 401


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (update(api_token).values(revoked_at=1), 401),
        (update(api_token).values(scopes='["audit:read"]'), 403),
        (update(account).values(disabled_at=1), 401),
    ],
    ids=["revoked", "scopes", "disabled"],
)
async def test_kept_answer_is_refused_to_who_may_no_longer_have_it(served: Served, change: Update, status: int) -> None:
    async with served.client("viewer") as client:
        assert [(await client.get(EVENTS)).status_code for _ in range(2)] == [200, 200]
        with transaction(served.deployment, write=True) as connection:
            connection.execute(change)
        assert (await client.get(EVENTS)).status_code == status


async def test_other_forms_and_pages_are_answers_of_their_own(served: Served) -> None:
    for _ in range(3):
        add_event(served)
    async with served.client("viewer") as client:
        whole = await client.get(EVENTS)
        one = await client.get(EVENTS, params={"limit": 1})
        table = await client.get(EVENTS, headers={"Accept": "text/csv"})
    assert [len(page.json()["items"]) for page in (whole, one)] == [3, 1]
    assert table.headers["Content-Type"].startswith("text/csv")


def test_answers_are_forgotten_after_a_second_and_a_commit() -> None:
    now = [10.0]
    recent, key = RecentAnswers(lambda: now[0]), (EVENTS, b"", "")
    assert recent.find(1, key) is None
    recent.keep(1, key, Response(b"one"))
    assert recent.find(1, key) is not None
    assert recent.find(1, (EVENTS, b"limit=1", "")) is None
    now[0] += SECONDS
    assert recent.find(1, key) is None
    recent.keep(1, key, Response(b"two"))
    assert recent.find(2, key) is None
    assert recent.find(1, key) is None


def test_an_answer_that_was_begun_before_a_commit_is_not_kept() -> None:
    recent, key = RecentAnswers(), (EVENTS, b"", "")
    recent.find(1, key)
    recent.find(2, key)
    recent.keep(1, key, Response(b"old"))
    assert recent.find(2, key) is None


def test_answers_have_a_bounded_size() -> None:
    recent, kept = RecentAnswers(lambda: 0.0), MOST_BYTES // LARGEST
    recent.find(1, ("", b"", ""))
    for number in range(kept + 1):
        recent.keep(1, (str(number), b"", ""), Response(bytes(LARGEST)))
    recent.keep(1, ("large", b"", ""), Response(bytes(LARGEST + 1)))
    recent.keep(1, ("refused", b"", ""), Response(b"no", 404))
    known = [name for name in (*map(str, range(kept + 1)), "large", "refused") if recent.find(1, (name, b"", ""))]
    assert known == [str(kept)]


def test_small_answers_are_bounded_in_number() -> None:
    recent, keys = RecentAnswers(lambda: 0.0), [(str(number), b"", "") for number in range(MOST_ANSWERS + 1)]
    recent.find(1, keys[0])
    for key in keys[:-1]:
        recent.keep(1, key, Response(b"x"))
    recent.keep(1, keys[0], Response(b"again"))  # which is not one more
    assert all(recent.find(1, key) for key in keys[:-1])
    recent.keep(1, keys[-1], Response(b"x"))
    assert [key for key in keys if recent.find(1, key)] == keys[-1:]
