# SPDX-License-Identifier: MIT
"""Keeps the addresses of deckies that have theirs from a DHCP server: asks for them, and renews the leases in time.

A leased address becomes an address of the decky's row: all else is as with a static one. It is kept over restarts. When
no server answers, the decky keeps its address until the lease has ended, and then that is its trouble.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import IPv4Address

import msgspec
from sqlalchemy import Engine

from decnet_core.placement.runtimes import dhcp
from decnet_core.placement.runtimes.dhcp import Client
from decnet_core.placement.runtimes.dhcp_message import DhcpReply
from decnet_core.timing.durations import SECOND_NS
from decnet_models.database.engine import reading, writing
from decnet_models.fleet.change_log import ChangeInfo
from decnet_models.fleet.leases import Lease, leases_of, record_lease
from decnet_models.fleet.queries import Address, Decky, decky_at, lease_address
from decnet_workers.reconciler.records import ACTOR

ASK_AGAIN_NS = 60 * SECOND_NS
"""When no server answered, though the lease still holds."""

Ask = Callable[[str, Sequence[Client]], dict[str, DhcpReply]]


class Renewed(msgspec.Struct, frozen=True):
    """`errors` says why deckies have no address, `changed` whether any row has another one now."""

    errors: dict[str, str] = {}
    changed: bool = False
    next_at: int | None = None
    """When the next lease is to be renewed."""


class Leases:
    """Blocking: for the worker's thread."""

    def __init__(self, engine: Engine, ask: Ask = dhcp.leases, clock: Callable[[], int] = time.time_ns) -> None:
        self._engine = engine
        self._ask = ask
        self._clock = clock
        self._asked: dict[str, int] = {}

    def renew(self, rows: Iterable[Decky], waiting: Mapping[str, int]) -> Renewed:
        """Obtain or renew what is due, except for those `waiting` after a failure."""
        leased = {one.name: one for one in rows if one.dhcp and one.wanted and one.runtime == "netns"}
        if not leased:
            return Renewed()
        with reading(self._engine) as connection:
            held = leases_of(connection, leased)
        due = [one for name, one in leased.items() if self._is_due(one, held.get(name), waiting)]
        changed, errors = self._obtain(due, held) if due else (False, {})
        with reading(self._engine) as connection:
            held = leases_of(connection, leased)
        return Renewed(errors, changed, self._next_at(held.values()))

    def _is_due(self, one: Decky, lease: Lease | None, waiting: Mapping[str, int]) -> bool:
        if waiting.get(one.name) == one.version:
            return False
        if lease is None or not one.addresses or lease.mac != one.mac:
            return True
        now = self._clock()
        ahead = lease.obtained_at > now + ASK_AGAIN_NS  # by a clock that has been set back
        return (lease.renew_at <= now or ahead) and self._asked.get(one.name, 0) + ASK_AGAIN_NS <= now

    def _next_at(self, held: Iterable[Lease]) -> int | None:
        return min((max(one.renew_at, self._asked.get(one.decky, 0) + ASK_AGAIN_NS) for one in held), default=None)

    def _obtain(self, due: Sequence[Decky], held: Mapping[str, Lease]) -> tuple[bool, dict[str, str]]:
        errors: dict[str, str] = {}
        found: dict[str, DhcpReply] = {}
        for interface in sorted({one.interface or "" for one in due}):
            asking = [one for one in due if one.interface == interface]
            clients = [_client(one, held.get(one.name)) for one in asking]
            try:
                said = self._ask(interface, clients)
            except OSError as error:
                errors |= {one.name: f"cannot ask for an address on {interface}: {error.strerror}" for one in asking}
                continue
            found |= {one.name: said[one.mac or ""] for one in asking if one.mac in said}
        now = self._clock()
        for one in due:
            self._asked[one.name] = now
            if one.name not in found and one.name not in errors:
                errors |= _unanswered(one, held.get(one.name), now)
        return self._write(due, found, now, errors), errors

    def _write(self, due: Iterable[Decky], found: Mapping[str, DhcpReply], now: int, errors: dict[str, str]) -> bool:
        """Write the leases; return whether any decky has another address now."""
        changed = False
        with writing(self._engine) as connection:
            for one in due:
                lease = _lease(one, found[one.name], now) if one.name in found else None
                if lease is None:
                    continue
                owner = decky_at(connection, lease.address)
                if owner is not None and owner.name != one.name:
                    errors[one.name] = f"{lease.server} leases it {lease.address}, which decky {owner.name} has"
                    continue
                address = Address(lease.address, lease.prefix_length, lease.gateway)
                reason = f"leased by {lease.server} for {(lease.expires_at - now) // SECOND_NS} s"
                changed |= lease_address(connection, one.name, address, ChangeInfo("changed", ACTOR, reason, now))
                record_lease(connection, lease)
        return changed


def _client(one: Decky, lease: Lease | None) -> Client:
    return Client(one.mac or "", one.host_name, IPv4Address(lease.address) if lease and one.addresses else None)


def _lease(one: Decky, said: DhcpReply, now: int) -> Lease | None:
    if said.address is None:
        return None
    return Lease(
        decky=one.name,
        mac=one.mac or "",
        address=str(said.address.ip),
        prefix_length=said.address.network.prefixlen,
        gateway=str(said.gateway) if said.gateway in said.address.network else None,
        server=str(said.server),
        obtained_at=now,
        renew_at=now + said.renew_seconds * SECOND_NS,
        expires_at=now + said.seconds * SECOND_NS,
    )


def _unanswered(one: Decky, lease: Lease | None, now: int) -> dict[str, str]:
    asked = f"no DHCP server answered on {one.interface} within {dhcp.WAIT_SECONDS:g} s"
    if lease is None or not one.addresses:
        return {one.name: asked}
    return {one.name: f"its lease of {lease.address} has ended, and {asked}"} if lease.expires_at <= now else {}
