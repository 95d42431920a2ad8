# SPDX-License-Identifier: MIT
"""Every setting with its value and its origin, and all that is wrong with a settings file at once."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from decnet.up.known_sections import refuse_unknown
from decnet_core.exits import StartupError
from decnet_core.runtime import worker_registry
from decnet_core.settings import Settings, SettingsError
from decnet_core.setup.host_files import SECTIONS, sections_of
from decnet_models.database.engine import shown
from decnet_models.database.settings import DatabaseSettings

DEFAULT = "default"

_SECRET = re.compile(r"password$|secret$|token$|_key$")
_HIDDEN = "(set; not shown)"

Shapes = Mapping[str, type[msgspec.Struct]]


class Value(msgspec.Struct, frozen=True):
    """One setting; `origin` is a file with its line, a variable of the environment, or `default`."""

    section: str
    name: str
    value: Any
    origin: str


def shapes() -> dict[str, type[msgspec.Struct]]:
    """Return the Struct of every section that this host's settings may have."""
    return sections_of({**SECTIONS, "database": DatabaseSettings}, "all")


def values(settings: Settings, sections: Shapes) -> Iterator[Value]:
    """Yield every setting of the sections; secrets are hidden. Raises SettingsError at the first that is wrong."""
    for section, shape in sections.items():
        read = settings.section(section, shape)
        for field in msgspec.structs.fields(shape):
            name = field.encode_name
            origin = settings.origin(section, name) if settings.given(section, name) else DEFAULT
            yield Value(section, name, _shown(section, name, getattr(read, field.name)), origin)


def problems(settings: Settings) -> list[str]:
    """Return everything that is wrong with the settings."""
    found = []
    try:
        refuse_unknown(settings)
    except SettingsError as error:
        found.append(str(error))
    for section, shape in shapes().items():
        found += [*_section_problems(settings, section, shape)] or _worker_problems(settings, section)
    return found


def _worker_problems(settings: Settings, section: str) -> list[str]:
    """Return why the worker of a section would not start, though each of its settings may be so."""
    if section not in worker_registry.names():
        return []
    worker = worker_registry.load(section)
    try:
        worker.check(settings.section(section, worker.Settings))
    except StartupError as error:
        return [f"{settings.section_origin(section)}: {error}"]
    return []


def _section_problems(settings: Settings, section: str, shape: type[msgspec.Struct]) -> Iterator[str]:
    """Yield what is wrong with a section: its first error, and those that show when what is wrong is left out.

    Of the latter only those of one setting: how several fit together says nothing when one of them has its default.
    """
    left = settings
    while True:
        try:
            left.section(section, shape)
        except SettingsError as error:
            if error.key or left is settings:
                yield str(error)
            if not error.key:
                return
            left = left.without(section, error.key)
        else:
            return


def _shown(section: str, name: str, value: Any) -> Any:
    plain = msgspec.to_builtins(value)
    if (section, name) == ("database", "url") and plain:
        return shown(plain)
    return _without_secrets(plain, name)


def _without_secrets(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_secrets(each, name) for each in value]
    return _HIDDEN if value and isinstance(value, str) and _SECRET.search(name) else value
