# SPDX-License-Identifier: MIT
"""The addresses that this fleet added to interfaces, kept in a file until they are removed again.

The kernel notes that a reconciler added an address (`netlink.addresses.OURS`), not which one: there may be two fleets
on a host. An address is written down before it is added, so a kill in between leaves a line too many, and never an
address that nobody removes.
"""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from decnet_core.durable import make_directory, replace_file


class AddedAddresses:
    """A set of addresses with prefix lengths, durable; a file that cannot be read counts as empty."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._addresses = frozenset(msgspec.json.decode(path.read_bytes(), type=list[str]))
        except (OSError, msgspec.MsgspecError):
            self._addresses = frozenset()

    def __contains__(self, address: object) -> bool:
        return str(address) in self._addresses

    def add(self, address: object) -> None:
        """Write the address down; raises OSError."""
        if address not in self:
            self._write(self._addresses | {str(address)})

    def discard(self, address: object) -> None:
        """Strike the address out; raises OSError."""
        if address in self:
            self._write(self._addresses - {str(address)})

    def keep(self, addresses: Iterable[object]) -> None:
        """Strike out all others, which ended without us, as at a boot; raises OSError."""
        kept = self._addresses & set(map(str, addresses))
        if kept != self._addresses:
            self._write(kept)

    def _write(self, addresses: frozenset[str]) -> None:
        make_directory(self._path.parent)
        replace_file(self._path, msgspec.json.encode(sorted(addresses)))
        self._addresses = addresses
