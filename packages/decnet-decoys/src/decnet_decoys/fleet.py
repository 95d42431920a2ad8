# SPDX-License-Identifier: MIT
"""Which deckies there are, as plain data: for the worker, and for the operator's live table (imports no service)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import msgspec

from decnet_decoys.errors import DecoysError
from decnet_decoys.personas.catalog import UnknownPersonaError, persona
from decnet_decoys.personas.schema import Persona
from decnet_decoys.settings import DeckySettings, DecoysSettings

SERVICES = ("ssh", "http")
"""What a decky can offer."""

DEFAULT_FLEET = (
    DeckySettings(name="web-01", address="127.77.0.10", persona="debian-web"),
    DeckySettings(name="db-01", address="127.77.0.11", persona="ubuntu-db"),
    DeckySettings(name="nas-01", address="127.77.0.12", persona="nas"),
)


class FleetError(DecoysError, ValueError):
    """The deckies of the settings cannot be played; the message says which and why."""


class Decky(msgspec.Struct, frozen=True):
    """One decoy host: where it is and who it claims to be."""

    name: str
    address: str
    persona: str
    os: str
    services: tuple[tuple[str, int], ...]
    """Service and TCP port."""
    login: tuple[str, str] | None
    """A user and password that its SSH accepts, for drills."""

    def port(self, service: str) -> int | None:
        """Return the TCP port of `service`, None when the decky does not offer it."""
        return dict(self.services).get(service)


def deckies(settings: DecoysSettings) -> tuple[Decky, ...]:
    """Return the fleet that the settings describe, the default one when they name none; raises FleetError."""
    chosen = settings.decky or DEFAULT_FLEET
    _refuse_repeats("name", (one.name for one in chosen))
    _refuse_repeats("address and port", (f"{one.address}:{port}" for one in chosen for port in one.services.values()))
    return tuple(_decky(one) for one in chosen)


def _decky(one: DeckySettings) -> Decky:
    _check_address(one)
    unknown = sorted(set(one.services) - set(SERVICES))
    if unknown:
        raise FleetError(f"decky {one.name}: no service {unknown[0]!r}; there are: {', '.join(SERVICES)}")
    try:
        who = persona(one.persona)
    except UnknownPersonaError as error:
        raise FleetError(f"decky {one.name}: {error}") from error
    return Decky(
        name=one.name,
        address=one.address,
        persona=who.name,
        os=who.os,
        services=tuple(one.services.items()),
        login=_login(who),
    )


def _login(who: Persona) -> tuple[str, str] | None:
    return next(((user.name, word) for user in who.users for word in user.passwords), None)


def _check_address(one: DeckySettings) -> None:
    try:
        address = ipaddress.ip_address(one.address)
    except ValueError as error:
        raise FleetError(f"decky {one.name}: {error}") from error
    if address.version != 4 or not address.is_loopback:
        raise FleetError(
            f"decky {one.name}: address {one.address} is not in 127.0.0.0/8, "
            "the only one the loopback runtime serves; use e.g. 127.77.0.10"
        )


def _refuse_repeats(what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise FleetError(f"two deckies have the same {what}: {value}")
        seen.add(value)
