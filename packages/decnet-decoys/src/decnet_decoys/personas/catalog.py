# SPDX-License-Identifier: MIT
"""The shipped personas and the operator's own, each read at its first use and shared by all deckies that play it."""

import functools
import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from decnet_core.text import why_unreadable
from decnet_decoys.errors import DecoysError
from decnet_decoys.personas.coherence import contradictions
from decnet_decoys.personas.schema import Persona
from decnet_decoys.services import service_registry

_DIRECTORY = Path(__file__).parent
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_PLACE = re.compile(r" - at `\$\.?(.*)`$")


class UnknownPersonaError(DecoysError, LookupError):
    """There is no persona of that name; the message lists those there are."""


class PersonaError(DecoysError, ValueError):
    """A persona has an unknown service or key, or contradicts itself; the message names the persona and the key."""


class PersonaFile(NamedTuple):
    """Where a persona is described."""

    name: str
    path: Path
    shipped: bool

    def document(self) -> dict[str, Any]:
        """Return what the file says, as it is stored in the row of the persona; raises PersonaError."""
        return document(self.name, self._text(), str(self.path))

    def persona(self) -> Persona:
        """Return the persona that the file describes; raises PersonaError."""
        return converted(self.name, self.document(), str(self.path))

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise PersonaError(f"persona {self.name}: {self.path} cannot be read: {why_unreadable(error)}") from error


@functools.cache
def names() -> tuple[str, ...]:
    """Return the names of the shipped personas."""
    return tuple(sorted(file.stem for file in _DIRECTORY.glob("*.toml")))


@functools.cache
def persona(name: str) -> Persona:
    """Return the shipped persona `name`; raises UnknownPersonaError, PersonaError."""
    return found(name).persona()


def files(own: Path | None = None) -> dict[str, PersonaFile]:
    """Return all personas by name: the shipped ones, and the TOML files of the folder `own`.

    Raises PersonaError for a folder that cannot be read, and for a file whose name is no persona's or a shipped one's.
    """
    known = {name: PersonaFile(name, _DIRECTORY / f"{name}.toml", shipped=True) for name in names()}
    for path in _own_files(own) if own else ():
        if not _NAME.fullmatch(path.stem):
            raise PersonaError(f"{path}: name the file with lower-case letters, digits and hyphens, e.g. web-shop.toml")
        if path.stem in known:
            raise PersonaError(f"{path}: there is a shipped persona {path.stem}; rename the file")
        known[path.stem] = PersonaFile(path.stem, path, shipped=False)
    return dict(sorted(known.items()))


def found(name: str, own: Path | None = None) -> PersonaFile:
    """Return where persona `name` is described; raises UnknownPersonaError, PersonaError."""
    known = files(own)
    if name not in known:
        raise UnknownPersonaError(f"there is no persona {name!r}; known are: {', '.join(known)}")
    return known[name]


def parsed(name: str, text: str) -> Persona:
    """Return the persona that a TOML document describes; raises PersonaError."""
    return converted(name, document(name, text))


def document(name: str, text: str, place: str = "") -> dict[str, Any]:
    """Return a TOML document; the PersonaError that it raises for none names `place`."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PersonaError(_told(name, place, str(error))) from error


def converted(name: str, given: dict[str, Any], place: str = "") -> Persona:
    """Return the persona of a document, from a file or from a row; raises PersonaError."""
    try:
        made = msgspec.convert({**given, "name": name, "services": _profiles(given.get("services", {}))}, Persona)
    except (msgspec.ValidationError, service_registry.UnknownService) as error:
        raise PersonaError(_told(name, place, _worded(str(error)))) from error
    for contradiction in contradictions(made):
        raise PersonaError(_told(name, place, contradiction))
    return made


def _own_files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except OSError as error:
        raise PersonaError(
            f"[decoys] personas_dir: {folder} cannot be read ({error.strerror}); create it, or omit the setting"
        ) from error


def _profiles(given: Any) -> Any:
    if not isinstance(given, dict):
        return given  # what is no table is refused with the rest
    return {service: _profile(service, table) for service, table in given.items()}


def _profile(service: str, given: Any) -> Any:
    try:
        return msgspec.convert(given, service_registry.load(service).Profile)
    except msgspec.ValidationError as error:
        key = _PLACE.search(str(error))
        inner = f".{key[1]}" if key else ""
        told = _PLACE.sub("", str(error))
        raise msgspec.ValidationError(f"{told} - at `$.services.{service}{inner}`") from error


def _told(name: str, place: str, reason: str) -> str:
    return f"persona {name}" + (f" ({place})" if place else "") + f": {reason}"


def _worded(message: str) -> str:
    """Return msgspec's message with the key in front: `users[0].uid: Expected `int`, got `str``."""
    key = _PLACE.search(message)
    return f"{key[1]}: {_PLACE.sub('', message)}" if key else message
