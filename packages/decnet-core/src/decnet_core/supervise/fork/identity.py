# SPDX-License-Identifier: MIT
"""What makes a forked child a process of its own: session, name, signals, output, randomness, parent-death signal."""

import contextlib
import ctypes
import os
import random
import signal
from pathlib import Path
from typing import Any

from decnet_core.exits import StartupError
from decnet_core.runtime.worker import Worker
from decnet_core.settings import Settings

SEPARATE = "DECNET_SEPARATE"
"""`1` tells a child to take its worker's account."""

_PR_SET_PDEATHSIG = 1  # prctl(2)
_ARGUMENTS = (48, 49)  # arg_start and arg_end of proc_pid_stat(5)
_NAME_LIMIT = 15  # TASK_COMM_LEN of proc(5), without the closing zero

_libc = ctypes.CDLL(None, use_errno=True)


def follow_parent() -> None:
    """Ask the kernel for SIGTERM when the parent dies (PR_SET_PDEATHSIG); if it has already died, end."""
    parent = os.getppid()
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it died before we could ask
        os._exit(1)


def become_worker(name: str, *, output: int, environment: dict[str, str]) -> None:
    """Turn the process that has just been forked into worker `name`, which writes to the descriptor `output`.

    PR_SET_PDEATHSIG fires when the forking thread ends; the zygote has only one, so that is when the zygote ends.
    """
    os.setsid()
    follow_parent()
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(nothing)
    os.environ.update(environment)
    with contextlib.suppress(OSError):  # without /proc a child is only harder to tell apart
        Path("/proc/self/comm").write_text(f"decnet-{name}"[:_NAME_LIMIT], encoding="ascii")
        _set_title(f"decnet-{name}")
    random.seed()


def _set_title(title: str) -> None:
    """Overwrite the inherited command line, which ps(1) and `systemctl status` show. Raises OSError."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    begin, end = (int(fields[number - 3]) for number in _ARGUMENTS)
    room = end - begin
    if room > len(title):  # the final zero must stay, or the environment would be shown too
        ctypes.memmove(begin, title.encode("ascii", "replace").ljust(room, b"\0"), room)


def separate(worker: type[Worker[Any]]) -> None:
    """If the supervisor wants that, enter `worker`'s control group, become its user and keep only its capabilities.

    Raises StartupError when that is impossible: a worker never runs with more privileges than it declares.
    """
    if os.environ.get(SEPARATE) != "1":
        return
    from decnet_core.supervise.fork import cgroup, privileges

    user = f"decnet-{worker.name}"
    settings = Settings.load().section(worker.name, worker.Settings)
    held = worker.capabilities(settings)
    try:
        Path("/proc/self/oom_score_adj").write_text(str(worker.oom_score_adj), encoding="ascii")
        if os.environ.get(cgroup.DIRECTORY):
            budget = worker.shares(settings) * worker.memory_budget
            cgroup.enter(Path(os.environ[cgroup.DIRECTORY]), worker.name, budget)
        privileges.become_user(user, held)
    except KeyError as error:
        raise StartupError(f"this system has no user {user}; `decnet init` creates it") from error
    except OSError as error:
        raise StartupError(f"cannot become user {user}: {error.strerror}; start decnet-supervise as root") from error
    follow_parent()  # the kernel forgets it when the user changes
