# SPDX-License-Identifier: MIT
"""As many OpenCanary processes as one asks for, each in a network namespace with five ports, beside density.py.

It is installed where nothing else is: `uv venv /tmp/opencanary && uv pip install --python /tmp/opencanary/bin/python
"setuptools<81" opencanary`; `--opencanary /tmp/opencanary` names the place. Its services are those that it has nearest
to a mail server's: it has none for mail.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from decnet.drill.lan import clients
from decnet_core.footprint import Footprint, measure
from decnet_core.placement.netlink import links
from decnet_core.placement.netlink.connection import Netlink
from decnet_core.placement.runtimes.namespaces import Namespaces

PORTS = {"ssh": 22, "ftp": 21, "telnet": 23, "http": 80, "redis": 6379}
ANSWER_SECONDS = 300.0
SETTLE_SECONDS = 5.0
_AGAIN_SECONDS = 0.1
_LOOPBACK = "127.0.0.1"


class Processes(msgspec.Struct):
    """The figures of so many processes."""

    processes: int
    ports: int
    seconds_until_all_answer: float
    mib: float
    """PSS of all."""
    kib_each: float
    """What each of them added to one alone; of one, what it takes."""


def measured(place: Path, number: int, directory: Path) -> Processes:
    """Run so many of the OpenCanary that is installed in `place`; SystemExit when they do not answer."""
    namespaces = Namespaces(directory, "canary-")
    names = [str(each) for each in range(number)]
    with _made(namespaces, names), contextlib.ExitStack() as running:
        began = time.monotonic()
        first = running.enter_context(_running(namespaces, names[0], place, directory))
        alone = _settled(namespaces, names[:1], [first])
        others_began = time.monotonic()
        others = [running.enter_context(_running(namespaces, name, place, directory)) for name in names[1:]]
        _wait(namespaces, names, began)
        seconds = time.monotonic() - (others_began if others else began)
        mib = _settled(namespaces, names, [first, *others])
        each = (mib - alone) / len(others) if others else alone
    return Processes(number, number * len(PORTS), round(seconds, 1), round(mib, 1), round(1024 * each, 1))


@contextlib.contextmanager
def _made(namespaces: Namespaces, names: list[str]) -> Iterator[None]:
    try:
        for name in names:
            namespaces.create(name)
            namespaces.enter(name, _bring_up)
        yield
    finally:
        for name in names:
            namespaces.remove(name)


def _bring_up() -> None:
    with Netlink() as netlink:
        links.set_up(netlink, links.links(netlink)["lo"])


@contextlib.contextmanager
def _running(namespaces: Namespaces, name: str, place: Path, directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    home = directory / f"home-{name}"
    home.mkdir()
    (home / ".opencanary.conf").write_text(json.dumps(_settings(home, name)))
    command = [place / "bin" / "twistd", "-n", "-o", "-y", place / "bin" / "opencanary.tac", "--pidfile", home / "pid"]
    environment = os.environ | {"HOME": str(home)}
    with (home / "log").open("wb") as log:
        process = namespaces.enter(
            name,
            lambda: subprocess.Popen(
                list(map(str, command)), env=environment, cwd=home, stdout=log, stderr=subprocess.STDOUT
            ),
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _settings(home: Path, name: str) -> dict[str, object]:
    events = {"class": "logging.FileHandler", "filename": str(home / "events")}
    log = {"class": "PyLogger", "kwargs": {"handlers": {"file": events}}}
    found: dict[str, object] = {"device.node_id": f"canary-{name}", "logger": log, "ssh.key_path": str(home)}
    for service, port in PORTS.items():
        found |= {f"{service}.enabled": True, f"{service}.port": port}
    return found | {"ssh.version": "SSH-2.0-OpenSSH_9.2p1", "telnet.honeycreds": [], "http.skin": "nasLogin"}


def _wait(namespaces: Namespaces, names: list[str], began: float) -> None:
    for name in names:
        while len(namespaces.enter(name, _answering)) < len(PORTS):
            if time.monotonic() - began > ANSWER_SECONDS:
                raise SystemExit(f"OpenCanary {name} does not answer")
            time.sleep(_AGAIN_SECONDS)


def _answering() -> set[clients.Endpoint]:
    return clients.open_endpoints([(_LOOPBACK, port) for port in PORTS.values()])


def _settled(namespaces: Namespaces, names: list[str], processes: list[subprocess.Popen[bytes]]) -> float:
    """Return MiB of PSS, a while after all answer."""
    _wait(namespaces, names, time.monotonic())
    time.sleep(SETTLE_SECONDS)
    found: list[Footprint | None] = [measure(one.pid) for one in processes]
    return sum(one.pss for one in found if one is not None) / (1 << 20)
