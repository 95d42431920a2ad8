# SPDX-License-Identifier: MIT
"""When keys are made in the background: one at a time, and none while deckies come.

A client's work in the worker's thread so waits for one key at most. RSA keys take 0.2 s of processor time each, and a
fleet of hundreds of deckies is there sooner when that is spent once they answer; who comes before has the keys of his
decky made at once.
"""

import asyncio
import time

SETTLED_SECONDS = 3.0
"""How long no decky has come when a key is made: `reconciler` hands over hundreds, then looks at all for two."""


class Preparation:
    """A lock, as an asynchronous context manager."""

    def __init__(self, settled_seconds: float = SETTLED_SECONDS) -> None:
        self._settled_seconds = settled_seconds
        self._free_at = time.monotonic()
        self._lock = asyncio.Lock()

    def postpone(self) -> None:
        """Begin nothing for a while: a decky has come, and others may."""
        self._free_at = time.monotonic() + self._settled_seconds

    async def __aenter__(self) -> None:
        await self._lock.acquire()
        try:
            while (left := self._free_at - time.monotonic()) > 0:  # noqa: ASYNC110  # it is postponed again meanwhile
                await asyncio.sleep(left)
        except BaseException:
            self._lock.release()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._lock.release()
