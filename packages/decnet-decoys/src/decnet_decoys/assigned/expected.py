# SPDX-License-Identifier: MIT
"""Connections that `orchestrator` announces before it opens them: what they cause is synthetic. Pure but for the clock.

An announcement names the source port, which the announcer has bound: nobody else can connect from there meanwhile.
"""

import time
from collections.abc import Callable

MOST = 256
"""Announcements that wait for their connections; another one replaces the oldest."""
SECONDS = 10.0
"""How long an announcement holds: the connection follows it at once, or never."""

_Key = tuple[str, str, int]
_NOT_EXPECTED = (0.0, "")


class ExpectedConnections:
    """The announced connections to the deckies of this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: dict[_Key, tuple[float, str]] = {}

    def expect(self, decky: str, address: str, port: int, session: str) -> None:
        """Expect one connection to `decky` from a canonical address and port; its events will carry `session`."""
        key = (decky, address, port)
        self._waiting.pop(key, None)
        if len(self._waiting) >= MOST:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[key] = (self._clock() + SECONDS, session)

    def take(self, decky: str, address: str, port: int) -> str | None:
        """Return the session of a connection that was announced, once; None for any other."""
        until, session = self._waiting.pop((decky, address, port), _NOT_EXPECTED)
        return session if self._clock() < until else None
