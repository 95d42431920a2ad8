# SPDX-License-Identifier: MIT
"""What a decky becomes: values in, values out, drawn from its seed and version. Pure.

Name, addresses, host name and seed stay, and with the name what decoys keeps of it: host keys, and what visitors have
changed. A service that stays keeps its port. Nothing is made that `fleet.conflicts` objects to, as deploy would.
"""

import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from decnet_models.fleet.conflicts import conflicts
from decnet_models.fleet.mutation_policies import Policy
from decnet_models.fleet.queries import Decky, Service
from decnet_workers.errors import WorkersError


class UnchangeableError(WorkersError, ValueError):
    """A decky can become nothing else now; the message says why."""


class Character(msgspec.Struct, frozen=True):
    """What must be known of a persona, from the document in its row."""

    os: str
    services: dict[str, Any] = {}
    """Those that the persona describes, by name."""
    mac_prefixes: tuple[str, ...] = ("52:54:00",)
    family: str | None = None
    stack: dict[str, Any] = {}

    def is_same_system(self, other: "Character") -> bool:
        """Return whether a scan shows the same operating system."""
        return (self.os, self.family, self.stack) == (other.os, other.family, other.stack)


class Circumstances(msgspec.Struct, frozen=True):
    """What a variant depends on, beside the decky and its policy."""

    personas: Mapping[str, Character]
    entered: bool = False
    """Whether somebody has ever logged in to the decky."""
    is_taken: Callable[[str], bool] = lambda _: False
    """Whether another decky has a MAC."""


def character(body: dict[str, Any]) -> Character:
    """Return what a persona's document says; raises UnchangeableError."""
    try:
        return msgspec.convert(body, Character)
    except msgspec.ValidationError as error:
        raise UnchangeableError(str(error)) from error


def variant(one: Decky, policy: Policy, given: Circumstances) -> Decky:
    """Return what the decky is to be next, its version and time as they are; raises UnchangeableError."""
    drawing = random.Random(f"{one.seed}:{one.version}:variant")  # noqa: S311  # a disguise, not a key
    choices = [name for name in sorted(_personas(one, policy, given)) if _changes(one, policy, given, name)]
    if not choices:
        raise UnchangeableError("its policy allows nothing else for it")
    persona = drawing.choice(choices)
    made = msgspec.structs.replace(
        one,
        persona=persona,
        services=_services(one, policy, given, persona, drawing),
        mac=_mac(one, given, persona, drawing),
    )
    for conflict in conflicts([made]):
        raise UnchangeableError(conflict.reason)
    return made


def _personas(one: Decky, policy: Policy, given: Circumstances) -> Iterable[str]:
    """Return the personas that the decky may have; its own one at least, unless the policy names others."""
    own = given.personas.get(one.persona)
    if own is None:
        raise UnchangeableError(f"there is no persona {one.persona}")
    if not policy.personas or (policy.consistent and given.entered):
        return {one.persona}
    known = {name: given.personas[name] for name in policy.personas if name in given.personas}
    if policy.consistent:
        known = {name: each for name, each in known.items() if each.is_same_system(own) and _keeps_mac(one, own, each)}
    return known or {one.persona}


def _keeps_mac(one: Decky, own: Character, other: Character) -> bool:
    return one.mac is None or not _fits(one.mac, own) or _fits(one.mac, other)


def _fits(mac: str, persona: Character) -> bool:
    return mac[:8] in persona.mac_prefixes


def _changes(one: Decky, policy: Policy, given: Circumstances, persona: str) -> bool:
    """Return whether the decky can have the persona, and be another decky with it."""
    fixed, offered = _fixed(one, policy), _offered(one, policy, given, persona)
    if persona == one.persona:
        running = {each.service for each in one.services}
        return bool(offered) and (bool(fixed) or len(offered) > 1 or not running & offered.keys())
    described = given.personas[persona].services
    return all(each.service in described for each in fixed) and bool(fixed or offered)


def _fixed(one: Decky, policy: Policy) -> list[Service]:
    """Return the services that the policy leaves alone."""
    named = {each.service for each in policy.services}
    return [each for each in one.services if each.service not in named]


def _offered(one: Decky, policy: Policy, given: Circumstances, persona: str) -> dict[str, Service]:
    """Return what may come and go with the persona, at the ports that it has or shall have, none of them twice."""
    described = given.personas[persona].services
    running = {each.service: each for each in one.services}
    taken = {(each.transport, each.port) for each in _fixed(one, policy)}
    found: dict[str, Service] = {}
    named = {each.service: running.get(each.service, each) for each in policy.services}
    for name, each in sorted(named.items(), key=lambda item: (item[0] not in running, item[0])):
        place = (each.transport, each.port)
        if place not in taken and (name in described or (name in running and persona == one.persona)):
            found[name] = each
            taken.add(place)
    return found


def _services(
    one: Decky, policy: Policy, given: Circumstances, persona: str, drawing: random.Random
) -> tuple[Service, ...]:
    """Return the services, in the order of their names as they are read from the rows."""
    fixed, offered = _fixed(one, policy), _offered(one, policy, given, persona)
    running = {each.service for each in one.services} & offered.keys()
    least = 1 if persona == one.persona else 0
    flipped = set(drawing.sample(sorted(offered), drawing.randint(least, len(offered))))
    chosen = running ^ flipped
    if not (fixed or chosen):
        chosen = {drawing.choice(sorted(offered.keys() - running) or sorted(offered))}
    return tuple(sorted((*fixed, *(offered[name] for name in chosen)), key=lambda each: each.service))


def _mac(one: Decky, given: Circumstances, persona: str, drawing: random.Random) -> str | None:
    """Return the MAC, another one where the vendor of the old one would not fit the new persona."""
    own, new = given.personas[one.persona], given.personas[persona]
    if one.mac is None or persona == one.persona or _keeps_mac(one, own, new) or not new.mac_prefixes:
        return one.mac
    while True:
        mac = ":".join((drawing.choice(new.mac_prefixes), *(f"{drawing.randrange(256):02x}" for _ in range(3))))
        if not given.is_taken(mac):
            return mac
