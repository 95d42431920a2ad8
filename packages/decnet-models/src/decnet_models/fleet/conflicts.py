# SPDX-License-Identifier: MIT
"""What no fleet may have, whoever writes it: the operator's deploy and mutate ask the same function. Pure."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from decnet_models.fleet.queries import Decky


class Conflict(NamedTuple):
    """Why a decky cannot be as it is to be."""

    decky: str
    reason: str


def conflicts(deckies: Iterable[Decky]) -> Iterator[Conflict]:
    """Yield what is wrong with these deckies, each by itself and beside those before it."""
    owners: dict[str, str] = {}
    for one in deckies:
        yield from _own(one)
        for what in (*(f"address {each.address}" for each in one.addresses), *([f"MAC {one.mac}"] if one.mac else ())):
            if what in owners:
                holder = "it has twice" if owners[what] == one.name else f"decky {owners[what]} has"
                yield Conflict(one.name, f"{what} is one that {holder}")
            owners.setdefault(what, one.name)


def _own(one: Decky) -> Iterator[Conflict]:
    names: set[str] = set()
    ports: dict[tuple[str, int], str] = {}
    for service in one.services:
        if service.service in names:
            yield Conflict(one.name, f"it offers {service.service} twice")
        names.add(service.service)
        place = (service.transport, service.port)
        if place in ports:
            yield Conflict(one.name, f"{ports[place]} and {service.service} cannot both have port {service.port}")
        ports.setdefault(place, service.service)
