# SPDX-License-Identifier: MIT
"""Drives command lines as the event loop does and measures how long each keeps it between two yields."""

from __future__ import annotations

import functools
import time
from typing import NamedTuple

from tests.decnet_decoys.decky_host import NOW, ORIGIN, apart

from decnet_decoys.memory_budget import MemoryBudget, MemoryLease
from decnet_decoys.processor import turn
from decnet_decoys.shell.effects import AskLine, Effects, ReadAll
from decnet_decoys.shell.interpreter import Interpreter
from decnet_decoys.shell.machine.access import KERNEL
from decnet_decoys.shell.machine.filesystem import FileSystem
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.machine.overlays import FILES_BYTES, Overlay
from decnet_decoys.shell.machine.tree import Tree
from decnet_decoys.shell.state import ShellState

MANY_LINES = b"y\n" * (2 << 20)
ONE_LINE = b"a" * (4 << 20)
DEEP = "/tmp" + "/d" * 90
CLIMBING = "many/../" * 500
"""Many steps that lead nowhere: what a link can hold."""


class Stretch(NamedTuple):
    """The longest time without a yield, after which yield it began, and what the line took in all: processor time."""

    seconds: float
    after: int
    whole: float


def measured(effects: Effects, *, at_most: float, answer: bytes = b"") -> Stretch:
    """Run a line until it ends or has used `at_most` seconds."""
    longest, whole, count = Stretch(0.0, 0, 0.0), 0.0, 0
    reply: bytes | None = None
    try:
        while whole < at_most:
            turn.begin()
            began = time.thread_time()
            try:
                effect = effects.send(reply)
            except StopIteration:
                break
            finally:
                took = time.thread_time() - began
                whole += took
                longest = max(longest, Stretch(took, count, whole))
                count += 1
            reply = answer if isinstance(effect, AskLine | ReadAll) else None
    finally:
        effects.close()
    return longest._replace(whole=whole)


def keeps_turns(shell: ShellState, line: str, stdin: bytes, *, allowed: float, at_most: float) -> bool:
    """Return whether no stretch of a line takes longer, in one of three runs: on a shared processor one may."""
    return any(
        measured(Interpreter(shell).run(line, stdin), at_most=at_most).seconds < allowed for _attempt in range(3)
    )


def prepared(machine: Machine) -> ShellState:
    """Root's shell on a machine that an attacker has prepared: large files, many names, deep paths, long links."""
    machine = apart(machine)
    overlay = Overlay(machine, MemoryLease(MemoryBudget(64 << 20)))
    _copy(_filled(machine.tree), overlay.files)
    return ShellState(machine, machine.users[0], lambda: float(NOW), ORIGIN, terminal="xterm", overlay=overlay)


def _copy(source: FileSystem, files: FileSystem) -> None:
    """Give `files`, on the same tree and unchanged, what was changed in `source`: entries are immutable."""
    files._changed = dict(source._changed)
    files._added = {directory: set(names) for directory, names in source._added.items()}
    files._used = source._used
    held = files._lease.hold(source._lease.held)
    assert held


@functools.lru_cache(maxsize=1)
def _filled(tree: Tree) -> FileSystem:
    """Write it all once, not for every line: 1,500 names take longer than most lines that are measured on them."""
    files = FileSystem(tree, FILES_BYTES, MemoryLease(MemoryBudget(64 << 20)))
    for path, data in (("/tmp/lines", MANY_LINES), ("/tmp/row", ONE_LINE), ("/tmp/script", b"id;" * 20_000)):
        files.write(path, data, KERNEL)
        files.change(path, KERNEL, mode=0o755)
    files.mkdir("/tmp/many", KERNEL)
    for number in range(1500):
        files.write(f"/tmp/many/{number}", b"", KERNEL)
    path = "/tmp"
    for _ in range(90):
        path += "/d"
        files.mkdir(path, KERNEL)
    files.write(f"{DEEP}/deep", b"deep", KERNEL)
    for number in range(20):
        files.link(f"/tmp/{CLIMBING[:4000]}l{number + 1}", f"/tmp/l{number}", KERNEL)
    return files
