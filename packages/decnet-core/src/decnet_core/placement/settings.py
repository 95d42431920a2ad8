# SPDX-License-Identifier: MIT
"""Section `[reconciler]`."""

import os
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec

from decnet_core.state import NAMESPACES

RuntimeName: TypeAlias = Literal["loopback", "host", "netns", "container"]


class ReconcilerSettings(msgspec.Struct, frozen=True):
    """Section `[reconciler]`."""

    runtimes: tuple[RuntimeName, ...] = ()
    """In what deckies may run: `loopback` needs no privileges, `host` CAP_NET_ADMIN, `netns` and `container` also
    CAP_SYS_ADMIN. Empty: all that the process may use, as root each of them; without CAP_NET_ADMIN `host` uses only
    addresses that the host has. A unit that `decnet init` writes has the capabilities of the runtimes that are named
    here, else none."""
    namespaces: str = ""
    """Directory in which the network namespaces of deckies have their names; empty: /run/netns, as ip-netns(8) expects
    it, and /run/decnet/netns for a unit that `decnet init` wrote."""
    container_socket: str = "/run/podman/podman.sock"
    """The socket of Podman's API, by which the runtime `container` runs honeypot images."""
    images: str = ""
    """Your own catalogue of honeypot images (TOML), beside the shipped one that `decnet image list` shows."""
    client_sockets: bool = True
    """Whether `netns` deckies get sockets by which `orchestrator` makes sessions from them, two at a time of each IP
    version. They lead to other `netns` deckies of this fleet in the same network and nowhere else, whoever holds them;
    without them nothing leaves a decky but answers."""
    look_seconds: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 60.0
    """How often all deckies are looked at though nothing has changed."""

    @property
    def names_directory(self) -> Path:
        """Return where the names are."""
        return Path(self.namespaces or ("/run/netns" if os.geteuid() == 0 else NAMESPACES))
