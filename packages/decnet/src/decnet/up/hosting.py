# SPDX-License-Identifier: MIT
"""How `decnet up` hosts its workers: forked from a zygote, as tasks of this process, or each with an interpreter.

As tasks they share the process of the command itself: a single process is the purpose of this hosting. There is one log
per process, so `fleet.log` then has theirs, too, beside the changes of state.
"""

import contextlib
import enum
import socket
from collections.abc import Iterator

from decnet.fleet.bus_access import bus_client
from decnet.fleet.deployment import Deployment
from decnet.up.preparation import environment
from decnet_core.runtime import logs
from decnet_core.runtime.settings import RuntimeSettings
from decnet_core.supervise.command import BUS_SECONDS
from decnet_core.supervise.fleet import Fleet
from decnet_core.supervise.logfile import LogFile
from decnet_core.supervise.process_fleet import ProcessFleet
from decnet_core.supervise.settings import SuperviseSettings

HELP = "fork: workers share their code in memory; tasks: one process for all; units: an interpreter for each."


class Hosting(enum.StrEnum):
    """How workers are hosted; the values of `decnet-supervise --mode` and of the status file."""

    FORK = "fork"
    TASKS = "tasks"
    UNITS = "units"


@contextlib.contextmanager
def hosted(deployment: Deployment, hosting: Hosting, zygote: socket.socket | None) -> Iterator[Fleet]:
    """Yield the fleet, not started yet, inside a running event loop; `zygote` leads to the zygote of FORK."""
    supervision = deployment.settings.section("supervise", SuperviseSettings)
    with _logging(deployment):
        if hosting is Hosting.TASKS:
            with _tasks(deployment) as fleet:
                yield fleet
            return
        yield ProcessFleet(
            supervision,
            logs=deployment.state.root / "log",
            environment=environment(deployment),
            zygote=zygote,
            connect_bus=lambda: bus_client(deployment, "supervise", wait=BUS_SECONDS),
            spools=deployment.state.spool,
        )


@contextlib.contextmanager
def _logging(deployment: Deployment) -> Iterator[None]:
    """Log to a file: the terminal shows the page."""
    file = log_file(deployment, "fleet")
    logs.configure("fleet", deployment.settings.section("runtime", RuntimeSettings).log_level, _Lines(file))
    with contextlib.closing(file):
        yield


def log_file(deployment: Deployment, name: str) -> LogFile:
    """Return the log of what runs beside the workers."""
    settings = deployment.settings.section("supervise", SuperviseSettings)
    place = deployment.state.root / "log" / f"{name}.log"
    return LogFile(place, limit_bytes=settings.log_bytes, files=settings.log_files)


@contextlib.contextmanager
def _tasks(deployment: Deployment) -> Iterator[Fleet]:
    from decnet_core.supervise.stalls import watched
    from decnet_core.supervise.task_fleet import TaskFleet

    with watched() as stalls:
        yield TaskFleet(deployment.settings, stalls)


class _Lines:
    """A log file as the text stream that `logging` writes to."""

    def __init__(self, file: LogFile) -> None:
        self._file = file

    def write(self, text: str) -> None:
        self._file.write(text.encode("utf-8", "backslashreplace"))

    def flush(self) -> None:
        """Nothing is held back."""
