# SPDX-License-Identifier: MIT
"""The schema of a persona file; everything in one must be coherent."""

from typing import Any, Literal, TypeVar

import msgspec

P = TypeVar("P")


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Part of a persona: an unknown key is an error."""


class User(Part, frozen=True, kw_only=True):
    """An account; `passwords` are those that a login accepts."""

    name: str
    uid: int
    gid: int
    gecos: str = ""
    home: str
    shell: str
    groups: tuple[str, ...] = ()
    passwords: tuple[str, ...] = ()
    sudo: bool = False


class Process(Part, frozen=True, kw_only=True):
    """A line of `ps`; sizes in KiB, times as `ps` prints them."""

    pid: int
    user: str = "root"
    command: str
    vsz: int = 0
    rss: int = 0
    cpu: float = 0.0
    stat: str = "S"
    tty: str = "?"
    time: str = "0:00"


class Listener(Part, frozen=True, kw_only=True):
    """A listening socket as `ss` and `netstat` show it."""

    port: int
    address: str = "0.0.0.0"  # noqa: S104  # what the decoy claims, nothing is bound to it
    protocol: Literal["tcp", "udp"] = "tcp"
    pid: int = 0
    process: str = ""


class Disk(Part, frozen=True, kw_only=True):
    """A line of `df` and `mount`; sizes in KiB."""

    device: str
    mount: str
    type: str
    size: int
    used: int


class Hardware(Part, frozen=True, kw_only=True):
    """What /proc, `free` and `lscpu` show."""

    cpu: str
    cores: int
    mhz: float
    memory_kib: int
    used_kib: int
    mac: str
    interface: str
    disks: tuple[Disk, ...]


class Persona(Part, frozen=True, kw_only=True):
    """The description of one machine."""

    name: str
    os: str
    family: Literal["debian", "busybox"]
    hostname: str
    kernel: str
    kernel_build: str
    machine: str = "x86_64"
    uptime_days: int
    """Its age on the day its host key was made."""
    motd: str = ""
    users: tuple[User, ...]
    hardware: Hardware
    processes: tuple[Process, ...]
    listeners: tuple[Listener, ...]
    packages: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    files: dict[str, str] = {}
    services: dict[str, Any] = {}
    """Service and its profile: what the machine would run."""

    def profile(self, kind: type[P]) -> P | None:
        """Return the profile of that class, None when the persona does not describe such a service."""
        return next((profile for profile in self.services.values() if isinstance(profile, kind)), None)
