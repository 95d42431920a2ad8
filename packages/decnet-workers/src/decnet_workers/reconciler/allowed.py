# SPDX-License-Identifier: MIT
"""In which runtimes deckies may run: those that the settings name, else what this process may do."""

from collections.abc import Iterable
from pathlib import Path

from decnet_core.supervise.fork.privileges import numbers
from decnet_workers.reconciler.settings import ReconcilerSettings, RuntimeName

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


def _held(status: Iterable[str]) -> set[int]:
    """Return the numbers of the effective capabilities (proc(5), CapEff)."""
    bits = next((int(line.split()[1], 16) for line in status if line.startswith("CapEff:")), 0)
    return {number for number in range(bits.bit_length()) if bits >> number & 1}
