# SPDX-License-Identifier: MIT
"""The status file of a supervisor: what it knows of its workers, readable when bus and workers are down."""

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from decnet_core.durable import replace_file
from decnet_core.supervise.fleet import Fleet
from decnet_core.supervise.lifecycle import Status


class SupervisorStatus(msgspec.Struct, frozen=True):
    supervisor: int
    """Its pid."""
    hosting: str
    """fork, tasks or units."""
    workers: tuple[Status, ...]
    zygotes: dict[str, int] = {}
    """The pids of the zygotes in fork mode by name; that of the first is empty."""

    @property
    def parents(self) -> dict[str, int]:
        """The pids of the supervisor and its zygotes, by the names under which they are shown."""
        zygotes = {f"(zygote {name})" if name else "(zygote)": pid for name, pid in self.zygotes.items()}
        return {"(supervisor)": self.supervisor, **zygotes}

    @property
    def alive(self) -> bool:
        """Whether the supervisor that wrote the file still runs."""
        return Path(f"/proc/{self.supervisor}").exists()


def publish_status(fleet: Fleet, directory: Path, label: str, hosting: str) -> None:
    """Write supervisor.LABEL.json in `directory` now and whenever the status of a worker changes.

    Not synced: it counts only while the supervisor runs, whose loop must not wait for a busy disk at every wake-up.
    """
    path = directory / f"supervisor.{label}.json"

    def write(_: Status | None = None) -> None:
        status = SupervisorStatus(os.getpid(), hosting, fleet.status(), fleet.zygotes)
        try:
            replace_file(path, msgspec.json.encode(status), 0o660, synced=False)
        except OSError:  # a full disk must not stop a fleet; `decnet status` also asks the workers themselves
            return

    fleet.on_change(write)
    write()


def read_status_files(directory: Path) -> Iterable[SupervisorStatus]:
    """Yield the status of each running supervisor that writes to `directory`; damaged files are skipped."""
    for path in sorted(directory.glob("supervisor.*.json")):
        try:
            status = msgspec.json.decode(path.read_bytes(), type=SupervisorStatus)
        except (OSError, msgspec.DecodeError):
            continue
        if status.alive:
            yield status
