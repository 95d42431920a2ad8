# SPDX-License-Identifier: MIT
"""Files whose content is made when they are read: /dev/zero, /dev/urandom, /proc/uptime, /proc/self."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.machine.tree import ENDLESS, Filler


class Running:
    """The program that runs now, as /proc/self shows it."""

    def __init__(self, shell: str) -> None:
        self._shell = shell
        self._argv = [shell]
        self._cwd = "/"
        self._multi_call: list[str] = []

    def begin(self, argv: list[str], cwd: str) -> None:
        self._argv, self._cwd = argv, cwd

    def end(self) -> None:
        self._argv = [self._shell]

    @contextmanager
    def applet_of_this(self) -> Iterator[None]:
        """Show what runs meanwhile as an applet of the program that runs now."""
        self._multi_call = self._argv[:1]
        try:
            yield
        finally:
            self._multi_call = []

    @property
    def is_applet(self) -> bool:
        """Whether what runs was started as an applet."""
        return bool(self._multi_call)

    def comm(self) -> bytes:
        return encode([*self._multi_call, *self._argv][0].rpartition("/")[2][:15] + "\n")

    def cmdline(self) -> bytes:
        return b"".join(encode(word[:4096]) + b"\0" for word in [*self._multi_call, *self._argv[:64]])

    def exe(self) -> str:
        name = [*self._multi_call, *self._argv][0].rpartition("/")[2]
        return "/bin/busybox" if self._shell == "busybox" else f"/usr/bin/{name}"

    def directory(self) -> str:
        return self._cwd


def zeros() -> Filler:
    return Filler(b"", ENDLESS, "")


def noise(reads: Iterator[int]) -> Filler:
    """Return endless noise, other at each read."""
    return Filler(b"", ENDLESS, f"{os.urandom(8).hex()}{next(reads)}")


def node_name(machine: Machine) -> bytes:
    """Return the text of /proc/sys/kernel/hostname."""
    return encode(machine.hostname + "\n")


def mounted(machine: Machine) -> bytes:
    """Return the text of /proc/mounts."""
    return encode("".join(" ".join(one) + " 0 0\n" for one in machine.mounts()))


def uptime(machine: Machine, clock: Callable[[], float]) -> bytes:
    """Return the text of /proc/uptime: seconds since the boot, and all processors' idle ones (proc(5))."""
    up = max(0.0, clock() - machine.booted)
    return f"{up:.2f} {up * machine.persona.hardware.cores * 0.988:.2f}\n".encode()
