# SPDX-License-Identifier: MIT
"""The deckies that this process plays, each with the listeners of its services; they come and go while it runs."""

import asyncio
import socket
from collections.abc import Iterable, Sequence
from typing import Any

from decnet_core.exits import StartupError
from decnet_core.runtime.context import Context
from decnet_decoys.decky import Decky, port_name
from decnet_decoys.decky_context import DeckyContext, FleetResources
from decnet_decoys.endpoint import Endpoint, endpoint
from decnet_decoys.fleet import profile_of
from decnet_decoys.personas.schema import Persona
from decnet_decoys.services import service_registry
from decnet_decoys.services.client_sockets import ClientSockets
from decnet_decoys.services.data_ports import DataPorts
from decnet_decoys.services.listener import Listener, listener_of, listener_on
from decnet_decoys.services.service import Service
from decnet_decoys.settings import DecoysSettings


class PlayedDeckies:
    def __init__(self, settings: DecoysSettings, resources: FleetResources, ctx: Context) -> None:
        self._settings = settings
        self._resources = resources
        self._ctx = ctx
        self._listeners: dict[str, list[Listener]] = {}
        self._data: dict[str, DataPorts] = {}
        self._clients: dict[str, ClientSockets] = {}
        self._preparations: set[asyncio.Task[Any]] = set()

    @property
    def ports(self) -> int:
        """How many sockets are listened on."""
        return sum(map(len, self._listeners.values()))

    @property
    def prepares(self) -> bool:
        """Whether something that clients will need, such as a key, is being made."""
        return bool(self._preparations)

    def plays(self, name: str) -> bool:
        return name in self._listeners

    def bind(self, decky: Decky, persona: Persona, kept: dict[Endpoint, socket.socket]) -> None:
        """Serve the decky's ports at its one address; raises StartupError, and serves none, when one cannot be bound.

        A socket that was `kept` from a former process, and is taken from there, needs no binding.
        """
        listeners: list[Listener] = []
        try:
            for name, service in self._services(decky, persona):
                bound = kept.pop(endpoint(decky.address, service.port, service.transport), None)
                listeners.append(listener_of(name, service) if bound is None else listener_on(name, service, bound))
        except StartupError:
            for listener in listeners:
                listener.bound.close()
            raise
        self._open(decky, listeners)

    def adopt(
        self,
        decky: Decky,
        persona: Persona,
        sockets: Iterable[Sequence[socket.socket]],
        data: Sequence[socket.socket] = (),
        clients: Sequence[socket.socket] = (),
    ) -> None:
        """Serve ports that are bound already: for each service its sockets, ours from now on; raises OSError.

        `data` are those of data ports (`services.data_ports`), `clients` connect from the decky
        (`services.client_sockets`).
        """
        self._resources.preparation.postpone()
        ports = DataPorts(data)
        listeners = [
            listener_on(name, service, bound)
            for (name, service), several in zip(self._services(decky, persona, ports), sockets, strict=True)
            for bound in several
        ]
        self._data[decky.name], self._clients[decky.name] = ports, ClientSockets(clients)
        self._open(decky, listeners)

    def sockets(self, name: str) -> list[socket.socket]:
        """Return the bound sockets of a decky, none if it is not played."""
        data = self._data[name].sockets if name in self._data else ()
        return [*(listener.bound for listener in self._listeners.get(name, ())), *data]

    def clients(self, name: str) -> ClientSockets:
        """Return the sockets that connect from a decky; of one that can be connected from anyway there are none."""
        return self._clients.get(name) or ClientSockets()

    async def close(self, name: str) -> None:
        """Close the decky's ports and its connections."""
        listeners = self._listeners.pop(name, [])
        await asyncio.gather(*(listener.close() for listener in listeners))
        if name in self._data:
            self._data.pop(name).close()
            self._clients.pop(name).close()
        self._resources.places.remove_ports({listener.place for listener in listeners})
        self._resources.placed.unmount(name)

    async def close_all(self) -> None:
        for name in list(self._listeners):
            await self.close(name)

    def _services(
        self, decky: Decky, persona: Persona, data: DataPorts | None = None
    ) -> list[tuple[str, Service[Any]]]:
        context = DeckyContext(decky, persona, self._settings, self._resources, self._ctx, data_ports=data)
        return [
            (name, service_registry.load(name)(context, profile_of(name, context.persona), port))
            for name, port in decky.services
        ]

    def _open(self, decky: Decky, listeners: list[Listener]) -> None:
        self._listeners[decky.name] = listeners
        self._resources.places.add_ports(port_name(decky, service) for service, _ in decky.services)
        prepared: set[str] = set()
        for listener in listeners:
            listener.open()
            if listener.place not in prepared:  # once for a service with several addresses
                prepared.add(listener.place)
                task = self._ctx.spawn(listener.prepare(), name="decoys-preparation", may_end=True)
                self._preparations.add(task)
                task.add_done_callback(self._preparations.discard)
