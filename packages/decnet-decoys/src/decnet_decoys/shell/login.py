# SPDX-License-Identifier: MIT
"""Opens a shell for an accepted login, whatever service accepted it."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from decnet_core.net.addresses import source_of
from decnet_decoys.memory_budget import MemoryBudget, MemoryLease
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.machine.overlays import OverlayStore
from decnet_decoys.shell.state import Origin, ShellState


@contextmanager
def logged_in(
    machine: Machine,
    overlays: OverlayStore,
    budget: MemoryBudget,
    username: str,
    origin: Origin,
    *,
    terminal: str | None = None,
    columns: int = 80,
    command: str | None = None,
) -> Iterator[ShellState]:
    """Open a shell on the machine as this attacker left it; its memory is given back when the block ends.

    An accepted name that is no account of the machine gets the first one's shell. `command` as for `ShellState`.
    """
    user = machine.user(username) or machine.persona.users[0]
    with (
        closing(MemoryLease(budget, source_of(origin.address))) as lease,
        overlays.mounted(machine, origin.address) as overlay,
    ):
        yield ShellState(
            machine,
            user,
            time.time,
            origin,
            terminal=terminal,
            columns=columns,
            lease=lease,
            overlay=overlay,
            command=command,
        )
