# SPDX-License-Identifier: MIT
"""Section `[sensor-reconciler]`."""

import os
from pathlib import Path
from typing import Annotated

import msgspec

from decnet_core.placement.settings import ReconcilerSettings, RuntimeName
from decnet_core.state import NAMESPACES


class SensorReconcilerSettings(msgspec.Struct, frozen=True):
    """Section `[sensor-reconciler]`: what the master may have this host play."""

    runtimes: tuple[RuntimeName, ...] = ()
    """In what the deckies of the master may run here: `loopback`, `host`, `netns`, `container`; empty: none.
    A unit that `decnet-supervise init` writes has the capabilities of those that are named here."""
    namespaces: str = ""
    """Directory in which the network namespaces of deckies have their names; empty: /run/netns, and /run/decnet/netns
    for a unit that `decnet-supervise init` wrote."""
    container_socket: str = "/run/podman/podman.sock"
    """The socket of Podman's API, by which the runtime `container` runs honeypot images."""
    images: str = ""
    """Your own catalogue of honeypot images (TOML), beside the shipped one."""
    look_seconds: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 60.0
    """How often all deckies are looked at though nothing has changed."""

    @property
    def placement(self) -> ReconcilerSettings:
        """Return them as the runtimes want them."""
        names = Path(self.namespaces or ("/run/netns" if os.geteuid() == 0 else NAMESPACES))
        return ReconcilerSettings(
            runtimes=self.runtimes,
            namespaces=str(names),
            container_socket=self.container_socket,
            images=self.images,
            look_seconds=self.look_seconds,
        )
