# SPDX-License-Identifier: MIT
"""Our broker for the tests of other clients: in a thread of their process, started and cut off fast."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import threading
from pathlib import Path

from decnet_core.bus.broker.server import Broker
from decnet_core.bus.settings import BusSettings, Role

_START_SECONDS = 10.0
EVERYTHING = (">",)


class BrokerThread:
    """Runs brokers in one event loop beside the tests."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._folder = tempfile.TemporaryDirectory(prefix="decnet-bus-")
        self._numbers = itertools.count()
        threading.Thread(target=self._loop.run_forever, daemon=True, name="brokers").start()

    def start(self, settings: BusSettings) -> Broker:
        path = Path(self._folder.name) / f"{next(self._numbers)}.sock"

        async def started() -> Broker:
            broker = Broker(settings, path)
            await broker.start()
            return broker

        return asyncio.run_coroutine_threadsafe(started(), self._loop).result(_START_SECONDS)

    def stop(self, broker: Broker) -> None:
        asyncio.run_coroutine_threadsafe(broker.stop(), self._loop).result(_START_SECONDS)


def user(name: str, password: str) -> Role:
    """Return a user who may do everything."""
    return Role(name=name, password=password, publish=EVERYTHING, subscribe=EVERYTHING)


def listening(place: str, **more: object) -> BusSettings:
    """Return the settings of a broker that asks for credentials if `more` has any, else lets anybody do anything."""
    guarded = more.keys() & {"tcp_token", "roles", "no_auth_user"}
    return BusSettings(tcp=place, tcp_role="operator", **({} if guarded else {"no_auth_user": "operator"}), **more)  # type: ignore[arg-type]


BROKERS = BrokerThread()
