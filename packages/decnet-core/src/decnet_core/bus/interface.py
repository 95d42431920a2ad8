# SPDX-License-Identifier: MIT
"""The interface of every bus: in-process, the embedded broker, or a NATS server."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Protocol

import msgspec

from decnet_core.errors import CoreError


class BusError(CoreError):
    """A bus operation failed; the message says what to do next."""


class NoResponders(BusError):
    """Nobody subscribes to the subject a request was sent to (NATS status 503)."""


class Message(msgspec.Struct, frozen=True):
    """One delivered message; `headers` keeps the order and the repeats of the wire (NATS ADR-4)."""

    subject: str
    payload: bytes = b""
    reply: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Subscription(Protocol):
    """Messages of one pattern, oldest first; when full the oldest is dropped and counted."""

    dropped: int

    def __aiter__(self) -> AsyncIterator[Message]:
        """Yield messages until the subscription or the bus is closed."""
        ...

    async def next(self, timeout: float | None = None) -> Message:
        """Return the next message; TimeoutError after `timeout` seconds."""
        ...

    async def close(self) -> None:
        """Stop receiving; what is already queued is discarded."""
        ...


class Bus(Protocol):
    """Publish and subscribe by NATS subjects; `*` stands for one token, `>` for the rest."""

    @property
    def connected(self) -> bool:
        """Whether messages are flowing now; a worker continues by its poll interval when they are not."""
        ...

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever `connected` changes: messages may have been lost."""
        ...

    def publish(
        self, subject: str, payload: bytes = b"", *, reply: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Queue a message and return at once; while disconnected the oldest queued are dropped and counted.

        Raises BusError when the bus was closed, and for a subject or a size that no server would take.
        """
        ...

    async def flush(self, timeout: float = 5.0) -> None:
        """Wait until the server has taken everything published before (PING, PONG); TimeoutError when it has not."""
        ...

    async def subscribe(
        self, pattern: str, *, queue: str | None = None, limit: int = 1024, max_messages: int | None = None
    ) -> Subscription:
        """Receive what matches `pattern`; members of one `queue` share it, each message going to one of them."""
        ...

    async def request(
        self, subject: str, payload: bytes = b"", *, timeout: float = 2.0, headers: Mapping[str, str] | None = None
    ) -> Message:
        """Publish and return the first reply; NoResponders at once when nobody subscribes, TimeoutError when late."""
        ...

    async def drain(self, timeout: float = 5.0) -> None:
        """Unsubscribe, deliver what is queued, flush what was published, then close."""
        ...

    async def close(self) -> None:
        """Close at once; safe to call twice."""
        ...
