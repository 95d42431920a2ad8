# SPDX-License-Identifier: MIT
"""A decky as somebody asks for it, before it is known whether that can be."""

from typing import Annotated, Literal, TypeAlias

import msgspec

Runtime: TypeAlias = Literal["loopback", "host", "netns", "container"]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=63, pattern="^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$")]


class Wanted(msgspec.Struct, frozen=True):
    """One decky; what is None is chosen for it."""

    name: str
    persona: str | None
    """None: the one that fits its image."""
    addresses: tuple[str, ...]
    """Each with or without a prefix length: 10.0.0.5, 10.0.0.5/24, fd00::5."""
    runtime: Runtime = "loopback"
    interface: str | None = None
    subnets: tuple[str, ...] = ()
    """Networks of the interface, e.g. 10.0.0.0/24; none: those that it has on this host."""
    gateways: tuple[str, ...] = ()
    services: dict[str, int] | tuple[str, ...] | None = None
    """Ports by service, or services at their usual ports; None: what the persona offers."""
    host_name: str | None = None
    mac: str | None = None
    image: str | None = None
    """What runs in its container, by its name in the catalogue or by a reference."""
    sensor: str | None = None
    """The sensor host that plays it; None: this host."""
    place: str = ""
    """Where it stands in its document, for error messages."""

    @property
    def label(self) -> str:
        """The beginning of every message about it."""
        return f"{self.place}: decky {self.name}" if self.place else f"decky {self.name}"
