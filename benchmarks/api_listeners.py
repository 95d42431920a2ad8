# SPDX-License-Identifier: MIT
"""How long after their commit events reach many listeners of the API's stream, and the memory that these take."""

from __future__ import annotations

import selectors
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from decnet.fleet.bus_access import wake_followers
from decnet.fleet.deployment import deployment_of, transaction
from decnet_core.events.catalogue import CommandRun
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.footprint import measure
from decnet_core.settings import Settings
from decnet_models.events.queries import insert_events

BATCH = 20
"""Events that are committed together, as ingest does."""
LATEST_SECONDS = 30.0


def stream_of(state: Path, port: int, pid: int, request: bytes, *, listeners: int, rounds: int) -> dict[str, Any]:
    """Return lag in ms over all listeners and rounds, and what a listener takes in KiB."""
    deployment = deployment_of(Settings({"state": {"dir": str(state)}}, {}, ""))
    before = measure(pid)
    with _listening(port, request, listeners) as (selector, sockets):
        lags: list[float] = []
        for _ in range(rounds):
            events = _events()
            with transaction(deployment, write=True) as connection:
                insert_events(connection, events)
            committed = time.perf_counter()
            wake_followers(deployment)
            lags += _arrivals(selector, sockets, str(events[-1].id).encode(), committed)
            time.sleep(0.2)
        after = measure(pid)
    lags.sort()
    found = {"p50_ms": statistics.median(lags), "p99_ms": lags[int(len(lags) * 0.99)], "max_ms": lags[-1]}
    kib = (after.pss - before.pss) / 1024 / listeners if before and after else 0.0
    return {"listeners": listeners, **{name: round(ms, 1) for name, ms in found.items()}, "kib_each": round(kib, 1)}


def _events() -> list[Event]:
    now = time.time_ns()
    return [
        Event(
            id=uuid7(now + number),
            ts=now + number,
            sensor="sensor",
            payload=CommandRun("ssh", f"cat /etc/passwd {number}"),
            decky="web-01",
            src_ip="10.1.1.1",
            dst_port=22,
        )
        for number in range(BATCH)
    ]


@contextmanager
def _listening(port: int, request: bytes, number: int) -> Iterator[tuple[selectors.BaseSelector, list[socket.socket]]]:
    sockets = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(number)]
    with selectors.DefaultSelector() as selector:
        for one in sockets:
            one.sendall(request)
        for one in sockets:
            said = b""
            while b"id: " not in said:
                part = one.recv(65536)
                if not part:
                    raise RuntimeError(f"a listener was turned away: {said[:300]!r}")
                said += part
            one.setblocking(False)
            selector.register(one, selectors.EVENT_READ)
        try:
            yield selector, sockets
        finally:
            for one in sockets:
                one.close()


def _arrivals(
    selector: selectors.BaseSelector, sockets: list[socket.socket], last: bytes, committed: float
) -> list[float]:
    """Return for each listener how long after the commit it had the last event, in ms."""
    tails: dict[Any, bytes] = dict.fromkeys(sockets, b"")
    lags: list[float] = []
    while tails:
        if time.perf_counter() > committed + LATEST_SECONDS:
            raise RuntimeError(f"{len(tails)} listeners have not had an event after {LATEST_SECONDS} s")
        for key, _ in selector.select(1.0):
            said = key.fileobj.recv(1 << 20)  # type: ignore[union-attr]  # a socket
            if key.fileobj in tails:
                tails[key.fileobj] = tails[key.fileobj][-64:] + said
                if last in tails[key.fileobj]:
                    lags.append(1000 * (time.perf_counter() - committed))
                    del tails[key.fileobj]
    return lags
