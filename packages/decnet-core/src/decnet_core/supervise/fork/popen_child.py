# SPDX-License-Identifier: MIT
"""Starts a child with an interpreter of its own; it leaves neither a zombie nor children of its own behind."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from decnet_core.net.inherited import VARIABLE, described
from decnet_core.supervise.fork.child_process import ChildProcess


def interpreter_child(
    name: str,
    place: str,
    *,
    environment: Mapping[str, str],
    handed: Mapping[str, int],
    inherit: Sequence[int] = (),
    write: Callable[[bytes], None],
) -> ChildProcess:
    """Run the worker or the program at `place` (`child_main`), as `popen_child` does; it finds `handed` by name."""
    return popen_child(
        [sys.executable, "-m", "decnet_core.supervise.fork.child_main", name, place],
        environment={**environment, VARIABLE: described(handed)},
        inherit=[*inherit, *handed.values()],
        write=write,
    )


def popen_child(
    command: Sequence[str], *, environment: Mapping[str, str], inherit: Sequence[int], write: Callable[[bytes], None]
) -> ChildProcess:
    """Start `command`; `write` receives what it prints, `inherit` are descriptors it keeps. Raises OSError."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(environment),
        pass_fds=tuple(inherit),
        start_new_session=True,
    )
    assert process.stdout is not None
    with process.stdout:
        output = os.dup(process.stdout.fileno())
    return ChildProcess(process.pid, os.pidfd_open(process.pid), output, write, process.wait)
