# SPDX-License-Identifier: MIT
"""A world that is filled with one kind of actor after another, until each has its part of the addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

from decnet_core.events.envelope import Event
from planted.arsenal import HOUR, word
from planted.files import Truth
from planted.visits import Acts, Visit, Written, new_address


class Peopled:
    """Visits in the order of time, and the truth about their addresses. A world says who comes, and where from."""

    begin: int
    """When it begins, ns."""
    networks: Sequence[int]
    """First bytes of its addresses."""
    deckies: Sequence[str]
    written: Written
    parts: Mapping[str, float]
    """How many of the addresses each kind of actor has; the others are strangers."""

    def __init__(self, attackers: int, seed: int) -> None:
        self._dice = Random(f"{self.written.world} {seed} of {attackers}")
        self._seed, self._visits, self._used = seed, list[Visit](), set[str]()
        self.truth = Truth({}, {}, [], {})
        makers = self.makers()
        for name, part in self.parts.items():
            until = len(self._used) + attackers * part
            while len(self._used) < until:
                makers[name]()
        while len(self._used) < attackers:
            self._stranger()
        self._visits.sort(key=lambda visit: (visit.ts, visit.number))

    def makers(self) -> Mapping[str, Callable[[], None]]:
        """Return what adds one actor, crew or net, by its kind."""
        raise NotImplementedError

    def _stranger(self) -> None:
        raise NotImplementedError

    def events(self) -> Iterator[Event]:
        """Yield the events, visit by visit."""
        return self.written.events(self._seed, self._visits)

    def _address(self, actor: str, population: str, campaign: str = "") -> str:
        return self._add(new_address(self._dice, self.networks, self._used), actor, population, campaign)

    def _add(self, one: str, actor: str, population: str, campaign: str = "") -> str:
        self.truth.identities[one] = actor or f"{population} {one}"
        self.truth.populations[one] = population
        if campaign:
            self.truth.campaigns[one] = campaign
        return one

    def _come(self, one: str, hour: float, decky: str, acts: Acts) -> None:
        self._visits.append(Visit(self.begin + int(hour * HOUR), len(self._visits), one, decky, acts))

    def _any(self) -> str:
        """Return a decky; everybody finds the first ones."""
        return self.deckies[int(len(self.deckies) * self._dice.random() ** 1.5)]

    def _name(self, kind: str) -> str:
        return f"{kind}-{word(self._dice)}-{len(self._used)}"
