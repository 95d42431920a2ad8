# SPDX-License-Identifier: MIT
"""The shipped personas, each read at its first use and shared by all deckies that play it."""

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from decnet_decoys.errors import DecoysError
from decnet_decoys.personas.schema import Persona
from decnet_decoys.services import service_registry

_DIRECTORY = Path(__file__).parent


class UnknownPersonaError(DecoysError, LookupError):
    """There is no persona of that name; the message lists those there are."""


class PersonaError(DecoysError, ValueError):
    """A persona has an unknown service or key; the message names the persona and the key."""


@functools.cache
def names() -> tuple[str, ...]:
    return tuple(sorted(file.stem for file in _DIRECTORY.glob("*.toml")))


@functools.cache
def persona(name: str) -> Persona:
    """Return the persona `name`; raises UnknownPersonaError, PersonaError."""
    if name not in names():
        raise UnknownPersonaError(f"there is no persona {name!r}; known are: {', '.join(names())}")
    return parsed(name, (_DIRECTORY / f"{name}.toml").read_text(encoding="utf-8"))


def parsed(name: str, text: str) -> Persona:
    """Return the persona that a TOML document describes; raises PersonaError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PersonaError(f"persona {name}: {error}") from error
    return described(name, document)


def described(name: str, document: Mapping[str, Any]) -> Persona:
    """The same of a document that has been read, for which personas are cached; raises PersonaError."""
    return _described(name, msgspec.json.encode(document, order="deterministic"))


@functools.lru_cache(maxsize=256)
def _described(name: str, text: bytes) -> Persona:
    try:
        document = msgspec.json.decode(text, type=dict[str, Any])
        profiles = {service: _profile(service, given) for service, given in document.pop("services", {}).items()}
        return msgspec.convert({"name": name, **document, "services": profiles}, Persona)
    except (msgspec.ValidationError, service_registry.UnknownService) as error:
        raise PersonaError(f"persona {name}: {error}") from error


def _profile(service: str, given: Any) -> Any:
    try:
        return msgspec.convert(given, service_registry.load(service).Profile)
    except msgspec.ValidationError as error:
        raise msgspec.ValidationError(f"services.{service}: {error}") from error
