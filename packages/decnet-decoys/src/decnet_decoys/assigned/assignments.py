# SPDX-License-Identifier: MIT
"""The deckies that were handed over to this process: played, and kept for its next one.

A file tells what each is; its sockets the host keeps (`runtime.stored_sockets`), so that no port closes when this
process is killed. A decky whose sockets are lost is forgotten: `reconciler` sees that, and hands it over again.
"""

import ipaddress
import logging
import socket
from collections.abc import Iterable
from pathlib import Path

import msgspec

from decnet_core.deckies.assignment import AssignedDecky, AssignedService
from decnet_core.net.addresses import canonical, peer_address
from decnet_core.runtime.stored_sockets import StoredSockets
from decnet_decoys.assigned.given_personas import GivenPersonas
from decnet_decoys.decky import Decky
from decnet_decoys.endpoint import Endpoint, by_endpoint, endpoint, endpoint_of
from decnet_decoys.errors import DecoysError
from decnet_decoys.fleet import FleetError, profile_of
from decnet_decoys.personas import catalog
from decnet_decoys.personas.schema import Persona
from decnet_decoys.played import PlayedDeckies
from decnet_decoys.services import service_registry
from decnet_decoys.services.client_sockets import ClientSockets, is_client

log = logging.getLogger(__name__)


class AssignmentError(DecoysError, ValueError):
    """A decky that was handed over cannot be played; the message says why."""


class Assignments:
    def __init__(self, directory: Path, played: PlayedDeckies, store: StoredSockets, reserved: frozenset[str]) -> None:
        """`directory`, called as this process is, has a file for each decky; `reserved` are names in the settings."""
        self._directory = directory
        self._played = played
        self._store = store
        self._reserved = reserved
        self._personas = GivenPersonas()
        self._deckies: dict[str, AssignedDecky] = {}

    @property
    def versions(self) -> dict[str, int]:
        return {name: decky.version for name, decky in self._deckies.items()}

    async def restore(self) -> None:
        """Play what a predecessor of this process was given, as far as its sockets are still there."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._store.close_others(self._entry(""))
        for decky in stored_deckies(self._directory):
            sockets = self._store.take(self._entry(decky.name))
            try:
                clients, bound = _divided(sockets)
                self._restored(decky, by_endpoint(bound), clients)
            except (AssignmentError, OSError) as error:
                log.warning("decky %s is not played any more: %s", decky.name, error)
                _close(sockets)
                await self._forget(decky.name)
        for name in self._store.names:  # there is no file: withdrawn
            await self._store.forget(name)

    async def play(self, decky: AssignedDecky, sent: Iterable[socket.socket]) -> None:
        """Play a decky, instead of one of its name; `sent` are the sockets that this process has not yet.

        Raises AssignmentError, OSError; then everything is as it was. The sockets are ours in any case.
        """
        clients, bound = _divided(sent)
        have = by_endpoint(bound)
        try:
            self._refuse_reserved(decky.name)
            one, persona = _checked(decky, self._personas)
            decky = self._personas.sharing(decky)
            for each in self._played.sockets(decky.name):
                if (place := endpoint_of(each)) not in have:
                    have[place] = each.dup()
            wanted = _wanted(decky, have)
            self._write(decky)
        except BaseException:
            _close((*have.values(), *clients))
            raise
        await self._played.close(decky.name)
        await self._store.forget(self._entry(decky.name))
        data = _data(decky, have)
        self._played.adopt(one, persona, _taken(wanted, have), data, clients)
        self._deckies[decky.name] = decky
        kept = (*self._played.sockets(decky.name), *self._played.clients(decky.name).sockets)
        await self._store.keep(self._entry(decky.name), kept)

    async def withdraw(self, name: str) -> None:
        """Close a decky's ports and forget it; one that is not played is no error."""
        await self._played.close(name)
        await self._forget(name)

    def clients(self, name: str) -> ClientSockets:
        """Return the sockets that connect from a decky; raises AssignmentError unless this process plays it."""
        self.check_played(name)
        return self._played.clients(name)

    def check_played(self, name: str) -> None:
        """Raise AssignmentError unless this process plays the decky: one handed over, or of the settings."""
        if not self._played.plays(name):
            raise AssignmentError(f"decky {name} is not played by this process")

    def _refuse_reserved(self, name: str) -> None:
        if name in self._reserved:
            raise AssignmentError(f"the settings have a decky {name} of their own")

    def _restored(
        self, decky: AssignedDecky, have: dict[Endpoint, socket.socket], clients: list[socket.socket]
    ) -> None:
        one, persona = _checked(decky, self._personas)
        wanted, data = _wanted(decky, have), _data(decky, have)
        self._played.adopt(one, persona, _taken(wanted, have), data, clients)
        self._deckies[decky.name] = self._personas.sharing(decky)

    async def _forget(self, name: str) -> None:
        self._deckies.pop(name, None)
        self._file(name).unlink(missing_ok=True)
        await self._store.forget(self._entry(name))

    def _entry(self, name: str) -> str:
        return f"{self._directory.name}/{name}"

    def _write(self, decky: AssignedDecky) -> None:
        """Write the decky's file, for this process's next life only: after a power cut the sockets are gone, too."""
        new = self._file(decky.name).with_suffix(".new")
        new.write_bytes(msgspec.json.encode(decky))
        new.replace(self._file(decky.name))

    def _file(self, name: str) -> Path:
        return self._directory / f"{name}.json"


def stored_deckies(directory: Path) -> list[AssignedDecky]:
    """Return what the files of a directory say, by name; one that cannot be read is logged and skipped."""
    found = []
    for file in sorted(directory.glob("*.json")):
        try:
            found.append(msgspec.json.decode(file.read_bytes(), type=AssignedDecky))
        except (OSError, msgspec.DecodeError) as error:
            log.warning("the description of a decky cannot be read file=%s reason=%s", file.name, error)
    return found


def _wanted(decky: AssignedDecky, have: dict[Endpoint, socket.socket]) -> list[list[Endpoint]]:
    """Return the endpoints of each service; raises AssignmentError when one has no socket."""
    wanted = [
        [endpoint(address, service.port, service.transport) for address in decky.addresses]
        for service in decky.services
    ]
    for address, port, _ in (place for places in wanted for place in places if place not in have):
        raise AssignmentError(f"it has no socket for {address} port {port}")
    return wanted


def _data(decky: AssignedDecky, have: dict[Endpoint, socket.socket]) -> list[socket.socket]:
    """Take the sockets of data ports; one that is missing is one transfer less at a time."""
    places = [endpoint(address, port, "tcp") for address, port in decky.data_endpoints()]
    return [have.pop(place) for place in places if place in have]


def _taken(wanted: list[list[Endpoint]], have: dict[Endpoint, socket.socket]) -> list[list[socket.socket]]:
    """Return the sockets of each service, and close the others."""
    sockets = [[have.pop(place) for place in places] for places in wanted]
    _close(have.values())
    return sockets


def _checked(decky: AssignedDecky, personas: GivenPersonas) -> tuple[Decky, Persona]:
    """Return what is to be played; raises AssignmentError when it cannot be."""
    try:
        persona = personas.persona(decky)
        for service in decky.services:
            _check_service(service)
            profile_of(service.service, persona)
    except (catalog.UnknownPersonaError, catalog.PersonaError, service_registry.UnknownService, FleetError) as error:
        raise AssignmentError(str(error)) from error
    if wrong := [address for address in decky.addresses if canonical(address) is None]:
        raise AssignmentError(f"{wrong[0]} is no address")
    try:
        ipaddress.ip_interface(f"{decky.addresses[0]}/{decky.prefix_length}")
    except ValueError as error:
        raise AssignmentError(str(error)) from error
    if len({service.service for service in decky.services}) < len(decky.services):
        raise AssignmentError("it offers a service twice")
    services = tuple((service.service, service.port) for service in decky.services)
    address = peer_address(decky.addresses[0])
    return Decky(
        name=decky.name,
        address=address,
        persona=persona.name,
        os=persona.os,
        services=services,
        login=None,
        host_name=decky.host_name,
        seed=decky.seed,
        mac=decky.mac,
        prefix_length=decky.prefix_length,
        router=decky.router,
    ), persona


def _check_service(service: AssignedService) -> None:
    transport = service_registry.load(service.service).transport
    if service.transport != transport:
        raise AssignmentError(f"{service.service} is offered over {transport}, not {service.transport}")
    if service.settings:
        raise AssignmentError(f"{service.service} takes no settings: {', '.join(service.settings)}")


def _divided(sockets: Iterable[socket.socket]) -> tuple[list[socket.socket], list[socket.socket]]:
    """Return those that connect from the decky, and those that are bound."""
    every = list(sockets)
    clients = [each for each in every if is_client(each)]
    return clients, [each for each in every if each not in clients]


def _close(sockets: Iterable[socket.socket]) -> None:
    for each in sockets:
        each.close()
