# SPDX-License-Identifier: MIT
"""The difference between the fleet that is desired now and the one that is to be; pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from decnet_models.fleet.queries import Address, Decky, Service

_SHOWN = ("dhcp", "addresses", "host_name", "runtime", "persona", "image", "services", "mac", "interface", "sensor")


class Difference(msgspec.Struct, frozen=True):
    """One field of a decky, in words."""

    field: str
    before: str
    after: str


class DeckyStep(msgspec.Struct, frozen=True):
    """What is done with one decky; of a removal `decky` is the one that is removed."""

    kind: Literal["add", "change", "remove"]
    decky: Decky
    differences: tuple[Difference, ...] = ()


class PersonaStep(msgspec.Struct, frozen=True):
    """A persona that is written with the deckies."""

    kind: Literal["add", "change"]
    name: str
    os: str
    body: dict[str, Any]
    version: int
    """Of the row that it replaces; 0: there is none."""


class Plan(msgspec.Struct, frozen=True):
    """All that one transaction does."""

    steps: tuple[DeckyStep, ...]
    personas: tuple[PersonaStep, ...]
    unchanged: int
    """How many deckies stay as they are."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.steps and not self.personas

    def count(self, kind: str) -> int:
        """Return how many deckies are added, changed or removed."""
        return sum(step.kind == kind for step in self.steps)


def plan(
    current: Mapping[str, Decky],
    wanted: Iterable[Decky],
    personas: Iterable[PersonaStep] = (),
    *,
    whole: bool,
) -> Plan:
    """Return what makes `current` rows the `wanted` ones; a `whole` fleet has no others, so they are removed."""
    personas = tuple(personas)
    rewritten = {step.name for step in personas if step.kind == "change"}
    steps: list[DeckyStep] = []
    unchanged = 0
    names = set()
    for one in wanted:
        names.add(one.name)
        before = current.get(one.name)
        differences = tuple(_differences(before, one, rewritten)) if before else ()
        if before is None:
            steps.append(DeckyStep("add", one))
        elif differences:
            steps.append(DeckyStep("change", one, differences))
        else:
            unchanged += 1
    for name, before in current.items():
        if name in names:
            continue
        if whole and before.wanted:
            steps.append(DeckyStep("remove", before))
        elif before.wanted and before.persona in rewritten:
            steps.append(DeckyStep("change", before, (_redescribed(before.persona),)))
        else:
            unchanged += before.wanted
    return Plan(tuple(sorted(steps, key=lambda step: step.decky.name)), personas, unchanged)


def removal(current: Mapping[str, Decky], names: Iterable[str]) -> Plan:
    """Return the plan that removes these deckies."""
    going = set(names)
    steps = tuple(DeckyStep("remove", one) for name, one in sorted(current.items()) if name in going and one.wanted)
    return Plan(steps, (), sum(one.wanted for one in current.values()) - len(steps))


def _differences(before: Decky, after: Decky, rewritten: set[str]) -> Iterator[Difference]:
    if not before.wanted:
        yield Difference("removal", "yes", "no")
    for field in _SHOWN:
        old, new = getattr(before, field), getattr(after, field)
        if _comparable(old) != _comparable(new):
            yield Difference(field, words(old), words(new))
    if before.persona == after.persona and after.persona in rewritten:
        yield _redescribed(after.persona)


def _redescribed(persona: str) -> Difference:
    return Difference("persona", f"{persona} as stored", f"{persona} as described now")


def _comparable(value: Any) -> Any:
    """Return a value in a form that does not depend on the order of the services."""
    if isinstance(value, tuple) and value and isinstance(value[0], Service):
        return {(each.service, each.port, each.transport) for each in value}
    return value


def address_words(one: Decky) -> str:
    """Return where a decky is, as a person reads it."""
    if not one.dhcp:
        return words(one.addresses)
    return f"{words(one.addresses)} (dhcp)" if one.addresses else "dhcp"


def words(value: Any) -> str:
    """Return a field's value as a person reads it."""
    if value is None or value == ():
        return "none"
    if isinstance(value, tuple):
        return ", ".join(map(words, value))
    if isinstance(value, Address):
        length = "" if value.prefix_length is None else f"/{value.prefix_length}"
        return f"{value.address}{length}" + (f" via {value.gateway}" if value.gateway else "")
    if isinstance(value, Service):
        return f"{value.service}:{value.port}" + ("/udp" if value.transport == "udp" else "")
    return str(value)
