# SPDX-License-Identifier: MIT
"""sd_notify(3) from a supervisor that its zygote has forked: the zygote, the unit's main process, passes it on.

Were all processes of the unit listened to (NotifyAccess=all), each worker could say that the unit stops, lives, or has
another main process.
"""

import os
import socket
from collections.abc import Sequence

from decnet_core.runtime.notify import Notifier
from decnet_core.supervise.fork.zygote_protocol import Notify, encode


class RelayedNotifier(Notifier):
    """Sends state over `channel`, which leads to the zygote; does nothing when nobody asked for notifications."""

    def __init__(self, channel: socket.socket) -> None:
        super().__init__(os.environ.get("NOTIFY_SOCKET", ""))
        self._channel = channel

    def send(self, state: str, descriptors: Sequence[int] = ()) -> bool:  # noqa: ARG002  # a supervisor has none to pass
        if not self.wanted:
            return True
        try:
            self._channel.send(encode(Notify(state)))
        except BlockingIOError:
            return False
        except OSError:  # the zygote has ended: there is nobody to tell
            return True
        return True

    async def insist(self, state: str, descriptors: Sequence[int] = ()) -> None:
        self.send(state, descriptors)
