# SPDX-License-Identifier: MIT
"""Who is supervised how, on disk: one small file per supervisor, readable when bus and workers are down."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from decnet_core.durable import replace_file
from decnet_core.supervise.fleet import Fleet, Status


class Roster(msgspec.Struct, frozen=True):
    """What one supervisor says of its workers."""

    supervisor: int
    """Its pid."""
    hosting: str
    """fork, tasks or units."""
    workers: tuple[Status, ...]
    zygote: int | None = None
    """The pid of the warm parent in fork mode."""

    @property
    def alive(self) -> bool:
        """Whether the supervisor that wrote it still runs."""
        return Path(f"/proc/{self.supervisor}").exists()


def keep_roster(fleet: Fleet, run: Path, label: str, hosting: str) -> None:
    """Write the roster of `fleet` to `run`/roster.LABEL.json now and whenever the status of a worker changes."""
    path = run / f"roster.{label}.json"

    def write(_: Status | None = None) -> None:
        roster = Roster(os.getpid(), hosting, fleet.status(), fleet.zygote)
        try:
            replace_file(path, msgspec.json.encode(roster), 0o660)
        except OSError:  # a full disk must not stop a fleet; `decnet status` still asks the workers themselves
            return

    fleet.on_change(write)
    write()


def read_rosters(run: Path) -> Iterable[Roster]:
    """Yield what the supervisors that still run have written below `run`; a damaged file is passed over."""
    for path in sorted(run.glob("roster.*.json")):
        try:
            roster = msgspec.json.decode(path.read_bytes(), type=Roster)
        except (OSError, msgspec.DecodeError):
            continue
        if roster.alive:
            yield roster
