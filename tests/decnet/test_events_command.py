# SPDX-License-Identifier: MIT
"""`decnet events` on a real database."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from uuid import UUID

import pytest
from tests.decnet.command_result import Run

from decnet.fleet.deployment import Deployment, transaction
from decnet.fleet.event_feed import EventFeed
from decnet_core.events.catalogue import CommandRun, ConnectionOpened, HttpRequest
from decnet_core.events.envelope import Event
from decnet_models.events.queries import StoredEvent, insert_events

Store = Callable[..., None]


def test_newest_events_are_last(run: Run, store: Store) -> None:
    store(*(CommandRun(service="ssh", command=f"echo {n}") for n in range(5)))
    said = run("events", "--limit", "2")
    assert [line.rpartition("$ ")[2] for line in said.out.splitlines()] == ["echo 3", "echo 4"]


def test_kind_and_attacker_select(run: Run, store: Store) -> None:
    store(ConnectionOpened(service="ssh"), CommandRun(service="ssh", command="id"), src="192.0.2.1")
    store(CommandRun(service="ssh", command="w"), src="192.0.2.2", first=10)
    by_kind = run("events", "--kind", "session.command", "--json").lines
    assert [one["payload"]["command"] for one in by_kind] == ["id", "w"]
    both = run("events", "--kind", "session.command", "--attacker", "192.0.2.1", "--json").lines
    assert [one["payload"]["command"] for one in both] == ["id"]


def test_selection_reaches_behind_other_events(run: Run, store: Store) -> None:
    store(CommandRun(service="ssh", command="old"), src="192.0.2.1")
    store(*(ConnectionOpened(service="ssh") for _ in range(1500)), src="192.0.2.1", first=10)
    said = run("events", "--attacker", "192.0.2.1", "--kind", "session.command", "--json")
    assert [one["payload"]["command"] for one in said.lines] == ["old"]


def test_an_event_is_found_by_its_id(run: Run, store: Store) -> None:
    store(*(CommandRun(service="ssh", command=f"echo {n}") for n in range(3)))
    ids = [one["id"] for one in run("events", "--json").lines]
    found = run("events", "--id", ids[2], "--id", ids[0], "--json").lines
    assert [one["payload"]["command"] for one in found] == ["echo 0", "echo 2"]
    said = run("events", "--id", str(UUID(int=9)))
    assert (said.code, str(UUID(int=9)) in said.err) == (1, True)


def test_unknown_kind_names_the_kinds(run: Run, deployment: Deployment) -> None:
    said = run("events", "--kind", "auth.atempt")
    assert said.code == 2
    assert "auth.attempt" in said.err


@pytest.mark.parametrize("command", ["events", "sessions"])
def test_what_is_no_address_is_refused(run: Run, store: Store, command: str) -> None:
    refused = run(command, "--attacker", "web-01")
    assert (refused.code, "'web-01' is not an IPv4 or IPv6 address" in refused.err) == (2, True)


def test_what_attackers_sent_is_escaped(run: Run, store: Store) -> None:
    store(HttpRequest(method="GET", target="/\x1b[2J\r\nfake line", user_agent="\x9b"))
    said = run("events")
    assert len(said.out.splitlines()) == 1
    assert "\x1b" not in said.out
    assert r"/\x1b[2J\x0d\x0afake line" in said.out


def test_follow_shows_what_comes(deployment: Deployment, store: Store) -> None:
    """There is no bus here: the poll alone must do."""
    store(CommandRun(service="ssh", command="before"))
    following = subprocess.Popen(
        [sys.executable, "-m", "decnet", "events", "--follow"], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    guard = threading.Timer(30, following.kill)
    guard.start()
    try:
        assert following.stdout is not None
        assert "before" in following.stdout.readline()
        store(CommandRun(service="ssh", command="after"), first=10)
        assert "after" in following.stdout.readline()
    finally:
        guard.cancel()
        following.terminate()
        following.communicate()


def test_follow_says_nothing_of_what_was_not_asked_for(run: Run, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    without_end = EventFeed.batches

    async def one_batch(feed: EventFeed) -> AsyncIterator[list[StoredEvent]]:
        store(CommandRun(service="ssh", command="id"))  # on web-01
        async with aclosing(without_end(feed)) as batches:  # type: ignore[type-var]  # it is a generator
            yield await anext(batches)

    monkeypatch.setattr(EventFeed, "batches", one_batch)
    assert run("events", "--follow", "--decky", "web-02").out == ""
    assert run("events", "--decky", "web-02").out == "no such events\n"


def test_synthetic_events_are_shown_when_asked_for(run: Run, deployment: Deployment) -> None:
    payload = CommandRun(service="ssh", command="uptime")
    made = Event(id=UUID(int=9), ts=1, sensor="s", payload=payload, src_ip="192.0.2.1", synthetic=True)
    with transaction(deployment, write=True) as connection:
        insert_events(connection, [made])
    assert run("events").out == "no such events\n"
    assert run("events", "--attacker", "192.0.2.1").out == "no such events\n"
    assert run("events", "--synthetic").out.rstrip().endswith("uptime [synthetic]")
