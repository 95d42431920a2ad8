# SPDX-License-Identifier: MIT
"""The deckies as SQLModel classes."""

from typing import Optional

from decnet_models.fleet import tables
from decnet_models.table_model import TableModel, related


class Decky(TableModel, table=True):
    """A decky as it should be."""

    __table__ = tables.decky

    name: str
    """The name of the decky."""
    mac: str | None = None
    """Its MAC address; null: that of the host."""
    host_name: str
    """The host name that it shows."""
    runtime: str
    """What it runs in: loopback, host, netns or container."""
    interface: str | None = None
    """The interface of the host by which it is reached; null: the loopback one."""
    persona: str
    """The name of its persona."""
    image: str | None = None
    """The honeypot image that it runs in a container; null: it is played."""
    sensor: str | None = None
    """The host that runs it; null: this one."""
    wanted: bool
    """False: it is to be removed; the row goes when it has been."""
    version: int
    """Grows with each change; a writer names the version that it read."""
    seed: int = 0
    """What its serial numbers, sizes, passwords, ... are drawn from, random, so that siblings differ."""
    mutate_at: int | None = None
    """When mutate changes it next; null: never."""
    dhcp: bool = False
    """Whether its address is leased from a DHCP server."""
    created_at: int
    """When it was added."""
    updated_at: int
    """When it was last changed."""

    address_rows: list["DeckyAddress"] = related(order_by="DeckyAddress.position")
    service_rows: list["DeckyService"] = related(order_by="DeckyService.port")
    policy_row: Optional["DeckyPolicy"] = related()
    state_row: Optional["DeckyState"] = related()
    lease_row: Optional["DeckyLease"] = related()
    change_rows: list["DeckyChange"] = related(
        primaryjoin="foreign(DeckyChange.decky) == Decky.name", order_by="DeckyChange.id"
    )


class DeckyAddress(TableModel, table=True):
    """An address, IPv4 or IPv6, of a decky; no two deckies have the same."""

    __table__ = tables.decky_address

    address: str
    """The address that the decky answers on."""
    decky: str
    """The name of the decky."""
    position: int
    """Its place among the decky's addresses; the first is the one that the decky shows as its own."""
    prefix_length: int | None = None
    """Leading bits of the address that name its network; null: the address is one that the host has."""
    gateway: str | None = None
    """The router that the decky shows; it sends nothing there."""

    decky_row: Decky = related()


class DeckyService(TableModel, table=True):
    """A service that a decky should offer."""

    __table__ = tables.decky_service

    decky: str
    """The name of the decky."""
    service: str
    """The name of the service."""
    transport: str
    """tcp or udp."""
    port: int
    """The port that it listens on."""
    settings: str
    """The settings of the service that differ from its defaults, as JSON."""

    decky_row: Decky = related()


class DeckyPolicy(TableModel, table=True):
    """How mutate may change a decky."""

    __table__ = tables.decky_policy

    decky: str
    """The name of the decky."""
    every_seconds: int
    """How often it is changed, in seconds."""
    window_from: int
    """The minute of the UTC day from which it may be changed."""
    window_until: int
    """The minute of the UTC day until which it may be changed; before `window_from`: after midnight."""
    services: str
    """The services that may come and go, with their ports, as a JSON list; the others stay."""
    personas: str
    """The personas to choose from, as a JSON list; empty: it keeps its own."""
    consistent: bool = True
    """Whether the operating system stays as it is, and after a log-in the persona."""
    updated_at: int
    """When the policy was last changed."""

    decky_row: Decky = related()


class DeckyState(TableModel, table=True):
    """A decky as it is."""

    __table__ = tables.decky_state

    decky: str
    """The name of the decky."""
    version: int
    """The last version of the decky that was fully applied."""
    phase: str
    """absent, starting, running, stopping or failed."""
    drift: str
    """How it differs from what it should be, as a JSON list of sentences."""
    error: str | None = None
    """Why the last repair failed."""
    attempts: int
    """Failed repairs in a row."""
    retry_at: int | None = None
    """When the next repair is tried."""
    since: int
    """When this phase began."""
    checked_at: int
    """When the decky was last checked."""

    decky_row: Decky = related()


class DeckyLease(TableModel, table=True):
    """The address that a DHCP server leased to a decky."""

    __table__ = tables.decky_lease

    decky: str
    """The name of the decky."""
    mac: str
    """The MAC address that it was leased to."""
    address: str
    """The leased address."""
    prefix_length: int
    """The length of the prefix of its network."""
    gateway: str | None = None
    """The router that the server named."""
    server: str
    """The address of the server."""
    obtained_at: int
    """When the lease was obtained, or renewed."""
    renew_at: int
    """When it is to be renewed."""
    expires_at: int
    """When it ends."""

    decky_row: Decky = related()


class DeckyChange(TableModel, table=True):
    """A change of a decky; it outlives the decky."""

    __table__ = tables.decky_change

    id: int | None = None
    """The number of the change, in order of time."""
    decky: str
    """The name of the decky."""
    version: int
    """The version of the decky after the change."""
    kind: str
    """added, changed, mutated, removed or gone; of the state: started, stopped, repaired or failed."""
    before: str | None = None
    """The decky before the change, as JSON; null: there was none."""
    after: str | None = None
    """The decky after the change, as JSON; null: there is none."""
    actor: str
    """The name of the user or worker that made the change."""
    reason: str
    """Why it was made."""
    ts: int
    """When it was made."""
