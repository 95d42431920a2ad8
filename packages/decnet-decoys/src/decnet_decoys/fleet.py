# SPDX-License-Identifier: MIT
"""Which deckies there are and how a person reaches them: for the worker, and for the commands that show or attack them.

This imports the classes of the services but not what they need to serve (see `services.service`).
"""

import ipaddress
import zlib
from collections.abc import Iterable
from typing import Any

import msgspec

from decnet_decoys.decky import Decky
from decnet_decoys.errors import DecoysError
from decnet_decoys.personas.catalog import PersonaError, UnknownPersonaError, persona
from decnet_decoys.personas.schema import Persona
from decnet_decoys.personas.siblings import Identity, sibling
from decnet_decoys.services import service_registry
from decnet_decoys.settings import DeckySettings, DecoysSettings

DEFAULT_FLEET = (
    DeckySettings(name="web-01", address="127.77.0.10", persona="debian-web"),
    DeckySettings(name="db-01", address="127.77.0.11", persona="ubuntu-db"),
    DeckySettings(name="nas-01", address="127.77.0.12", persona="nas"),
)


class FleetError(DecoysError, ValueError):
    """The configured deckies cannot be played; the message says which and why."""


def deckies(settings: DecoysSettings) -> tuple[Decky, ...]:
    """Return the fleet that the settings describe, the default one when they name none; raises FleetError."""
    if settings.decky and settings.address:
        raise FleetError("address is for the default decky: omit it, or the tables [[decoys.decky]]")
    chosen = settings_deckies(settings)
    _refuse_repeats("name", (one.name for one in chosen))
    fleet = tuple(
        _decky(one, seed=_seed(one, chosen[:place]), own_address=bool(settings.address))
        for place, one in enumerate(chosen)
    )
    _refuse_repeats("address and port", (place for decky in fleet for place in _places(decky)))
    return fleet


def settings_deckies(settings: DecoysSettings) -> tuple[DeckySettings, ...]:
    """Return the deckies as the settings have them, the default ones when they name none; nothing is checked."""
    if settings.decky or not settings.address:
        return settings.decky or DEFAULT_FLEET
    first = DEFAULT_FLEET[0]
    services = _default_services(persona(first.persona))
    ports = {name: service_registry.standard_port(name) + settings.port_offset for name in services}
    return (msgspec.structs.replace(first, address=settings.address, services=ports),)


def _seed(one: DeckySettings, earlier: Iterable[DeckySettings]) -> int:
    """Return what a decky's own details are drawn from: its name, so that two of one persona are no twins.

    The first of a persona is the machine as its author wrote it (0).
    """
    return zlib.crc32(one.name.encode()) if any(each.persona == one.persona for each in earlier) else 0


def profile_of(service: str, who: Persona) -> Any:
    """Return the persona's profile of the service, else the service's defaults; raises FleetError without either.

    Raises UnknownService.
    """
    kind = service_registry.load(service).Profile
    if service in who.services:
        return who.services[service]
    try:
        return msgspec.convert({}, kind)
    except msgspec.ValidationError as error:
        raise FleetError(
            f"persona {who.name} does not describe {service}, which has no defaults; "
            f"add [services.{service}] to the persona or omit the service"
        ) from error


def reach(decky: Decky) -> list[str]:
    """Return how a person reaches each service of the decky."""
    return [_filled(service_registry.load(service).reach, decky, port) for service, port in decky.services]


def suggestions(fleet: Iterable[Decky]) -> list[str]:
    """Return a command to try for each service, on the first decky that offers it and can fill it in."""
    found: dict[str, str] = {}
    for decky in fleet:
        for service, port in decky.services:
            command = service_registry.load(service).suggestion
            if command and service not in found and (decky.login or "{password}" not in command):
                found[service] = _filled(command, decky, port)
    return list(found.values())


def _filled(template: str, decky: Decky, port: int) -> str:
    user, password = decky.login or ("root", "")
    return template.format(address=decky.address, port=port, user=user, password=password)


def _decky(one: DeckySettings, *, seed: int, own_address: bool) -> Decky:
    _check_address(one, own=own_address)
    try:
        who = persona(one.persona)
        services = one.services or _default_services(who)
        for service in services:
            profile_of(service, who)
    except (UnknownPersonaError, PersonaError, service_registry.UnknownService, FleetError) as error:
        raise FleetError(f"decky {one.name}: {error}") from error
    return Decky(
        name=one.name,
        address=one.address,
        persona=who.name,
        os=who.os,
        services=tuple(services.items()),
        login=_login(sibling(who, Identity(one.name, one.address, seed))),
        seed=seed,
    )


def _default_services(who: Persona) -> dict[str, int]:
    return {service: port for service, port in service_registry.default_ports().items() if service in who.services}


def _places(decky: Decky) -> list[str]:
    """Return what the decky binds; TCP and UDP have ports of their own."""
    return [
        f"{decky.address}:{port}" + ("/udp" if service_registry.load(service).transport == "udp" else "")
        for service, port in decky.services
    ]


def _login(who: Persona) -> tuple[str, str] | None:
    return next(((user.name, word) for user in who.users for word in user.passwords), None)


def _check_address(one: DeckySettings, *, own: bool) -> None:
    """Refuse what is no address of the loopback, nor the one of this host that the settings name (`own`)."""
    try:
        address = ipaddress.ip_address(one.address)
    except ValueError as error:
        raise FleetError(f"decky {one.name}: {error}") from error
    if own and not (address.is_unspecified or address.is_multicast):
        return
    if address.version != 4 or not address.is_loopback:
        raise FleetError(
            f"decky {one.name}: address {one.address} is not in 127.0.0.0/8, "
            "the only ones that the settings can have; use e.g. 127.77.0.10, or for an address of your network: "
            f"decnet decky add {one.name} --persona {one.persona} --address {one.address} --runtime host"
        )


def _refuse_repeats(what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise FleetError(f"two deckies have the same {what}: {value}")
        seen.add(value)
