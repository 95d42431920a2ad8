# SPDX-License-Identifier: MIT
"""Receives what workers report, in the event loop; one socket serves the whole fleet (`runtime.notify.Receiver`)."""

import asyncio
from collections.abc import Callable

from decnet_core.runtime.notify import Receiver

_BURST = 64
"""Datagrams read per iteration of the loop, so that a flood cannot hold it."""


class NotifySocket:
    """Calls `on_notify(pid, fields, descriptors)` for each message; the descriptors belong to the callee."""

    def __init__(self, on_notify: Callable[[int, dict[str, str], list[int]], None]) -> None:
        self._on_notify = on_notify
        self._receiver = Receiver()
        self.address = self._receiver.address
        """The value for NOTIFY_SOCKET."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._receiver, self._read)

    def close(self) -> None:
        self._loop.remove_reader(self._receiver)
        self._receiver.close()

    def _read(self) -> None:
        for _ in range(_BURST):
            if (message := self._receiver.receive()) is None:
                return
            self._on_notify(*message)
