# SPDX-License-Identifier: MIT
"""What each attacker changed on each machine, kept between sessions: attackers return to start what they uploaded.

What is small goes on to the tree that all visitors share (`decnet_decoys.changes`); here is what is large, or new.
Kept for as long as there is memory. When sessions want more of it, the overlays that no session uses go, the longest
unused first; their attackers then find the machine as they found it first.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from decnet_core.net.addresses import source_of
from decnet_decoys.memory_budget import MemoryBudget, MemoryLease
from decnet_decoys.shell.machine.filesystem import FileSystem
from decnet_decoys.shell.machine.machine import Machine

FILES_BYTES = 24 << 20
"""Bytes that one attacker may write to one machine."""
MAX_IDLE = 1024
"""Overlays that no session uses."""
MAX_IDLE_BYTES = 8 << 20
"""Of all overlays that no session uses. The largest go first: what intruders come back for is small."""


class Overlay:
    """One machine as one attacker sees it: what he changed and is not, or not yet, in the tree that all share."""

    def __init__(self, machine: Machine, lease: MemoryLease | None = None) -> None:
        self.lease = lease or MemoryLease(MemoryBudget(FILES_BYTES))
        self.files = FileSystem(machine.tree, FILES_BYTES, self.lease)
        self.sessions = 0


class OverlayStore:
    """The overlays of all machines, by machine and attacker's address."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._kept: OrderedDict[tuple[str, str, str], Overlay] = OrderedDict()
        budget.relieve = self._drop_oldest

    @property
    def held(self) -> int:
        """Bytes of memory that attackers' changes take."""
        return sum(overlay.lease.held for overlay in self._kept.values())

    @contextmanager
    def mounted(self, machine: Machine, address: str) -> Iterator[Overlay]:
        """Keep the overlay of the attacker at `address` in memory while a session uses it."""
        key = (machine.given_name, machine.address, address)
        overlay = self._kept.get(key)
        if overlay is None:
            overlay = self._kept[key] = Overlay(machine, MemoryLease(self._budget, source_of(address)))
        self._kept.move_to_end(key)
        overlay.sessions += 1
        try:
            yield overlay
        finally:
            overlay.sessions -= 1
            self._drop_excess()

    def _drop_excess(self) -> None:
        """Give back what unused overlays hold beyond their share."""
        idle = {key: overlay for key, overlay in self._kept.items() if not overlay.sessions}
        if len(idle) > MAX_IDLE:
            self._drop_oldest()
        held = sum(overlay.lease.held for overlay in idle.values())
        while held > MAX_IDLE_BYTES:
            largest = max(idle, key=lambda key: idle[key].lease.held)
            overlay = idle.pop(largest)
            held -= overlay.lease.held
            del self._kept[largest]
            overlay.lease.close()

    def _drop_oldest(self) -> bool:
        """Give back the memory of the longest unused overlay; False when all are in use."""
        for key, overlay in self._kept.items():
            if not overlay.sessions:
                del self._kept[key]
                overlay.lease.close()
                return True
        return False
