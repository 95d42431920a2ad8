# SPDX-License-Identifier: MIT
"""Opens a shell for an accepted login, whatever service accepted it."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

from decnet_core.net.addresses import source_of
from decnet_decoys.changes.decky_changes import DeckyChanges
from decnet_decoys.memory_budget import MemoryBudget, MemoryLease
from decnet_decoys.shell.environment.origin import Origin
from decnet_decoys.shell.machine.files import account_files
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.machine.overlays import OverlayStore
from decnet_decoys.shell.state import ShellState


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
    changes: DeckyChanges | None = None,
) -> Iterator[ShellState]:
    """Open a shell on the machine as it was left; its memory is given back when the block ends.

    An accepted name that is no account of the machine gets the first one's shell. `command` as for `ShellState`. What
    is changed goes into `changes` at the end of each line.
    """
    with (
        closing(MemoryLease(budget, source_of(origin.address))) as lease,
        overlays.mounted(machine, origin.address) as overlay,
    ):
        accounts = account_files.users(overlay.files)
        user = next((one for one in accounts if one.name == username), machine.persona.users[0])
        shell = ShellState(
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
        if changes is None:
            yield shell
            return
        shell.on_changed = partial(
            changes.take, machine, overlay.files, source_of(origin.address), origin.session
        )  # not bound to the shell: the overlay must not keep it
        try:
            yield shell
        finally:
            shell.on_changed()
            changes.save()
