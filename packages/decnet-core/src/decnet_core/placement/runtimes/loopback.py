# SPDX-License-Identifier: MIT
"""Deckies on addresses of 127.0.0.0/8, which this host has without being told so: no privileges are needed."""

import socket
from collections.abc import Container, Sequence
from typing import ClassVar

from decnet_core.placement.desired import DesiredDecky, Endpoint
from decnet_core.placement.runtimes.listening import served
from decnet_core.placement.runtimes.runtime import Observed, RuntimeFailed, opened


class Loopback:
    """Sockets, and nothing else."""

    several_at_once: ClassVar[bool] = False

    def inspect(self, deckies: Sequence[DesiredDecky]) -> dict[str, Observed]:
        there = served()
        return {
            one.name: Observed(False, _refused(one), frozenset(there.intersection(one.endpoints()))) for one in deckies
        }

    def conflicts(self, deckies: Sequence[DesiredDecky]) -> dict[str, str]:  # noqa: ARG002  # the interface
        """Return none: nobody else is on this network."""
        return {}

    def start(self, decky: DesiredDecky) -> None:
        """Refuse what cannot be."""
        for reason in _refused(decky):
            raise RuntimeFailed(reason)

    def stop(self, decky: DesiredDecky) -> None:
        """Do nothing: the sockets are closed by who plays the decky."""

    def sockets(self, decky: DesiredDecky, kept: Container[Endpoint]) -> list[socket.socket | None]:
        return opened(decky, kept)

    def introduce(self) -> None:
        """Do nothing: everybody on this host reaches everybody there."""

    def orphans(self, deckies: Sequence[DesiredDecky]) -> list[str]:  # noqa: ARG002  # the interface
        """Return none: nothing stays."""
        return []

    def remove(self, mark: str) -> None:
        """Do nothing."""


def _refused(decky: DesiredDecky) -> tuple[str, ...]:
    return tuple(
        f"{one.ip} is not in 127.0.0.0/8, the only addresses of the runtime loopback; use host or netns"
        for one in decky.addresses
        if one.version != 4 or not one.ip.is_loopback
    )
