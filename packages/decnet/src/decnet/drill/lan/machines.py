# SPDX-License-Identifier: MIT
"""A LAN of two machines in network namespaces: a host with a bridge, on which deckies will be, and an attacker's."""

import contextlib
import ipaddress
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from decnet.cli.errors import OperatorError
from decnet_core.placement import fleet_id
from decnet_core.placement.netlink import addresses, links, nftables
from decnet_core.placement.netlink.connection import NETFILTER, Netlink
from decnet_core.placement.runtimes.namespaces import Namespaces

T = TypeVar("T")

NETWORK = "10.77.0.0/16"
HOST, ATTACKER = "10.77.0.1", "10.77.0.2"
BRIDGE = "lan0"
_PREFIX = "/16"
_PORT, _INTERFACE, _LOOPBACK = "attacker", "eth0", "lo"
_MAC = "02:00:00:00:00:02"


class Lan:
    """The machines; what is called or started on one sees its network only."""

    def __init__(self, directory: Path) -> None:
        self._machines = Namespaces(directory, "machine-")
        self.deckies = directory / "netns"

    def on_host(self, function: Callable[[], T]) -> T:
        return self._machines.enter("host", function)

    def as_attacker(self, function: Callable[[], T]) -> T:
        return self._machines.enter("attacker", function)

    def on_decky(self, name: str, function: Callable[[], T]) -> T:
        """Call a function in the namespace of a decky, whose name there begins with the fleet's identifier."""
        names = Namespaces(self.deckies, "decnet-")
        found = next(one for one in names.names() if one[fleet_id.LENGTH + 1 :] == name)
        return names.enter(found, function)

    def client(self, *command: str, seconds: float = 300.0) -> str:
        """Return what a program of the attacker prints, errors included."""
        done = self.as_attacker(
            lambda: subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
        )
        return done.stdout + done.stderr

    def host_network(self) -> tuple[object, ...]:
        """Return links, addresses, routes, packet filters and kernel settings of the host, and the deckies' namespaces.

        Without what is link-local, which the kernel adds in its own time.
        """

        def look() -> tuple[object, ...]:
            with Netlink() as netlink:
                own = [one for one in addresses.assigned(netlink) if not one.address.is_link_local]
                found = sorted(links.links(netlink).items()), sorted(map(str, own))
            with Netlink(NETFILTER) as netlink:
                filters = nftables.names(netlink)
            return (*found, _routes(), filters, _settings())

        return (*self.on_host(look), Namespaces(self.deckies, "decnet-").names())

    def make(self) -> None:
        """Make both machines and the bridge between them."""
        for name in ("host", "attacker"):
            self._machines.create(name)
        with self._machines.opened("attacker") as attacker:
            self.on_host(lambda: _wire_host(attacker))
        self.as_attacker(lambda: _bring_up({_LOOPBACK: "", _INTERFACE: ATTACKER + _PREFIX}))

    def remove(self) -> None:
        """Remove both machines, and the deckies that are left."""
        for namespaces in (Namespaces(self.deckies, "decnet-"), self._machines):
            for name in namespaces.names():
                namespaces.remove(name)


@contextlib.contextmanager
def lan(directory: Path) -> Iterator[Lan]:
    """Make the LAN, with its namespaces in `directory`; always removed. Raises OperatorError."""
    made = Lan(directory)
    try:
        made.make()
        yield made
    except PermissionError as error:
        raise OperatorError("network namespaces need root: run it as root") from error
    finally:
        made.remove()


def _routes() -> list[str]:
    """Return the routes of the namespace of this thread, IPv6 without reference counts and uses (proc(5))."""
    net = Path("/proc/thread-self/net")
    four = (net / "fib_trie").read_text(encoding="ascii").splitlines()
    six = (line.split() for line in (net / "ipv6_route").read_text(encoding="ascii").splitlines())
    return four + [" ".join((*one[:6], one[9])) for one in six if not one[0].startswith(("fe80", "ff"))]


def _settings() -> dict[str, str]:
    """Return the kernel's settings for IPv4 and IPv6 in the namespace of this thread."""
    found: dict[str, str] = {}
    for version in ("ipv4", "ipv6"):
        for folder, _, names in os.walk(f"/proc/sys/net/{version}"):  # passes over what has gone: rglob does not
            for file in (Path(folder, name) for name in names):
                with contextlib.suppress(OSError, UnicodeDecodeError):  # what can only be written
                    found[str(file)] = file.read_text(encoding="ascii")
    return found


def _wire_host(attacker: int) -> None:
    with Netlink() as netlink:
        links.add_bridge(netlink, BRIDGE)
        bridge = links.links(netlink)[BRIDGE].number
        links.add_veth(netlink, _INTERFACE, _PORT, bridge=bridge, mac=_MAC, namespace=attacker)
    _bring_up({_LOOPBACK: "", _PORT: "", BRIDGE: HOST + _PREFIX})


def _bring_up(interfaces: dict[str, str]) -> None:
    with Netlink() as netlink:
        there = links.links(netlink)
        for name, address in interfaces.items():
            links.set_up(netlink, there[name])
            if address:
                addresses.add(netlink, there[name].number, ipaddress.ip_interface(address), protocol=0)
