# SPDX-License-Identifier: MIT
"""Starts or stops a decky and is killed before its n-th change of the kernel: DIRECTORY start|stop NUMBER."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.decnet_core.placement.lan import FLEET, decky

from decnet_core.placement.desired import DesiredDecky
from decnet_core.placement.netlink.connection import Netlink
from decnet_core.placement.runtimes.namespaces import Namespaces
from decnet_core.placement.runtimes.netns import Netns

CHANGES: tuple[tuple[type[Any], str], ...] = (
    (Netlink, "request"),
    (Netlink, "transaction"),
    (Namespaces, "_mount_new"),
    (Namespaces, "remove"),
    (Path, "touch"),
    (Path, "unlink"),
    (Path, "write_text"),
)


def one_decky(name: str = "web-01") -> DesiredDecky:
    return decky(name, "10.77.0.10/24", "fd77::10/64")


def _dying(change: Callable[..., Any], count: itertools.count[int], fatal: int) -> Callable[..., Any]:
    def counted(*arguments: Any, **named: Any) -> Any:
        if next(count) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return change(*arguments, **named)

    return counted


def main() -> None:
    directory, action, fatal = sys.argv[1:]
    count = itertools.count(1)
    for owner, name in CHANGES:
        setattr(owner, name, _dying(getattr(owner, name), count, int(fatal)))
    getattr(Netns(Path(directory), FLEET), action)(one_decky())


if __name__ == "__main__":
    main()
