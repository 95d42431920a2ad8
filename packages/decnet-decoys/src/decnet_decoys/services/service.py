# SPDX-License-Identifier: MIT
"""The interface of decoy services: attributes declare how a service is reached, `serve` handles one connection.

The attributes are data that `decnet up` and the settings read, so the module that defines the class imports nothing
heavy; what `serve` needs is imported when an instance is made, which is when a decky offers the service, or, if it is
large, for the first client.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

import msgspec

from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.personas.schema import Part
from decnet_decoys.services.connection import Connection

if TYPE_CHECKING:
    from decnet_decoys.tls.offer import TlsOffer

P = TypeVar("P", bound=msgspec.Struct)


class NoProfile(Part, frozen=True):
    """For a service that is the same whatever the persona."""


class Service(Generic[P]):
    """One service of one decky. Its name is that of its entry point in the group `decnet.services`."""

    default_port: ClassVar[int]
    """One that needs no privilege."""
    standard_port: ClassVar[int] = 0
    """Where real machines have it (IANA); 0: at the default port, too."""
    transport: ClassVar[Literal["tcp", "udp"]] = "tcp"
    in_default_fleet: ClassVar[bool] = False
    """Whether a decky whose settings name no services offers it."""
    reach: ClassVar[str] = "{address}:{port}"
    """How a person reaches it, as `decnet up` shows it; filled in are address, port, user and password."""
    suggestion: ClassVar[str] = ""
    """A command that `decnet up` suggests to try, filled in likewise; empty: none."""
    preload: ClassVar[tuple[str, ...]] = ()
    """Modules that clients will need; who forks several processes of decoys imports them before."""
    idle_seconds: ClassVar[float] = math.inf
    """How long a client may send nothing when `[decoys.limits] idle_seconds` allows longer."""
    Profile: ClassVar[type[Any]] = NoProfile
    """Shape of what a persona says about it in its table `[services.<name>]`. A decky may offer the service although
    its persona has no such table when every field has a default."""

    def __init__(self, context: DeckyContext, profile: P, port: int) -> None:
        self.context = context
        self.profile = profile
        self.port = port

    tls: TlsOffer | None = None
    """Of a service that speaks TLS, from the start or after a command."""

    async def prepare(self) -> None:
        """Make what clients will need; runs beside `serve` once the ports are open, and never stops a decky."""
        if self.tls is not None:
            await self.tls.prepare()

    async def serve(self, connection: Connection) -> None:
        """Serve one client; returning closes the connection.

        OSError, EOFError and ConnectionEnded mean that the client is gone. Any other error is logged and counted, and
        ends this connection only. It is cancelled when the connection has lasted too long or the worker stops.
        """
        raise NotImplementedError
