# SPDX-License-Identifier: MIT
"""What a persona file may say; everything in it must tell one coherent story."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all parts share: a key nobody knows is an error."""


class User(Part, frozen=True, kw_only=True):
    """An account; `passwords` are those that SSH accepts."""

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


class SshProfile(Part, frozen=True, kw_only=True):
    """What SSH shows before log-in: the software version and the algorithms, in its order (RFC 4253 §7.1)."""

    version: str
    kex: tuple[str, ...]
    kex_extra: tuple[str, ...] = ("kex-strict-s-v00@openssh.com",)
    """What the key exchange list ends with although it is no key exchange."""
    host_keys: tuple[Literal["ed25519", "ecdsa", "rsa"], ...]
    host_key_algorithms: tuple[str, ...]
    ciphers: tuple[str, ...]
    macs: tuple[str, ...]
    compression: tuple[str, ...] = ("none", "zlib@openssh.com")
    keyboard_interactive: bool = False
    accept_after: Annotated[int, msgspec.Meta(ge=0)] = 0
    """A source's attempt of this number opens an existing account with whatever password; 0: never."""


class Page(Part, frozen=True, kw_only=True):
    """What HTTP answers at one path."""

    body: str = ""
    type: str = "text/html"
    status: int = 200
    location: str = ""
    headers: dict[str, str] = {}
    static: bool = True
    """A file of the web root: has ETag and Last-Modified."""


class Form(Part, frozen=True, kw_only=True):
    """A log-in form: where it posts to, its field names, the page after a refused log-in."""

    path: str
    user_field: str
    password_field: str
    refused: Page


class HttpProfile(Part, frozen=True, kw_only=True):
    """The web server a decky claims to run."""

    flavour: Literal["nginx", "apache", "lighttpd"]
    server: str
    modified: int
    """Unix time of the web root's files."""
    pages: dict[str, Page]
    forms: tuple[Form, ...] = ()
    protected: dict[str, str] = {}
    """Path prefix and its Basic realm (RFC 7617); nobody gets in."""


class Persona(Part, frozen=True, kw_only=True):
    """One machine's story."""

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
    ssh: SshProfile
    http: HttpProfile
