# SPDX-License-Identifier: MIT
"""The personas that are shipped, read when first asked for and shared by every decky that plays them."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

import msgspec

from decnet_decoys.errors import DecoysError
from decnet_decoys.personas.schema import Persona

_SHELF = Path(__file__).parent


class UnknownPersonaError(DecoysError, LookupError):
    """There is no persona of that name; the message lists those there are."""


@functools.cache
def names() -> tuple[str, ...]:
    """Return the names of all personas."""
    return tuple(sorted(file.stem for file in _SHELF.glob("*.toml")))


@functools.cache
def persona(name: str) -> Persona:
    """Return the persona `name`; raises UnknownPersonaError."""
    if name not in names():
        raise UnknownPersonaError(f"there is no persona {name!r}; known are: {', '.join(names())}")
    document = tomllib.loads((_SHELF / f"{name}.toml").read_text(encoding="utf-8"))
    return msgspec.convert({"name": name, **document}, Persona)
