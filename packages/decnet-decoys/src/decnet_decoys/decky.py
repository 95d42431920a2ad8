# SPDX-License-Identifier: MIT
"""One decoy host as plain data."""

import msgspec


class Decky(msgspec.Struct, frozen=True):
    """One decoy host: where it is and what it claims to be."""

    name: str
    address: str
    persona: str
    os: str
    services: tuple[tuple[str, int], ...]
    """Service and port."""
    login: tuple[str, str] | None
    """A user and password that it accepts, for drills."""
    host_name: str = ""
    """In its own prompts; empty: its name."""
    seed: int = 0
    """What its own details are drawn from (`personas.siblings`)."""
    mac: str | None = None
    """That of its interface; None: drawn."""
    prefix_length: int = 24
    """Of the network that its shells show."""
    router: str = ""
    """The one that its shells show; empty: the first address of the network."""

    def port(self, service: str) -> int | None:
        return dict(self.services).get(service)


def port_name(decky: Decky, service: str) -> str:
    """Return what a port of a decky is called where its places are counted."""
    return f"{decky.name} {service}"
