# SPDX-License-Identifier: MIT
"""The state directory of a fleet and its layout."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import msgspec

from decnet_core.errors import CoreError

_LONGEST_SOCKET = 103
"""Bytes of a UNIX socket's path: sun_path has 108, unix(7), less the final zero and the broker's `.new` beside it."""
NAMESPACES = "/run/decnet/netns"
"""Where a worker that is not root keeps the names of network namespaces: /run/netns is root's."""
SUPERVISORS = "supervise"
"""The directory in `run` of whoever hosts workers."""


class StateError(CoreError):
    """The state directory cannot be used; the message says why and what to do."""


class StateSettings(msgspec.Struct, frozen=True):
    """Section `[state]`."""

    dir: str = ""
    """The fleet's state directory; empty: /var/lib/decnet for root, else $XDG_STATE_HOME/decnet."""
    sensor: str = ""
    """The name of this host in events; empty: the host name."""

    @property
    def sensor_name(self) -> str:
        """The name of this host in events."""
        return (self.sensor or socket.gethostname() or "localhost")[:255]


class State:
    """The layout of a state directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.run = root / "run"
        self.spool = root / "spool"
        self.artifacts = root / "artifacts"
        self.keys = root / "keys"
        self.positions = root / "positions"

    @classmethod
    def of(cls, settings: StateSettings) -> State:
        return cls(Path(settings.dir) if settings.dir else default_directory())

    def artifact(self, sha256: str) -> Path:
        """Return where the content of this digest is, if it is kept."""
        return self.artifacts / sha256[:2] / sha256

    @property
    def supervisors(self) -> Path:
        """Where the fleet's locks and the supervisors' status files are, writable for supervisors only."""
        return self.run / SUPERVISORS

    def run_of(self, worker: str) -> Path:
        """Return the directory for `worker`'s lock or socket, writable for it alone."""
        return self.run / worker

    @property
    def bus_socket(self) -> Path:
        """The embedded broker's UNIX socket; raises StateError when there is no room for its path in an address."""
        path = self.run_of("bus") / "sock"
        excess = len(os.fsencode(path)) - _LONGEST_SOCKET
        if excess > 0:
            raise StateError(
                f"the path of state directory {self.root} is {excess} bytes too long for the bus socket in it: "
                "choose a shorter one with --state DIR or [state] dir, or another bus with [bus] url"
            )
        return path

    @property
    def database_url(self) -> str:
        """The database that is used unless a setting names another.

        Where `decnet init` has made a directory for it, it is in there, also after `decnet init --remove`.
        """
        of_units = self.root / "database"
        return f"sqlite:///{(of_units if of_units.is_dir() else self.root) / 'decnet.db'}"

    def create(self, user: str = "") -> None:
        """Make the directories, for their owner and group only, and that of `user`, a worker or SUPERVISORS, in `run`.

        Raises StateError when that cannot be done.
        """
        own = self.run_of(user) if user else self.root
        try:
            for directory in (self.root, self.run, self.spool, self.artifacts, self.keys, self.positions, own):
                directory.mkdir(mode=0o770, parents=True, exist_ok=True)
        except OSError as error:
            raise StateError(
                f"cannot use state directory {self.root}: {error.strerror}; "
                "choose another with --state DIR or [state] dir"
            ) from error
        if user and not os.access(own, os.W_OK | os.X_OK, effective_ids=True):
            raise StateError(f"{own} in the state directory is not writable for uid {os.getuid()}")


def default_directory() -> Path:
    """Return $XDG_STATE_HOME/decnet (XDG Base Directory Specification), for root /var/lib/decnet."""
    chosen = os.environ.get("XDG_STATE_HOME")
    if chosen:
        return Path(chosen) / "decnet"
    return Path("/var/lib/decnet") if os.getuid() == 0 else Path.home() / ".local" / "state" / "decnet"
