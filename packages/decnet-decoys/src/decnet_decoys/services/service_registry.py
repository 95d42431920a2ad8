# SPDX-License-Identifier: MIT
"""The one list of decoy services: the `decnet.services` entry points of what is installed."""

import functools
import logging
from typing import Any

from decnet_core.installed.entry_points import EntryPoint, entry_points
from decnet_decoys.errors import DecoysError
from decnet_decoys.services.service import Service

log = logging.getLogger(__name__)

GROUP = "decnet.services"


class UnknownService(DecoysError, LookupError):
    """There is no service of that name, or it cannot be loaded; the message lists those there are."""


@functools.cache
def _points() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(GROUP)}


def names() -> tuple[str, ...]:
    return tuple(sorted(_points()))


@functools.cache
def load(name: str) -> type[Service[Any]]:
    """Return the class of service `name`, without what its instances import; raises UnknownService."""
    point = _points().get(name)
    if point is None:
        raise UnknownService(f"there is no service {name!r}; there are: {', '.join(names())}")
    try:
        service = point.load()
    except (ImportError, AttributeError) as error:
        raise UnknownService(_broken(point, str(error))) from error
    if not (isinstance(service, type) and issubclass(service, Service)):
        raise UnknownService(_broken(point, "it is not a Service"))
    return service


def _broken(point: EntryPoint, reason: str) -> str:
    others = ", ".join(name for name in names() if name != point.name)
    return f"service {point.name!r} cannot be loaded from {point.value}: {reason}; others are: {others}"


def usable() -> dict[str, type[Service[Any]]]:
    """Return the installed services that can be loaded, by name; a decky that uses another one reports the error."""
    found = {}
    for name in names():
        try:
            found[name] = load(name)
        except UnknownService as error:
            log.warning("%s", error)
    return found


def default_ports() -> dict[str, int]:
    """Return the services of a decky that names none, each with its default port, in the order of ports."""
    offered = {name: service.default_port for name, service in usable().items() if service.in_default_fleet}
    return dict(sorted(offered.items(), key=lambda item: item[1]))


def standard_port(name: str) -> int:
    """Return where real machines have a service; raises UnknownService."""
    service = load(name)
    return service.standard_port or service.default_port
