# SPDX-License-Identifier: MIT
"""The base of workers: a name, a description, settings, what it listens to, and `run`.

A worker does not know how it is hosted (law 6): its own process, one task of many, or a forked child.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import msgspec

from decnet_core.events.catalogue import Payload
from decnet_core.events.notices import Notice
from decnet_core.runtime.hosted import Hosted, S

MIB = 1 << 20


class NoSettings(msgspec.Struct, frozen=True):
    """For a worker without settings."""


class Worker(Hosted[S]):
    """One job of the fleet; the first line of a subclass's docstring is its `--help` and its unit's description."""

    Settings: ClassVar[type[Any]] = NoSettings
    consumes: ClassVar[tuple[type[Payload], ...]] = ()
    """Event kinds it reads."""
    notices: ClassVar[tuple[type[Notice], ...]] = ()
    """Notice kinds it writes."""
    preload: ClassVar[tuple[str, ...]] = ()
    """Modules that `start` and `run` import when they need them; a zygote imports them before it forks."""
    group: ClassVar[str] = "herd"
    """The supervisor's group it belongs to by default (`supervise.groups`)."""
    memory_budget: ClassVar[int] = 64 * MIB
    network: ClassVar[Literal["none", "loopback", "any"]] = "none"
    """The network access it needs itself; that for a remote bus or database is added."""
    netlink: ClassVar[bool] = False
    """Whether it asks the kernel for interfaces and addresses, by netlink(7)."""
    database: ClassVar[bool] = False
    """Whether it opens the fleet's database."""
    serves_workers: ClassVar[bool] = False
    """Whether others connect to a UNIX socket in its directory in `run`; it may see who they are (SO_PEERCRED)."""
    writes: ClassVar[tuple[str, ...]] = ()
    """Folders of the state directory that it writes to, beside `run` and its spool."""
    keys: ClassVar[tuple[str, ...]] = ()
    """Files below `keys` that it reads; `init` makes them, without accounts for each worker it makes them itself."""
    reads_keys: ClassVar[tuple[str, ...]] = ()
    """Those of other workers that it reads, because it does what the operator's commands do."""
    oom_score_adj: ClassVar[int] = 200
    """How much sooner than others it is killed when the host's memory is full (proc(5)): before the host's own."""

    @classmethod
    def warm(cls) -> None:
        """Prepare, once in a zygote, what `start` and `run` will need; hold nothing open afterwards."""

    @classmethod
    def known(cls, state: Path) -> Mapping[str, Mapping[str, Any]]:  # noqa: ARG003  # most know nothing beforehand
        """Return settings, by section, that what lies in the state directory has decided; `init` writes them down."""
        return {}

    @classmethod
    def capabilities(cls, settings: S) -> tuple[str, ...]:  # noqa: ARG003  # most need none, whatever is set
        """Return the capabilities that it needs with these settings, such as CAP_NET_RAW."""
        return ()

    @classmethod
    def reach(cls, settings: S) -> Literal["none", "loopback", "any"]:  # noqa: ARG003  # for most it is what they declare
        """Return the network access that it needs with these settings."""
        return cls.network

    @classmethod
    def description(cls) -> str:
        return (cls.__doc__ or cls.name).strip().splitlines()[0].rstrip(".")

    @classmethod
    def main(cls) -> int:
        import sys

        if len(sys.argv) > 1:  # with no arguments a worker does not pay for typer
            from decnet_core.runtime.command import main

            return main(cls)
        from decnet_core.runtime.process import run

        return run(cls)
