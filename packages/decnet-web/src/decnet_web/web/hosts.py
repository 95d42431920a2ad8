# SPDX-License-Identifier: MIT
"""Which names a browser may call this server by.

The page of an attacker may have its own name lead to this server (DNS rebinding), and would then be of the same origin
as the dashboard. So a name is refused unless it is the loopback's, the address listened on, or in `[web] hosts`. An
address cannot be rebound, so where the server listens on all of them any is accepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from decnet_core.net.addresses import parse_address

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(?::[0-9]{1,5})?")


class Hosts:
    """The names and addresses of one server."""

    def __init__(self, listens: str, names: Iterable[str]) -> None:
        """`listens` is the address that it listens on, empty for a UNIX socket alone."""
        self._address = parse_address(listens) if listens else None
        self._names = {name.lower().rstrip(".") for name in names}

    def accept(self, host: str) -> bool:
        """Return whether `host`, the value of a Host field, names this server."""
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = found["name"].lower().rstrip(".")
        if name in self._names or name == "localhost" or name.endswith(".localhost"):
            return True
        address = parse_address(name.strip("[]"))
        if address is None:
            return False
        if address.is_loopback or address == self._address or str(address) in self._names:
            return True
        return self._address is not None and self._address.is_unspecified
