# SPDX-License-Identifier: MIT
"""What every runtime does: look, bring a decky's environment about, remove it, open sockets in it.

All is idempotent, and may be cut off at any instruction: the next look sees what is there, not what was meant.
"""

from __future__ import annotations

import socket
from collections.abc import Container, Sequence
from typing import ClassVar, Protocol

import msgspec

from decnet_core.deckies.messages import CLIENT_MARK
from decnet_core.errors import CoreError
from decnet_core.net.sockets import BindError, bound_udp, listening
from decnet_core.placement.desired import DesiredDecky, Endpoint


class RuntimeFailed(CoreError):
    """A decky cannot be brought about or removed; the message says why and what helps."""


class Observed(msgspec.Struct, frozen=True):
    """What a runtime found of a decky."""

    present: bool
    """Whether anything of its environment is there."""
    drift: tuple[str, ...] = ()
    """How the environment differs from what it should be; empty: not at all."""
    served: frozenset[Endpoint] = frozenset()
    """Those of its endpoints on which somebody listens, there."""
    serves_itself: bool = False
    """Whether it opens its ports itself: nothing is handed to `decoys`."""


class Runtime(Protocol):
    """One way to run deckies; its methods are called in one thread, but for what `several_at_once` says."""

    several_at_once: ClassVar[bool]
    """Whether `start` and `stop` may be called for different deckies in several threads at once."""

    def inspect(self, deckies: Sequence[DesiredDecky]) -> dict[str, Observed]:
        """Return what is there of each of the runtime's deckies, by name."""

    def conflicts(self, deckies: Sequence[DesiredDecky]) -> dict[str, str]:
        """Return, by name, why deckies that are not there yet may not come: another machine has an address."""

    def start(self, decky: DesiredDecky) -> None:
        """Make what is missing of the decky's environment, and repair what differs; raises RuntimeFailed."""

    def stop(self, decky: DesiredDecky) -> None:
        """Remove the environment, whatever is there of it; raises RuntimeFailed."""

    def sockets(self, decky: DesiredDecky, kept: Container[Endpoint]) -> list[socket.socket | None]:
        """Return a bound socket for each endpoint in order, None for one to be `kept`, then those of data ports.

        Of these None stands for one that is in use. Last come those of `clients`. Raises RuntimeFailed.
        """

    def introduce(self) -> None:
        """Let deckies' client sockets reach the other deckies that are up, as of the last look and what came since.

        What fails is tried at the next call.
        """

    def orphans(self, deckies: Sequence[DesiredDecky]) -> list[str]:
        """Return the marks of what is ours and belongs to none of the runtime's deckies."""

    def remove(self, mark: str) -> None:
        """Remove an orphan; raises RuntimeFailed."""


def opened(decky: DesiredDecky, kept: Container[Endpoint]) -> list[socket.socket | None]:
    """Do what `Runtime.sockets` says in the namespace of this thread; after a failure no socket is open."""
    found: list[socket.socket | None] = []
    try:
        for endpoint in decky.endpoints():
            found.append(None if endpoint in kept else _bound(endpoint))  # noqa: PERF401  # what is open must be closed
    except RuntimeFailed:
        for sock in found:
            if sock is not None:
                sock.close()
        raise
    found += [_data_port(endpoint) for endpoint in decky.data_endpoints()]
    return found + [_client(version) for version in decky.clients]


def _data_port(endpoint: Endpoint) -> socket.socket | None:
    """Return a socket that is bound and does not listen, None while the one that `decoys` has does."""
    address, _, port = endpoint
    sock = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # beside the one that is bound there
        sock.bind((str(address), port))
    except OSError:
        sock.close()
        return None
    return sock


def _client(version: int) -> socket.socket | None:
    """Return a socket that the packet filter lets connect to other deckies; None when that cannot be."""
    sock = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, CLIENT_MARK)
    except OSError:
        sock.close()
        return None
    return sock


def _bound(endpoint: Endpoint) -> socket.socket:
    address, transport, port = endpoint
    try:
        return listening(str(address), port) if transport == "tcp" else bound_udp(str(address), port)
    except BindError as error:
        raise RuntimeFailed(f"cannot open {place(endpoint)}: {error}") from error


def place(endpoint: Endpoint) -> str:
    """Return an endpoint as people write it."""
    address, transport, port = endpoint
    host = f"[{address}]" if address.version == 6 else str(address)
    return f"{host}:{port}" + ("/udp" if transport == "udp" else "")
