# SPDX-License-Identifier: MIT
"""What each attacker changed on each machine, kept from one session to the next: who uploads comes again to start it.

Kept for as long as there is memory. When sessions want more of it, the disks that nobody uses go, the longest unused
first; their owners then find the machine as they found it first.
"""

from __future__ import annotations

from collections import OrderedDict

from decnet_decoys.memory_budget import MemoryBudget, MemoryLease
from decnet_decoys.personas.schema import User
from decnet_decoys.shell.machine.filesystem import Files
from decnet_decoys.shell.machine.machine import Machine

FILES_BYTES = 24 << 20
"""Bytes that one attacker may write to one machine."""
MAX_IDLE = 1024
"""Disks that nobody uses."""


class Disk:
    """One machine as one attacker left it: its files and its accounts."""

    def __init__(self, machine: Machine, lease: MemoryLease | None = None) -> None:
        self.lease = lease or MemoryLease(MemoryBudget(FILES_BYTES))
        self.files = Files(machine.tree, FILES_BYTES, self.lease)
        self.users: list[User] = list(machine.users)
        self.sessions = 0


class Disks:
    """All of them, by machine and attacker's address."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._kept: OrderedDict[tuple[str, str, str], Disk] = OrderedDict()
        budget.relieve = self._forget

    def mount(self, machine: Machine, source: str) -> Disk:
        """Return the disk for one more session."""
        key = (machine.hostname, machine.address, source)
        disk = self._kept.get(key)
        if disk is None:
            disk = self._kept[key] = Disk(machine, MemoryLease(self._budget))
        self._kept.move_to_end(key)
        disk.sessions += 1
        return disk

    def unmount(self, disk: Disk) -> None:
        """End a session's use of it."""
        disk.sessions -= 1
        if sum(not one.sessions for one in self._kept.values()) > MAX_IDLE:
            self._forget()

    def _forget(self) -> bool:
        """Give the memory of the longest unused disk back; False when all are in use."""
        for key, disk in self._kept.items():
            if not disk.sessions:
                del self._kept[key]
                disk.lease.close()
                return True
        return False
