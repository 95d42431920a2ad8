# SPDX-License-Identifier: MIT
"""Ports and addresses of this machine for programs that bind them later, or again after they were killed.

The port that `bind` finds for 0 is one of those that the kernel gives to outgoing connections by itself: while nobody
is bound to it, any other program may get it. These here are none of them. And no two processes of tests get the same:
each holds a lock on one byte of a file for every port or address that it was given, until it ends.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import random
import socket
from functools import cache
from ipaddress import ip_address
from pathlib import Path

_OF_THE_KERNEL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_ELSEWHERE = (32768, 65535)
"""What other systems give to outgoing connections, and more."""
_FIRST = 20_000
"""Below it are ports that tests, decoys and well-known programs have by number."""
_CHANCE = random.SystemRandom()
_given: set[int] = set()


def free_port(address: str = "127.0.0.1") -> int:
    """Return a port that nobody has there, neither by TCP nor by UDP, and that nobody else gets: another each time."""
    candidates = outside(*_given_by_the_kernel())
    start = _CHANCE.randrange(len(candidates))
    in_turn = itertools.chain(candidates[start:], candidates[:start])
    return next(port for port in in_turn if claimed(address, port) and _is_free(address, port))


def own_address(last: int) -> str:
    """An address that no other test run uses, and at import no other module: `last` is each module's own there."""
    return f"127.78.{_own_network(os.getpid())}.{last}"


@cache
def _own_network(pid: int) -> int:
    """Return the number of a network that no other process has; one that was forked from another has its own."""
    return next(n for turn in range(250) if claimed(f"127.78.{(n := (pid + turn) % 250 + 1)}.0"))


@cache
def outside(first: int, last: int) -> tuple[int, ...]:
    """Return the ports that are not between these two; all where these are all. To list them takes 4 ms."""
    every = range(_FIRST, 65536)
    return tuple(port for port in every if not first <= port <= last) or tuple(every)


def claimed(address: str, port: int = 0) -> bool:
    """Return whether this process has this from now on: it had not, and no other process of tests has."""
    number = int(ip_address(address)) % 2**32 * 2**16 + port
    if number in _given:
        return False
    try:
        fcntl.lockf(_claims(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
    except OSError:
        return False
    _given.add(number)
    return True


@cache
def _claims() -> int:
    """Open the file of the locks for good: who closes it gives up all of them. Forked processes share only the file."""
    return os.open(f"/tmp/decnet-tests-{os.getuid()}.claims", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _given_by_the_kernel() -> tuple[int, int]:
    try:
        first, last = _OF_THE_KERNEL.read_text().split()
    except OSError:
        return _ELSEWHERE
    return int(first), int(last)


def _is_free(address: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(family, kind) as probe:
                probe.bind((address, port))
    except OSError:
        return False
    return True
