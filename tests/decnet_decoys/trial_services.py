# SPDX-License-Identifier: MIT
"""Decoy services for tests, and entry points that offer them."""

from __future__ import annotations

from decnet_core.events.catalogue import ServiceRequest
from decnet_core.installed.entry_points import EntryPoint
from decnet_decoys.personas.schema import Part
from decnet_decoys.services import service_registry
from decnet_decoys.services.connection import Connection
from decnet_decoys.services.service import NoProfile, Service

NOT_A_SERVICE = "a text"


class Echo(Service[NoProfile]):
    """Sends back what it receives; `boom` is more than it can take."""

    default_port = 7007

    async def serve(self, connection: Connection) -> None:
        while data := await connection.read():
            if data == b"boom":
                raise ValueError(data)
            connection.recorder.emit(ServiceRequest(service=connection.recorder.service, action="echo"))
            await connection.write(data)


class Impatient(Echo):
    """Gives a client less time than the settings do."""

    idle_seconds = 0.2


class UdpEcho(Echo):
    """The same by UDP."""

    transport = "udp"
    idle_seconds = 2.0


class BannerProfile(Part, frozen=True):
    """Has a field without a default."""

    banner: str


class Banner(Service[BannerProfile]):
    """Says what its persona says."""

    default_port = 7008
    Profile = BannerProfile

    async def serve(self, connection: Connection) -> None:
        await connection.write(self.profile.banner.encode())


def entry_points() -> dict[str, EntryPoint]:
    values = {
        "banner": "tests.decnet_decoys.trial_services:Banner",
        "broken": "no_such_module:Service",
        "echo": "tests.decnet_decoys.trial_services:Echo",
        "impatient": "tests.decnet_decoys.trial_services:Impatient",
        "udp-echo": "tests.decnet_decoys.trial_services:UdpEcho",
        "text": "tests.decnet_decoys.trial_services:NOT_A_SERVICE",
    }
    return {name: EntryPoint(name, value, service_registry.GROUP) for name, value in values.items()}
