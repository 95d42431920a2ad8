# SPDX-License-Identifier: MIT
"""Where a login came from, as its service tells the machine."""

from collections.abc import Mapping
from typing import NamedTuple


class Origin(NamedTuple):
    """The connection a login came by, as `who`, `ps`, `ss` and the machine's log show it; its service fills this in."""

    address: str
    port: int
    server_port: int
    daemon: str
    """Name of the process that serves the connection."""
    daemon_title: str
    """That process as `ps` shows it."""
    login_message: str = ""
    """What the daemon wrote to the machine's log when it accepted the login."""
    environment: Mapping[str, str] = {}
    """Variables that the daemon adds to the user's environment."""
    session: str = ""
    """The recorded session, which is named as the one that planted what it changes."""
