# SPDX-License-Identifier: MIT
"""JSON of rows that is made once: what it is known by, and how much of it is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import insert, update
from tests.decnet_web.api.served import Served, serving

from decnet.fleet.deployment import transaction
from decnet_core.events.catalogue import LoginAttempt
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_models.attackers.profile import Attacker
from decnet_models.attackers.tables import attacker
from decnet_models.database.engine import open_engine, writing
from decnet_models.events.queries import insert_events
from decnet_models.events.tables import event
from decnet_models.intel.tables import intel
from decnet_web.api.listings.kept import LARGEST, MOST_BYTES, OVERHEAD, KeptRows

EVENTS = "/api/v1/events"
ATTACKERS = "/api/v1/attackers"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as served:
        yield served


def refused() -> bytes:
    raise AssertionError("it was made again")


def made(body: bytes) -> Callable[[], bytes]:
    return lambda: body


def size_of(kept: KeptRows) -> int:
    return sum(len(memoryview(row)) + OVERHEAD for part in (kept._young, kept._old) for row in part.values())


def test_row_is_made_once_until_all_are_forgotten() -> None:
    kept = KeptRows()
    assert kept.row((1, "a"), made(b"{}")) == msgspec.Raw(b"{}")
    assert kept.row((1, "a"), refused) == msgspec.Raw(b"{}")
    kept.clear()
    with pytest.raises(AssertionError):
        kept.row((1, "a"), refused)


def test_rows_are_found_together_old_ones_too() -> None:
    kept = KeptRows()
    kept.row("old", made(b"1"))
    for number in range(MOST_BYTES // 2 // OVERHEAD):
        kept.row(number, made(b"2"))
    assert kept.found(["old", "unknown", number]) == [msgspec.Raw(b"1"), None, msgspec.Raw(b"2")]
    assert kept.found(["old"]) == [msgspec.Raw(b"1")]


def test_rows_are_bounded_and_those_asked_for_stay() -> None:
    kept = KeptRows()
    kept.row("asked for", made(b"1"))
    for number in range(3 * MOST_BYTES // OVERHEAD):
        kept.row(number, made(b"2"))
        assert kept.row("asked for", refused) == msgspec.Raw(b"1")
    assert MOST_BYTES // 2 < size_of(kept) <= MOST_BYTES
    with pytest.raises(AssertionError):
        kept.row(0, refused)


def test_large_row_is_not_kept() -> None:
    kept = KeptRows()
    kept.row("large", made(b"3" * (LARGEST + 1)))
    assert size_of(kept) == 0


async def test_event_that_was_shown_is_not_decoded_again(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction(served.deployment, write=True) as connection:
        for name in ("root", "admin"):
            payload = LoginAttempt("ssh", name, success=False, password="x")
            insert_events(connection, [Event(id=uuid7(time.time_ns()), ts=time.time_ns(), sensor="s", payload=payload)])
    async with served.client("viewer") as client:
        first = (await client.get(EVENTS)).json()
        with monkeypatch.context() as patched:
            patched.setattr("decnet_web.api.routes.findings.events.stored", None)
            again = (await client.get(EVENTS, params={"limit": 1})).json()
        rows = [msgspec.json.decode(line) for line in await lines(served, EVENTS)]
    assert [one["payload"]["username"] for one in first["items"]] == ["admin", "root"]
    assert again["items"] == first["items"][:1]
    assert rows == first["items"]


async def test_event_that_cannot_be_read_is_left_out_of_pages_and_exports(served: Served) -> None:
    with transaction(served.deployment, write=True) as connection:
        for name in ("root", "admin"):
            payload = LoginAttempt("ssh", name, success=False, password="x")
            insert_events(connection, [Event(id=uuid7(time.time_ns()), ts=time.time_ns(), sensor="s", payload=payload)])
        connection.execute(update(event).where(event.c.seq == 1).values(payload='{"kind":"of.tomorrow"}'))
    async with served.client("viewer") as client:
        shown = (await client.get(EVENTS)).json()["items"]
    assert [one["seq"] for one in shown] == [2]
    assert [msgspec.json.decode(line)["seq"] for line in await lines(served, EVENTS)] == [2]


async def test_attacker_that_has_changed_is_shown_so(served: Served) -> None:
    zeros = dict.fromkeys(Attacker.__struct_fields__, 0)
    with transaction(served.deployment, write=True) as connection:
        connection.execute(insert(attacker), [{**zeros, "ip": "203.0.113.9", "verdict": "unknown", "score": 7}])
    async with served.client("viewer") as client:
        first = (await client.get(ATTACKERS)).json()["items"]
        assert await exported(served) == first
        with transaction(served.deployment, write=True) as connection:
            connection.execute(update(attacker).values(score=8))
        second = (await client.get(ATTACKERS)).json()["items"]
    assert [first[0]["score"], second[0]["score"]] == [7, 8]
    assert {**first[0], "score": 8} == second[0]


async def exported(served: Served) -> list[object]:
    return [msgspec.json.decode(line) for line in await lines(served, ATTACKERS)]


async def lines(served: Served, path: str) -> list[bytes]:
    async with served.client("viewer") as client:
        answer = await client.get(path, headers={"Accept": "application/x-ndjson"})
    return answer.content.splitlines()


@pytest.mark.parametrize("sort", ["score", "last_seen", "first_seen", "events"])
@pytest.mark.parametrize("direction", ["desc", "asc"])
async def test_first_page_of_attackers_says_what_the_others_and_exports_say(
    served: Served, sort: str, direction: str
) -> None:
    """The first page is read by a statement of its own, together with where addresses come from."""
    zeros = dict.fromkeys(Attacker.__struct_fields__, 0)
    rows = [{**zeros, "ip": f"203.0.113.{n}", "verdict": "unknown", sort: n % 3, "logins": n} for n in range(7)]
    details = {"203.0.113.1": '{"country":"DE","asn":64496,"organisation":"<b>\u00fc"}', "203.0.113.2": '{"asn":"?"}'}
    found = {"verdict": "unknown", "reasons": "[]", "fetched_at": 0, "expires_at": 0}
    known = [
        {**found, "indicator": ip, "provider": provider, "detail": detail}
        for ip, detail in details.items()
        for provider in ("mmdb", "other")
    ]
    with transaction(served.deployment, write=True) as connection:
        connection.execute(insert(attacker), rows)
    engine = open_engine(served.deployment.database_url)
    with writing(engine) as connection:
        connection.execute(insert(intel), known)
    engine.dispose()
    asked = {"sort": sort, "direction": direction}
    async with served.client("viewer") as client:
        first = (await client.get(ATTACKERS, params=asked)).json()
        exported = await client.get(ATTACKERS, params=asked, headers={"Accept": "application/x-ndjson"})
        pages, after = list[object](), dict[str, str]()
        while True:
            page = (await client.get(ATTACKERS, params={**asked, "limit": "2", **after})).json()
            pages += page["items"]
            if page["next"] is None:
                break
            after = {"after": page["next"]}
    assert [msgspec.json.decode(line) for line in exported.content.splitlines()] == first["items"] == pages
    places = {one["ip"]: (one["country"], one["asn"], one["organisation"]) for one in first["items"]}
    assert places["203.0.113.1"] == ("DE", 64496, "<b>\u00fc")
    assert {place for ip, place in places.items() if ip != "203.0.113.1"} == {(None, None, None)}
    assert (len(first["items"]), first["next"]) == (7, None)
