# SPDX-License-Identifier: MIT
"""Messages of processes that the supervisor does not know yet, kept in their order until it does.

A forked child may have started, and have handed over its sockets, before the zygote's reply tells its pid.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from decnet_core.net.inherited import close_all

KEPT_SECONDS = 30.0
"""Then a number can have been given to another process."""
MOST_PROCESSES = 64
MOST_MESSAGES = 256
"""Of one process; any process of our user could send some."""
MOST_DESCRIPTORS = 2048
"""Of all of them."""


class Message(NamedTuple):
    """What was sent; the descriptors belong to whoever has it."""

    fields: Mapping[str, str]
    descriptors: Sequence[int]


class EarlyMessages:
    """Messages by pid; those of the processes that came last are kept."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[int, tuple[float, list[Message]]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, pid: int, message: Message) -> None:
        """Keep a message; one for which there is no room is dropped and its descriptors closed."""
        messages = self.take(pid)
        held = sum(len(one.descriptors) for _, kept in self._kept.values() for one in kept)
        held += sum(len(one.descriptors) for one in messages)
        if len(messages) >= MOST_MESSAGES or held + len(message.descriptors) > MOST_DESCRIPTORS:
            close_all(message.descriptors)
        else:
            messages.append(message)
        self._kept[pid] = (self._clock(), messages)
        if len(self._kept) > MOST_PROCESSES:
            self._drop(next(iter(self._kept)))

    def take(self, pid: int) -> list[Message]:
        """Return what a process has sent, and keep it no longer."""
        oldest = self._clock() - KEPT_SECONDS
        for old in [one for one, (since, _) in self._kept.items() if since <= oldest]:
            self._drop(old)
        return self._kept.pop(pid, (0.0, []))[1]

    def clear(self) -> None:
        """Drop all of them."""
        for pid in list(self._kept):
            self._drop(pid)

    def _drop(self, pid: int) -> None:
        for message in self._kept.pop(pid)[1]:
            close_all(message.descriptors)
