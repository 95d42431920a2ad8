# SPDX-License-Identifier: MIT
"""What nats-py's tests import as `tests.utils`, which its source distribution lacks: here it starts our broker."""

from __future__ import annotations

import asyncio
import functools
import unittest
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from broker_thread import BROKERS, EVERYTHING, listening, user  # type: ignore[import-not-found]  # on the path of the suites

from decnet_core.bus.settings import Role

_TEST_SECONDS = 20.0
Place = tuple[int, dict[str, Any]]
"""A port, and the settings of the broker there."""


class Natsd:
    """A broker that tests stop and start again."""

    def __init__(self, port: int, settings: dict[str, Any]) -> None:
        self.port = port
        self._settings = listening(f"127.0.0.1:{port}", **settings)
        self._broker: Any = None

    def start(self) -> None:
        self._broker = BROKERS.start(self._settings)

    def stop(self) -> None:
        if self._broker is not None:
            BROKERS.stop(self._broker)
            self._broker = None


def start_natsd(natsd: Natsd) -> None:
    natsd.start()


class _Case(unittest.TestCase):
    places: ClassVar[tuple[Place, ...]] = ()
    lacking: ClassVar[str] = ""

    def setUp(self) -> None:
        if self.lacking:
            self.skipTest(f"not offered: {self.lacking}")
        self.loop = asyncio.new_event_loop()
        self.server_pool = [Natsd(port, settings) for port, settings in self.places]
        for natsd in self.server_pool:
            natsd.start()

    def tearDown(self) -> None:
        for natsd in self.server_pool:
            natsd.stop()
        self.loop.close()


class SingleServerTestCase(_Case):
    places = ((4222, {}),)


class MultiServerAuthTestCase(_Case):
    places = ((4223, {"roles": (user("foo", "bar"),)}), (4224, {"roles": (user("hoge", "fuga"),)}))


class MultiServerAuthTokenTestCase(_Case):
    places = ((4223, {"tcp_token": "token"}), (4224, {"tcp_token": "token"}), (4225, {"tcp_token": "secret"}))


class NoAuthUserServerTestCase(_Case):
    """User `bar` may publish only; who is nobody may do everything."""

    places = ((4555, {"no_auth_user": "operator", "roles": (Role(name="bar", password="bar", publish=EVERYTHING),)}),)


class TLSServerTestCase(_Case):
    lacking = "TLS"


class TLSServerHandshakeFirstTestCase(_Case):
    lacking = "TLS"


class MultiTLSServerAuthTestCase(_Case):
    lacking = "TLS"


class ClusteringTestCase(_Case):
    lacking = "clusters"


class ClusteringDiscoveryAuthTestCase(_Case):
    lacking = "clusters"


Test = Callable[..., Awaitable[None]]


def async_test(test: Test, timeout: float = _TEST_SECONDS) -> Callable[..., None]:
    """Run a coroutine as a test, in the loop of its case."""

    @functools.wraps(test)
    def run(case: Any, *arguments: Any) -> None:
        loop = getattr(case, "loop", None) or asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        loop.run_until_complete(asyncio.wait_for(test(case, *arguments), timeout))

    return run


def async_long_test(test: Test) -> Callable[..., None]:
    return async_test(test, 3 * _TEST_SECONDS)
