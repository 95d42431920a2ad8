# SPDX-License-Identifier: MIT
"""Turns wanted deckies into rows, or says why each cannot be; pure: what it must know is passed in."""

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from functools import cache
from ipaddress import ip_address

import msgspec

from decnet.deckies.addressing import Addressing, Refused, addressing
from decnet.deckies.elsewhere import elsewhere
from decnet.deckies.host_network import HostNetwork
from decnet.deckies.wanted import Wanted
from decnet_core.deckies.images import Image, image_called
from decnet_core.deckies.orders import Contact
from decnet_decoys.errors import DecoysError
from decnet_decoys.fleet import profile_of
from decnet_decoys.personas.catalog import PersonaFile, UnknownPersonaError
from decnet_decoys.personas.schema import Persona
from decnet_decoys.personas.siblings import drawn_mac
from decnet_decoys.services import service_registry
from decnet_models.fleet.conflicts import conflicts
from decnet_models.fleet.queries import Decky, Service

MAX_SEED = 1 << 53
"""A seed is below it, so that every reader of JSON takes it for the same number."""

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_HOST_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9-]{1,63})*")


def drawn_seed() -> int:
    """Draw the seed of a new decky."""
    return secrets.randbelow(MAX_SEED - 1) + 1


class Known(msgspec.Struct, frozen=True):
    """What is there before the change."""

    personas: dict[str, PersonaFile]
    host: HostNetwork
    deckies: dict[str, Decky] = {}
    """The rows by name, those marked for removal included."""
    images: dict[str, Image] = {}
    reserved: frozenset[str] = frozenset()
    """Names of the deckies of the settings, which `decoys` plays beside those of the database."""
    sensors: Mapping[str, Contact] = {}
    """The sensor hosts that have enrolled, by name."""
    draw: Callable[[], int] = drawn_seed
    """Draws the seed of a new decky."""


class Resolved(msgspec.Struct, frozen=True):
    """The rows that are to be, and what cannot be."""

    deckies: tuple[Decky, ...]
    problems: tuple[str, ...]
    """One line for each, beginning with the place and the decky."""


def resolve(wanted: Sequence[Wanted], known: Known, *, others: Iterable[Decky] = ()) -> Resolved:
    """Return the rows of `wanted`; `others` are rows that stay beside them, whose addresses and MACs are taken."""
    made: list[Decky] = []
    problems: list[str] = []
    read = cache(lambda name: known.personas[name].persona())  # of hundreds of deckies once each
    macs = {each.mac for each in known.deckies.values() if each.mac}
    for one in wanted:
        try:
            made.append(_decky(one, known, macs, read))
        except (Refused, DecoysError) as error:
            problems.append(f"{one.label}: {error}")
            continue
        if made[-1].mac:
            macs.add(made[-1].mac)
    labels = {one.name: one.label for one in wanted}
    problems += _repeated_names(wanted)
    problems += [f"{labels.get(name, f'decky {name}')}: {reason}" for name, reason in conflicts([*others, *made])]
    return Resolved(tuple(made), tuple(problems))


def _decky(wanted: Wanted, known: Known, macs: Set[str], read: Callable[[str], Persona]) -> Decky:
    if wanted.name in known.reserved and wanted.sensor is None:
        raise Refused("the settings have a decky of that name (`decnet up` shows it); choose another name")
    image = _image(wanted, known)
    persona = wanted.persona or (image.persona if image else "")
    if not persona:
        raise Refused("give it a persona; decnet persona list shows them")
    if persona not in known.personas:
        raise UnknownPersonaError(f"there is no persona {persona!r}; known are: {', '.join(known.personas)}")
    host_name = wanted.host_name or wanted.name
    if not _HOST_NAME.fullmatch(host_name):
        raise Refused(f"host name {host_name!r}: letters, digits, hyphens and dots")
    who = read(persona)
    current = known.deckies.get(wanted.name)
    where = _where(wanted, current, known, macs)
    services = tuple(_services(wanted, who) if image is None else _image_services(wanted, image))
    if wanted.sensor is None:
        _refuse_taken_ports(where, services, current, known.host)
    seed, mac = _seed_and_mac(wanted, who, known, macs)
    return Decky(
        name=wanted.name,
        addresses=where.addresses,
        host_name=host_name,
        runtime=wanted.runtime,
        persona=persona,
        services=services,
        mac=mac,
        interface=where.interface,
        version=current.version if current else 0,
        seed=seed,
        mutate_at=current.mutate_at if current else None,
        image=wanted.image,
        dhcp=where.dhcp,
        sensor=wanted.sensor,
    )


def _where(wanted: Wanted, current: Decky | None, known: Known, macs: Set[str]) -> Addressing:
    """Return the place of a decky; of a sensor's network nothing is known here, its own look finds what is wrong."""
    if wanted.sensor is None:
        return addressing(wanted, current, known.host, macs)
    contact = known.sensors.get(wanted.sensor)
    if contact is None:
        there = ", ".join(sorted(known.sensors)) or "none"
        raise Refused(f"there is no sensor {wanted.sensor!r}; enrolled are: {there} (decnet swarm token NAME adds one)")
    if contact.revoked:
        raise Refused(f"the sensor {wanted.sensor} was revoked")
    return elsewhere(wanted)


def _image(wanted: Wanted, known: Known) -> Image | None:
    """Return what runs in the decky's container; None for one that is played."""
    if wanted.runtime != "container":
        if wanted.image:
            raise Refused("an image needs the runtime container")
        return None
    if not wanted.image:
        raise Refused("the runtime container needs an image; decnet image list shows them")
    found = image_called(known.images, wanted.image)
    if found is None:
        raise Refused(
            f"there is no image {wanted.image!r} in the catalogue; there are: {', '.join(sorted(known.images))}; "
            "[reconciler] images adds your own"
        )
    return found


def _image_services(wanted: Wanted, image: Image) -> Iterator[Service]:
    given = wanted.services if wanted.services is not None else tuple(image.services)
    ports = given if isinstance(given, dict) else {name: image.services[name].port for name in _offered(given, image)}
    for name in sorted(_offered(ports, image)):
        yield Service(name, ports[name], image.services[name].transport)


def _offered(names: Iterable[str], image: Image) -> Iterator[str]:
    for name in names:
        if name not in image.services:
            raise Refused(f"the image {image.reference} offers no {name}; it offers {', '.join(image.services)}")
        yield name


def _seed_and_mac(wanted: Wanted, who: Persona, known: Known, macs: Set[str]) -> tuple[int, str | None]:
    """Return what a decky has, or draws: three octets of a MAC are few, so that among thousands two would be alike."""
    current = known.deckies.get(wanted.name)
    while True:
        drawn = not (current and current.seed)
        seed = known.draw() if current is None or drawn else current.seed
        mac = _mac(wanted, who, current, seed)
        if not drawn or wanted.mac is not None or mac not in macs or (current and mac == current.mac):
            return seed, mac


def _services(wanted: Wanted, who: Persona) -> Iterator[Service]:
    given = wanted.services
    if given is None:
        given = tuple(name for name in who.services if name in service_registry.usable())
    if not given:
        raise Refused(f"persona {who.name} offers no service; name them with services")
    ports = given if isinstance(given, dict) else {name: _usual_port(name, who, wanted.runtime) for name in given}
    for name, port in sorted(ports.items()):
        profile_of(name, who)
        yield Service(name, port, service_registry.load(name).transport)


def _usual_port(service: str, who: Persona, runtime: str) -> int:
    """Return the port that such a machine has it at; on loopback one that needs no privilege."""
    if runtime == "loopback":
        return service_registry.load(service).default_port
    return who.ports.get(service) or service_registry.standard_port(service)


def _refuse_taken_ports(
    where: Addressing, services: Iterable[Service], current: Decky | None, host: HostNetwork
) -> None:
    """Refuse a port at which another program listens; this decky's own sockets are no obstacle."""
    had = {each.address for each in current.addresses} if current else set()
    ports = {each.port for each in current.services} if current else set()
    for address in where.addresses:
        for service in services:
            if service.transport != "tcp" or (address.address in had and service.port in ports):
                continue
            if address.prefix_length is None and host.is_taken(ip_address(address.address), service.port):
                raise Refused(f"another program of this host listens at {address.address} port {service.port}")


def _mac(wanted: Wanted, who: Persona, current: Decky | None, seed: int) -> str | None:
    """Return the MAC: the one asked for, the one that it has if that fits the persona, else one drawn from the seed."""
    if wanted.runtime not in ("netns", "container"):
        if wanted.mac:
            raise Refused(f"with the runtime {wanted.runtime} a decky has the host's MAC; omit mac, or choose netns")
        return None
    if wanted.mac is None:
        kept = current.mac if current else None
        return kept if kept and kept[:8] in who.mac_prefixes else drawn_mac(who, seed)
    mac = wanted.mac.lower().replace("-", ":")
    if not _MAC.fullmatch(mac) or int(mac[:2], 16) & 1:
        raise Refused(f"{wanted.mac} is no MAC address of a host; write e.g. 52:54:00:12:34:56")
    return mac


def _repeated_names(wanted: Iterable[Wanted]) -> Iterator[str]:
    seen: dict[str, Wanted] = {}
    for one in wanted:
        if one.name in seen:
            first = f" ({seen[one.name].place})" if seen[one.name].place else ""
            yield f"{one.label}: there is another decky of that name{first}"
        seen.setdefault(one.name, one)
