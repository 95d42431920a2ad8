# SPDX-License-Identifier: MIT
"""What deckies can be: personas and honeypot images."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from decnet_web.api.models import Answer, Asked, Whole


class PersonaShown(Answer):
    """A machine that a decky can play."""

    name: str
    os: str
    summary: str
    services: list[str]
    shipped: bool
    """False: one of the operator's own folder."""
    file: str
    problem: str | None
    """Why it cannot be played."""


class PersonaList(Answer):
    """All personas."""

    items: list[PersonaShown]
    problem: str | None
    """Why the operator's own folder cannot be read."""


class PersonaDetail(PersonaShown):
    """One persona, as it is written."""

    text: str
    """The TOML document: copy it to write one's own."""
    document: dict[str, Any]
    deckies: list[str]
    """Deckies that play it."""


class PersonaText(Asked):
    """A persona of one's own, to be checked."""

    name: str = Field(pattern="^[a-z0-9][a-z0-9-]{0,62}$")
    text: Whole = Field(max_length=1 << 19)


class PersonaChecked(Answer):
    """Whether a persona could be played."""

    good: bool
    problem: str | None
    services: list[str]


class ImagePort(Answer):
    """A service of an image."""

    port: int
    listens: int | None
    """Where it listens inside the container; null: at `port`."""
    transport: Literal["tcp", "udp"]


class ImageShown(Answer):
    """A honeypot image that a decky can run."""

    name: str
    reference: str
    summary: str
    persona: str
    format: str
    services: dict[str, ImagePort]
    command: list[str]
    environment: dict[str, str]
    user: str
    capabilities: list[str]
    writable: list[str]
    read_only: bool
    memory_mb: int
    cpus: float
    processes: int


class ImageList(Answer):
    """All images of the catalogue."""

    items: list[ImageShown]
