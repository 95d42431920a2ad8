# SPDX-License-Identifier: MIT
from __future__ import annotations

import gc
import weakref

import pytest
from tests.decnet_decoys.decky_host import ORIGIN

from decnet_decoys.memory_budget import MemoryBudget
from decnet_decoys.shell.machine.access import KERNEL
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.machine.overlays import MAX_IDLE_BYTES, OverlayStore
from decnet_decoys.shell.state import ShellState

SIZE = 10_000
FIRST, SECOND, THIRD = "192.0.2.1", "192.0.2.2", "192.0.2.3"


def visit(overlays: OverlayStore, machine: Machine, source: str, name: str = "/tmp/x") -> None:
    """Come, leave a file and go."""
    with overlays.mounted(machine, source) as overlay:
        overlay.files.write(name, bytes(SIZE), KERNEL)


def has(overlays: OverlayStore, machine: Machine, source: str) -> bool:
    with overlays.mounted(machine, source) as overlay:
        return overlay.files.exists("/tmp/x")


def test_returning_attackers_find_what_they_left_and_nobody_else_does(machine: Machine) -> None:
    overlays = OverlayStore(MemoryBudget(1 << 20))
    visit(overlays, machine, FIRST)
    assert has(overlays, machine, FIRST)
    assert not has(overlays, machine, SECOND)
    assert not has(overlays, machine._replace(given_name="web-02"), FIRST)


def test_the_longest_unused_overlay_makes_room(machine: Machine) -> None:
    budget = MemoryBudget(3 * SIZE)
    overlays = OverlayStore(budget)
    visit(overlays, machine, FIRST)
    visit(overlays, machine, SECOND)
    visit(overlays, machine, FIRST)
    visit(overlays, machine, THIRD)
    assert has(overlays, machine, FIRST)
    assert not has(overlays, machine, SECOND)
    assert budget.refused == 0


def test_an_overlay_in_use_is_never_taken_away(machine: Machine) -> None:
    overlays = OverlayStore(MemoryBudget(int(1.6 * SIZE)))
    with overlays.mounted(machine, FIRST) as mine:
        mine.files.write("/tmp/x", bytes(SIZE), KERNEL)
        with pytest.raises(FileSystemError, match="No space left"):
            visit(overlays, machine, SECOND)
    visit(overlays, machine, SECOND)


def test_an_overlay_does_not_keep_the_shells_that_used_it(machine: Machine) -> None:
    """Their variables and functions are not counted in the memory that overlays may take."""
    with OverlayStore(MemoryBudget(1 << 20)).mounted(machine, FIRST) as overlay:
        shell = ShellState(machine, machine.users[0], lambda: 0.0, ORIGIN, overlay=overlay)
        gone = weakref.ref(shell)
        del shell
        gc.collect()
        assert gone() is None


def test_a_large_overlay_goes_when_its_sessions_do_and_small_ones_stay(machine: Machine) -> None:
    budget = MemoryBudget(64 << 20)
    overlays = OverlayStore(budget)
    visit(overlays, machine, FIRST)
    with overlays.mounted(machine, SECOND) as overlay:
        overlay.files.write("/tmp/x", bytes(MAX_IDLE_BYTES), KERNEL)
        visit(overlays, machine, THIRD)
        assert overlay.files.exists("/tmp/x")
    assert [has(overlays, machine, source) for source in (FIRST, SECOND, THIRD)] == [True, False, True]
    assert budget.left > (64 << 20) - MAX_IDLE_BYTES
