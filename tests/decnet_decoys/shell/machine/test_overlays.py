# SPDX-License-Identifier: MIT
from __future__ import annotations

import gc
import weakref

import pytest

from decnet_decoys.memory_budget import MemoryBudget
from decnet_decoys.shell.interpreter import Shell, Source
from decnet_decoys.shell.machine.fs_errors import FileFault
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.machine.overlays import Disk, Disks
from decnet_decoys.shell.machine.tree import ROOT

SIZE = 10_000
FIRST, SECOND, THIRD = "192.0.2.1", "192.0.2.2", "192.0.2.3"


def visit(disks: Disks, machine: Machine, source: str, name: str = "/tmp/x") -> Disk:
    """Come, leave a file and go."""
    disk = disks.mount(machine, source)
    disk.files.write(name, bytes(SIZE), ROOT)
    disks.unmount(disk)
    return disk


def has(disks: Disks, machine: Machine, source: str) -> bool:
    disk = disks.mount(machine, source)
    disks.unmount(disk)
    return disk.files.exists("/tmp/x")


def test_who_comes_again_finds_what_they_left_and_nobody_else_does(machine: Machine) -> None:
    disks = Disks(MemoryBudget(1 << 20))
    visit(disks, machine, FIRST)
    assert has(disks, machine, FIRST)
    assert not has(disks, machine, SECOND)
    assert not has(disks, machine._replace(hostname="web-02"), FIRST)


def test_the_longest_unused_disk_makes_room(machine: Machine) -> None:
    budget = MemoryBudget(3 * SIZE)
    disks = Disks(budget)
    visit(disks, machine, FIRST)
    visit(disks, machine, SECOND)
    visit(disks, machine, FIRST)
    visit(disks, machine, THIRD)
    assert has(disks, machine, FIRST)
    assert not has(disks, machine, SECOND)
    assert budget.refused == 0


def test_a_disk_in_use_is_never_taken_away(machine: Machine) -> None:
    disks = Disks(MemoryBudget(int(1.5 * SIZE)))
    mine = disks.mount(machine, FIRST)
    mine.files.write("/tmp/x", bytes(SIZE), ROOT)
    with pytest.raises(FileFault, match="No space left"):
        visit(disks, machine, SECOND)
    disks.unmount(mine)
    visit(disks, machine, SECOND)


def test_a_disk_does_not_keep_the_shells_that_used_it(machine: Machine) -> None:
    """Their variables and functions are not counted in the memory that disks may take."""
    disk = Disks(MemoryBudget(1 << 20)).mount(machine, FIRST)
    shell = Shell(machine, machine.users[0], lambda: 0.0, Source(FIRST, 1), disk=disk)
    gone = weakref.ref(shell)
    del shell
    gc.collect()
    assert gone() is None
