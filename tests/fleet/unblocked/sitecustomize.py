# SPDX-License-Identifier: MIT
"""Refuses blocking work of workers that share an event loop, in every process that has this folder in PYTHONPATH.

Python imports this module when it starts. The interpreter tells an audit hook (sys.addaudithook) before it looks up a
name, connects, opens a database or runs a shell, and from 3.13 on before it sleeps. Where a worker's code does that
in the thread of its event loop, it is written down whose it is, and refused. What belongs into a thread
(`ctx.in_thread`) has no loop there.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import Any

TOLD = "DECNET_TEST_BLOCKED"
_BLOCKING = ("socket.getaddrinfo", "socket.gethostbyname", "sqlite3.connect", "os.system", "urllib.Request")


def _install(path: str) -> None:
    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _BLOCKING or (event == "socket.connect" and arguments[0].gettimeout() != 0):
            _refuse(event, path)

    def guarded(seconds: Any) -> None:
        _refuse("time.sleep", path)
        sleep(seconds)

    sleep, time.sleep = time.sleep, guarded
    sys.addaudithook(hook)


def _refuse(event: str, path: str) -> None:
    stalls = sys.modules.get("decnet_core.supervise.stalls")
    worker = stalls.WORKER.get(None) if stalls is not None else None
    if worker is None or asyncio._get_running_loop() is None:
        return
    with open(path, "a", encoding="utf-8") as file:  # noqa: PTH123  # pathlib is not to be every process's import
        file.write(f"{worker}: {event}\n")
    raise RuntimeError(f"worker {worker} blocks the event loop of all: {event}")


if os.environ.get(TOLD):
    _install(os.environ[TOLD])
