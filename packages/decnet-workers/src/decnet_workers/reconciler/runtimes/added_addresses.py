# SPDX-License-Identifier: MIT
"""The addresses that this fleet added to interfaces, kept in a file until they are removed again.

The kernel notes that a reconciler added an address (`netlink.addresses.OURS`), not which one: there may be two fleets
on a host. An address is written down before it is added, so a kill in between leaves a line too many, and never an
address that nobody removes. Addresses do not outlive a boot of the host, and neither does what was written down.
"""

from pathlib import Path

import msgspec

from decnet_core.durable import make_directory, replace_file

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class _Kept(msgspec.Struct, frozen=True):
    boot_id: str
    addresses: list[str]


class AddedAddresses:
    """A set of addresses with prefix lengths, durable; what cannot be read counts as none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._boot_id = _BOOT_ID.read_text(encoding="ascii").strip()
        except OSError:  # hidden by a sandbox: ProcSubset=pid
            self._boot_id = ""
        self._addresses = self._read()

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

    def _read(self) -> frozenset[str]:
        try:
            kept = msgspec.json.decode(self._path.read_bytes(), type=_Kept)
        except (OSError, msgspec.MsgspecError):
            return frozenset()
        return frozenset(kept.addresses) if kept.boot_id == self._boot_id else frozenset()

    def _write(self, addresses: frozenset[str]) -> None:
        make_directory(self._path.parent)
        replace_file(self._path, msgspec.json.encode(_Kept(self._boot_id, sorted(addresses))))
        self._addresses = addresses
