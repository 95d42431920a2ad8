# SPDX-License-Identifier: MIT
"""Deckies: what they should be, what they are, how they change, who is on them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from decnet.deckies.wanted import Runtime
from decnet_core.deckies.orders import Phase
from decnet_models.fleet.change_log import ChangeKind
from decnet_web.api.models import Answer, Asked, PortNumber, RowNumber
from decnet_web.api.moments import Moment


class DeckyPlace(Answer):
    """An address of a decky."""

    address: str
    prefix_length: int | None
    """Null: the address is one that the host has."""
    gateway: str | None


class DeckyPort(Answer):
    """A service of a decky."""

    service: str
    port: int
    transport: Literal["tcp", "udp"]
    settings: dict[str, Any]
    """Where they differ from the service's defaults."""


class DeckyActual(Answer):
    """What reconciler found when it last looked."""

    decky: str
    version: int
    """The last version that was fully applied."""
    phase: Phase
    since: Moment
    checked_at: Moment
    drift: list[str]
    """How it differs from what it should be."""
    error: str | None
    attempts: int
    """Failed repairs in a row."""
    retry_at: Moment | None


class DeckyWanted(Answer):
    """A decky as it should be."""

    name: str
    addresses: list[DeckyPlace]
    host_name: str
    runtime: Runtime
    persona: str
    image: str | None
    """The honeypot image that it runs in a container; null: it is played."""
    services: list[DeckyPort]
    mac: str | None
    interface: str | None
    sensor: str | None
    """The host that runs it; null: the master."""
    wanted: bool
    """False: it is being removed."""
    version: int
    """What to send as `version` when changing or removing it."""
    seed: int
    """What its serial numbers, MAC address, ... are drawn from."""
    mutate_at: Moment | None
    """When mutate changes it next."""
    dhcp: bool


class DeckyShown(DeckyWanted):
    """A decky in a list."""

    from_settings: bool
    """Whether it is one of the settings file, or of the default fleet: it cannot be changed here."""
    has_policy: bool
    """Whether mutate may change it."""
    actual: DeckyActual | None
    """Null: reconciler never looked at it; of one of the settings: it has no part in it."""
    state: str
    """What it is in a few words: running, failed, not looked at yet, running version 3, ..."""


class DeckyAppearance(Answer):
    """What its visitors see of a decky."""

    mac: str
    serial: str
    os: str
    logins: list[str]
    """USER/PASSWORD that it accepts."""


class DeckyPolicyShown(Answer):
    """How mutate may change a decky."""

    decky: str
    every_seconds: int
    window_from: int
    """Minute of the UTC day."""
    window_until: int
    services: list[DeckyPort]
    """Those that may come and go; the others stay."""
    personas: list[str]
    """Empty: it keeps its own."""
    consistent: bool
    """Whether the operating system stays as it is, and after a log-in the persona."""


class DeckyDifference(Answer):
    """One field of a decky, in words."""

    field: str
    before: str
    after: str


class MutationShown(Answer):
    """What mutate is going to make of a decky."""

    decky: str
    at: Moment | None
    """When, unless somebody is there then; null: the time has not been drawn yet."""
    active: bool
    """Whether somebody is there now."""
    differences: list[DeckyDifference]
    problem: str | None
    """Why it cannot be changed."""


class MutationList(Answer):
    """The planned mutations, soonest first."""

    items: list[MutationShown]


class DeckyChangeShown(Answer):
    """A change of a decky, desired or actual."""

    id: int
    decky: str
    version: int
    kind: ChangeKind
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    actor: str
    reason: str
    ts: Moment


class TrafficEdge(Answer):
    """An attacker at a decky."""

    attacker: str
    decky: str
    events: int
    """Since its first one there."""
    first_seen: Moment
    last_seen: Moment
    score: int


class DeckyEvents(Answer):
    """How many events of attackers a decky had."""

    decky: str
    events: int


class TrafficShown(Answer):
    """Who is on which decky: at most 200 attackers, those that were seen last."""

    items: list[TrafficEdge]
    deckies: list[DeckyEvents]
    """Over the whole hours of the span, as far as the history has counted them."""


class DeckyDetail(DeckyShown):
    """One decky."""

    appearance: DeckyAppearance | None
    """Null: its persona is not known here."""
    policy: DeckyPolicyShown | None
    policy_problem: str | None
    """Why its policy cannot be read."""
    changes: list[DeckyChangeShown]
    """The newest ten."""
    attackers: list[TrafficEdge]
    """The twenty that were there last."""


class DeckyAsked(Asked):
    """A decky to add; what is absent is chosen for it."""

    name: str = Field(min_length=1, max_length=63, pattern="^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$")
    persona: str | None = Field(None, max_length=255)
    """May be absent with an image, which has one that fits."""
    image: str | None = Field(None, max_length=255)
    """A honeypot image, with the runtime container."""
    addresses: list[str] = Field([], max_length=64)
    """With or without prefix length, or `dhcp`."""
    runtime: Runtime = "loopback"
    interface: str | None = Field(None, max_length=15)
    subnets: list[str] = Field([], max_length=64)
    gateways: list[str] = Field([], max_length=64)
    services: dict[str, PortNumber] | list[str] | None = None
    """Ports by service, or services at their usual ports; absent: what the persona offers."""
    host_name: str | None = Field(None, max_length=255)
    mac: str | None = Field(None, max_length=17)
    sensor: str | None = Field(None, max_length=63)
    """The sensor host that plays it; absent: the master, or where it is."""


class DeckyChangeAsked(Asked):
    """What replaces fields of a decky; an absent field stays."""

    version: RowNumber
    """Of the decky as you have seen it: when it has been changed meanwhile, nothing is done (409)."""
    persona: str | None = Field(None, max_length=255)
    image: str | None = Field(None, max_length=255)
    addresses: list[str] | None = Field(None, max_length=64)
    runtime: Runtime | None = None
    interface: str | None = Field(None, max_length=15)
    subnets: list[str] | None = Field(None, max_length=64)
    gateways: list[str] | None = Field(None, max_length=64)
    services: dict[str, PortNumber] | list[str] | None = None
    host_name: str | None = Field(None, max_length=255)
    mac: str | None = Field(None, max_length=17)
    sensor: str | None = Field(None, max_length=63)
    """The sensor host that plays it; absent: the master, or where it is."""


class PolicyAsked(Asked):
    """How mutate may change a decky."""

    every: str = Field(max_length=16)
    """How often: 90m, 12h, 7d, 2w."""
    window: str = Field("00:00-24:00", max_length=16)
    """The time of the day (UTC) in which it does: 22:00-04:30."""
    services: dict[str, PortNumber | None] = Field({}, max_length=64)
    """Services that may come and go, with a port or null for the usual one; the others stay."""
    personas: list[str] = Field([], max_length=64)
    """What it may become."""
    consistent: bool = True
    """False: even what a returning visitor would notice, another system."""


class MutateAsked(Asked):
    """A change of a decky now, as its policy allows."""

    force: bool = False
    """Even while somebody is on it."""
