# SPDX-License-Identifier: MIT
"""In which runtimes deckies may run: those that the settings name, else what this process may do."""

from collections.abc import Iterable
from pathlib import Path

from decnet_core.placement.fleet_id import fleet_id
from decnet_core.placement.runtimes.added_addresses import AddedAddresses
from decnet_core.placement.runtimes.container.container import ContainerRuntime
from decnet_core.placement.runtimes.container.engine import Engine
from decnet_core.placement.runtimes.host import Host
from decnet_core.placement.runtimes.loopback import Loopback
from decnet_core.placement.runtimes.netns import Netns
from decnet_core.placement.runtimes.runtime import Runtime
from decnet_core.placement.settings import ReconcilerSettings, RuntimeName
from decnet_core.supervise.fork.privileges import numbers

NEEDED: dict[RuntimeName, tuple[str, ...]] = {
    "loopback": (),
    "host": ("CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW"),
    "netns": ("CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_RAW", "CAP_SYS_ADMIN"),
    "container": ("CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_RAW", "CAP_SYS_ADMIN"),
}
"""The capabilities that a runtime uses."""
UNPRIVILEGED: tuple[RuntimeName, ...] = ("loopback", "host")
"""What works without them: `host` then uses addresses that the host has, at ports from 1024."""


def allowed(settings: ReconcilerSettings) -> tuple[RuntimeName, ...]:
    """Return the runtimes that this process may use."""
    if settings.runtimes:
        return settings.runtimes
    held = _held(Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines())
    return tuple(name for name in NEEDED if name in UNPRIVILEGED or held >= numbers(NEEDED[name]))


def runtimes(settings: ReconcilerSettings, folder: Path) -> dict[str, Runtime]:
    """Return the runtimes that may be used; in `folder` is what marks them as this fleet's."""
    fleet = fleet_id(folder)
    found: dict[str, Runtime] = {
        "loopback": Loopback(),
        "host": Host(AddedAddresses(folder / "addresses.json")),
        "netns": Netns(settings.names_directory, fleet),
        "container": ContainerRuntime(
            Netns(settings.names_directory, f"container-{fleet}"),
            Engine(settings.container_socket),
            fleet,
            Path(settings.images) if settings.images else None,
        ),
    }
    return {name: found[name] for name in allowed(settings)}


def _held(status: Iterable[str]) -> set[int]:
    """Return the numbers of the effective capabilities (proc(5), CapEff)."""
    bits = next((int(line.split()[1], 16) for line in status if line.startswith("CapEff:")), 0)
    return {number for number in range(bits.bit_length()) if bits >> number & 1}
