# SPDX-License-Identifier: MIT
"""A LAN of its own for a test: a host with a bridge, and an attacker's machine on it, in namespaces."""

from __future__ import annotations

import ipaddress
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any, ParamSpec, TypeVar

import pytest

from decnet_core.placement.desired import DesiredDecky, Interface, Service
from decnet_core.placement.runtimes.namespaces import Namespaces

T = TypeVar("T")
P = ParamSpec("P")

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or which("ip") is None, reason="makes network namespaces: needs root and ip"
)

FLEET = "f1ee7001"
ATTACKER = "10.77.0.2"
ATTACKER_6 = "fd77::2"


class Lan:
    """The two machines; `host` runs code on the one where the reconciler is, `attacker` a program on the other."""

    def __init__(self, directory: Path) -> None:
        self.machines = Namespaces(directory, "machine-")
        self.deckies = directory / "netns"

    def host(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Return what the function returns when it is called on the host."""
        return self.machines.enter("host", lambda: function(*arguments, **named))

    def ip(self, *words: str, machine: str = "host") -> str:
        return self.run(machine, "ip", *words, check=True).stdout

    def attacker(self, *command: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        return self.run("attacker", *command, check=check)

    def run(self, machine: str, *command: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        return self.machines.enter(
            machine, lambda: subprocess.run(command, capture_output=True, text=True, timeout=60, check=check)
        )

    def network(self) -> str:
        """Return all that is configured on the host, without what the kernel finds out by itself a moment later."""
        shown = [
            self.ip(*words.split()) for words in ("link", "address", "route show table all", "-6 route show table all")
        ]
        configured = re.sub(r" state \w+| tentative|NO-CARRIER,|,LOWER_UP", "", "\n".join(shown))
        return configured + "\n".join(sorted(path.name for path in self.deckies.glob("*")))


@contextmanager
def lan(directory: Path) -> Iterator[Lan]:
    made = Lan(directory)
    try:
        for name in ("host", "attacker"):
            made.machines.create(name)
            made.ip("link", "set", "lo", "up", machine=name)
        _wire(made)
        yield made
    finally:
        left = Namespaces(made.deckies, "decnet-")
        for name in left.names():
            left.remove(name)
        for name in made.machines.names():
            made.machines.remove(name)


def wait_until(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _wire(made: Lan) -> None:
    with made.machines.opened("attacker") as attacker:
        peer = ("peer", "name", "eth0", "netns", f"/proc/{os.getpid()}/fd/{attacker}")
        made.ip("link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        made.ip("link", "add", "port0", "type", "veth", *peer)
    for name in ("br0", "port0"):  # link-local addresses would come seconds later, and each test compare too early
        made.ip("link", "set", name, "addrgenmode", "none")
    made.ip("link", "set", "port0", "master", "br0", "up")
    made.ip("link", "set", "br0", "up")
    made.ip("address", "add", "10.77.0.1/24", "dev", "br0")
    made.ip("link", "set", "eth0", "up", machine="attacker")
    made.ip("address", "add", f"{ATTACKER}/24", "dev", "eth0", machine="attacker")
    made.ip("address", "add", f"{ATTACKER_6}/64", "dev", "eth0", "nodad", machine="attacker")
    wait_until(lambda: "LOWER_UP" in made.ip("link", "show", "br0"))


def decky(name: str = "web-01", *addresses: str, **other: Any) -> DesiredDecky:
    """Return a decky on the LAN's bridge."""
    found: tuple[Interface, ...] = tuple(map(ipaddress.ip_interface, addresses or ("10.77.0.10/24",)))
    values: dict[str, Any] = {
        "host_name": name,
        "runtime": "netns",
        "persona": "debian-web",
        "services": (Service("ssh", 22), Service("http", 80)),
        "version": 1,
        "interface": "br0",
        "mac": "00:16:3e:11:22:33",
        **other,
    }
    return DesiredDecky(name=name, addresses=found, **values)
