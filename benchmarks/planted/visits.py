# SPDX-License-Identifier: MIT
"""Visits of a world as events, as all worlds but the first write them: these differ in who comes and what they do."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random
from typing import NamedTuple

from decnet_core.events.catalogue import Payload
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7_of

Acts = Callable[[Random], Iterator[Payload]]
"""What a visit consists of."""


class Visit(NamedTuple):
    """Somebody at an address comes to a decky, at a time."""

    ts: int
    number: int
    address: str
    decky: str
    acts: Acts


def new_address(dice: Random, networks: Sequence[int], used: set[str]) -> str:
    """Return an address in one of `networks`, of which the first bytes are given, and note that it is used."""
    while True:
        one = f"{dice.choice(networks)}.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(1, 255)}"
        if one not in used:
            used.add(one)
            return one


class Written(NamedTuple):
    """How a world writes its visits."""

    world: str
    dice: str
    """What the dice of its visits begin with."""
    pauses: tuple[int, int]
    """Between two events of a visit: at least, and less than, in ns."""
    sensors: tuple[str, ...]
    port: int

    def events(self, seed: int, visits: Iterable[Visit]) -> Iterator[Event]:
        """Yield the events, visit by visit."""
        for visit in visits:
            dice, ts = Random(f"{self.dice}{seed} {visit.number}"), visit.ts
            for step, payload in enumerate(visit.acts(dice)):
                ts += dice.randrange(*self.pauses)
                numbers = (self.world.encode(), b"%d" % seed, b"%d" % visit.number, b"%d" % step)
                yield Event(
                    id=uuid7_of(ts, *numbers),
                    ts=ts,
                    sensor=self.sensors[visit.number % len(self.sensors)],
                    payload=payload,
                    decky=visit.decky,
                    src_ip=visit.address,
                    src_port=self.port,
                    session=f"{self.world}-{visit.number}",
                )
