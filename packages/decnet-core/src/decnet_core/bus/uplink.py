# SPDX-License-Identifier: MIT
"""Keeps a client connected: dials one server after another, backs off with jitter, detects a silent server."""

import asyncio
import itertools
import logging
import random
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from decnet_core.bus.address import Address
from decnet_core.bus.interface import BusError
from decnet_core.bus.link import Link
from decnet_core.bus.nkey import signed
from decnet_core.bus.protocol import frames
from decnet_core.bus.protocol.operations import CLIENT_VERSION, Deliver, Info
from decnet_core.bus.protocol.send_queue import CHUNK, SendQueue
from decnet_core.bus.settings import ClientOptions
from decnet_core.text import for_terminal
from decnet_core.timing.backoff import backoff
from decnet_core.timing.heartbeat_clock import until_beat

log = logging.getLogger(__name__)

_REJECTED = ("Authorization Violation", "User Authentication", "Account Authentication")  # Expired, Revoked


class Uplink:
    """The current connection, if any, and the queue to send on it or on the next."""

    def __init__(
        self,
        addresses: tuple[Address, ...],
        name: str,
        options: ClientOptions,
        *,
        standing: Callable[[], Iterable[frames.Line]],
        on_message: Callable[[Deliver, bytes], None],
        on_error: Callable[[str], None],
    ) -> None:
        """`standing()` returns the lines that begin every connection: the subscriptions."""
        self.send_queue = SendQueue(CHUNK, lambda: options.max_waiting_bytes)
        self.link: Link | None = None
        self.up = asyncio.Event()
        self.info = Info()
        """The last server's; before the first connection, the defaults of NATS."""
        self.connections = 0
        self.last_error = ""
        self.changed: list[Callable[[], None]] = []
        """Called after each connection made or lost."""
        self._dropped_before = 0
        self._addresses = addresses
        self._name = name
        self._options = options
        self._standing = standing
        self._on_message = on_message
        self._on_error = on_error

    @property
    def dropped_by_broker(self) -> int:
        """Messages for us that brokers dropped because we read too slowly, as they report in INFO."""
        return self._dropped_before + (self.link.info.dropped if self.link else 0)

    def send_lines(self, *lines: frames.Line) -> None:
        """Send `lines` behind everything that waits; without a connection they are forgotten."""
        if self.link is not None:
            for line in lines:
                self.send_queue.push_line(line)
            self.send_queue.flush()

    async def confirmed(self) -> None:
        """Wait until the server has taken everything; ConnectionError when the connection ends first."""
        await self.up.wait()
        if self.link is not None:
            await self.link.ping()

    async def stay_connected(self) -> None:
        """Connect, and again whenever the connection is lost, until cancelled."""
        loop = asyncio.get_running_loop()
        failures = 0
        for address in itertools.cycle(self._addresses):
            link = await self._dialled(address)
            if link is not None:
                self._begin(address, link)
                began = loop.time()
                await self._watch(link)
                self._note_failure(address, link.lost.result())
                if loop.time() - began > self._options.max_retry_seconds:  # a connection that short was no success
                    failures = 0
            failures += 1
            await asyncio.sleep(self._pause(failures))

    def close(self) -> None:
        """Send what is queued, as far as the socket accepts it, and end the connection."""
        self.send_queue.flush()
        if self.link is not None:
            self.link.close()
            self._lost(self.link)

    async def _dialled(self, address: Address) -> Link | None:
        link = Link(self.send_queue, self._on_message, self._on_error, self._lost)
        try:
            async with asyncio.timeout(self._options.dial_seconds):
                await link.dial(address, partial(self._greeting, address), self._options)
        except (OSError, BusError) as error:  # TimeoutError and ssl.SSLError are OSErrors
            link.abort("")
            self._note_failure(address, str(error) or "no answer")
            return None
        except asyncio.CancelledError:
            link.abort("")  # else the server would keep a connection that nobody uses
            raise
        if link.lost.done():  # it ended between its first PONG and now
            self._note_failure(address, link.lost.result())
            return None
        return link

    def _begin(self, address: Address, link: Link) -> None:
        self.link, self.info = link, link.info
        self.connections += 1
        self.last_error = ""
        link.write(b"".join(self._standing()))
        link.open()
        self.up.set()
        self._notify()
        log.info("bus connected url=%s client=%s", address, self._name)

    def _lost(self, link: Link) -> None:
        if self.link is link:
            self.link = None
            self.up.clear()
            self._dropped_before += link.info.dropped
            self._notify()

    def _notify(self) -> None:
        for listener in self.changed:
            listener()

    async def _watch(self, link: Link) -> None:
        """Return when `link` has ended; a silent one is pinged, and aborted when it does not answer.

        A server that is going away is left as soon as it has taken everything: its successor may be there already.
        """
        while not link.lost.done():
            link.active = False
            until: set[asyncio.Future[Any]] = {link.lost, link.dismissed}
            await asyncio.wait(
                until, timeout=until_beat(self._options.ping_seconds), return_when=asyncio.FIRST_COMPLETED
            )
            leaving = link.dismissed.done()
            if link.lost.done() or (link.active and not leaving):
                continue
            try:
                async with asyncio.timeout(self._options.dial_seconds):
                    await (link.leave() if leaving else link.ping())
                if leaving:
                    await link.lost
            except TimeoutError:
                link.abort("the bus does not answer PING")
                await link.lost
            except ConnectionError:
                await link.lost

    def _note_failure(self, address: Address, reason: str) -> None:
        if reason != self.last_error:
            # a worker often starts before its bus: no reason for a warning
            level = logging.WARNING if self.connections else logging.INFO
            log.log(level, "bus away url=%s client=%s reason=%s", address, self._name, for_terminal(reason))
        self.last_error = reason

    def _pause(self, failures: int) -> float:
        longest = backoff(self._options.first_retry_seconds, failures - 1, self._options.max_retry_seconds)
        if self.last_error.startswith(_REJECTED) and failures >= len(self._addresses):
            longest = self._options.refused_retry_seconds
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter

    def _greeting(self, address: Address, info: Info) -> frames.Line:
        options: dict[str, object] = {
            "verbose": False,
            "pedantic": False,
            "echo": True,
            "headers": True,
            "no_responders": info.headers,
            "protocol": 1,
            "name": self._name,
            "lang": "python-decnet",
            "version": CLIENT_VERSION,
            "tls_required": address.scheme == "tls",
        }
        if address.user:
            options |= {"user": address.user, "pass": address.password}
        if address.token:
            options["auth_token"] = address.token
        if self._options.nkey_seed_file and info.nonce:
            options |= signed(self._options.nkey_seed_file, info.nonce)
        return frames.connect(options)
