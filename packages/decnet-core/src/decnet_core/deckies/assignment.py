# SPDX-License-Identifier: MIT
"""What `decoys` must know to play a decky whose sockets another worker has opened."""

from typing import Annotated, Any, Literal, TypeAlias

import msgspec

Transport: TypeAlias = Literal["tcp", "udp"]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=63, pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*$")]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class AssignedService(msgspec.Struct, frozen=True):
    """One service and its port; `settings` where it differs from the service's defaults."""

    service: str
    port: Port
    transport: Transport = "tcp"
    settings: dict[str, Any] = {}


class AssignedDecky(msgspec.Struct, frozen=True):
    """One decky: each service is offered at each address."""

    name: Name
    """In events."""
    host_name: str
    """In its own prompts."""
    addresses: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    """IPv4 and IPv6; the first is the one that it shows as its own."""
    persona: str
    services: tuple[AssignedService, ...]
    version: int
    """Of the desired state that this is."""
    seed: int = 0
    """What its own details (serials, sizes, process ids) are drawn from."""
    mac: str | None = None
    prefix_length: Annotated[int, msgspec.Meta(ge=0, le=128)] = 24
    """Of the network of its first address."""
    router: str = ""
    """The router that it shows; empty: the first address of that network."""
    persona_document: dict[str, Any] | None = None
    """What its persona says, as in a persona's file; None: the shipped one of that name."""

    data_ports: tuple[Port, ...] = ()
    """TCP ports, bound at each address but not listened on, for connections that a service asks its client for; none
    where `decoys` can open ports itself."""

    clients: tuple[Literal[4, 6], ...] = ()
    """The IP versions of sockets, bound nowhere, by which `orchestrator` connects from the decky to another one."""

    def data_endpoints(self) -> list[tuple[str, int]]:
        """Return address and port of each data port, whose sockets follow those of the endpoints."""
        return [(address, port) for address in self.addresses for port in self.data_ports]

    def endpoints(self) -> list[tuple[str, AssignedService]]:
        """Return address and service of each of its sockets, in their order beside the message."""
        return [(address, service) for address in self.addresses for service in self.services]
