# SPDX-License-Identifier: MIT
"""The whole fleet in the foreground, until Ctrl-C.

In fork mode this process becomes the zygote of the workers and of their supervisor: all share the pages of what is
imported here, once, which therefore is as little as the workers of `decnet-supervise` need. It is single-threaded and
has no event loop, so that forking is safe.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from decnet.cli.errors import FAILED, WrongUsageError
from decnet.command import guarded
from decnet.fleet.deployment import Deployment, find_deployment
from decnet.up import own_address
from decnet.up.command_line import Options
from decnet.up.hosting import Hosting
from decnet.up.known_sections import refuse_unknown
from decnet.up.preparation import prepare
from decnet.up.revival import course, reviving
from decnet.up.run import RunOptions, run, workers
from decnet.up.viewer.messages import Show
from decnet_core.runtime import worker_registry
from decnet_core.supervise.fork import zygote
from decnet_core.supervise.settings import SuperviseSettings


def launch(asked: Options) -> int:
    """Run the fleet until it is stopped; return the exit code. Raises OperatorError, SettingsError, StateError."""
    if asked.plain and asked.as_json:
        raise WrongUsageError("--plain and --json exclude each other")
    own_address.choose(asked.address, asked.port_offset)
    deployment = find_deployment()
    refuse_unknown(deployment.settings)
    own_address.check(deployment.settings)
    supervision = deployment.settings.section("supervise", SuperviseSettings)
    _say(f"starting the fleet in {deployment.state.root}")
    lock, ends = prepare(deployment)
    show = _show(asked)
    former = course(asked.seconds)
    ready_file = None if asked.ready_file is None else Path(asked.ready_file)
    options = RunOptions(show, ends, former.seconds_left, ready_file, os.getpid())

    def supervise(zygote: socket.socket | None) -> int:
        whole = asyncio.run(run(deployment, options, asked.host, zygote))
        return 0 if whole else FAILED

    try:
        if asked.host is not Hosting.FORK:
            return supervise(None)
        _say("loading the workers")
        return _fork(deployment, supervise, reviving(former, supervision, page=show is Show.PAGE))
    finally:
        lock.release()


def _show(asked: Options) -> Show:
    if asked.as_json:
        return Show.JSON
    return Show.PAGE if not asked.plain and sys.stdout.isatty() else Show.PLAIN


def _say(text: str) -> None:
    """Tell who watches at a terminal what takes time."""
    if sys.stderr.isatty():
        sys.stderr.write(f"{text}\n")


def _fork(deployment: Deployment, supervise: Callable[[socket.socket], int], killed: Callable[[int], NoReturn]) -> int:
    """Run as the workers' zygote until the supervisor is done; return its exit code."""
    os.environ["DECNET_STATE_DIR"] = str(deployment.state.root.absolute())

    def supervised(channel: socket.socket) -> int:
        # Ctrl-C reaches the parent, which passes it on: in the same process group we would get it twice. In a session
        # of its own this process has no controlling terminal, so its viewer may write to that one and read its keys.
        os.setsid()
        try:
            return guarded(lambda: supervise(channel))
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()

    return zygote.run_with_supervisor(worker_registry.first_zygotes(workers(deployment)), supervised, killed)
