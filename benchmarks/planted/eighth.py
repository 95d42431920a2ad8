# SPDX-License-Identifier: MIT
"""An eighth world, as somebody plans it who knows neither the others nor the workers: plain actors, plain noise.

- Crews of one to five people in one part of the month: most have the crew's server, some its program, its deckies
  and its way to look around; each has tools, passwords and lines of their own, or only some of these.
- From each address a person shows some of that, or two things at most. A third of them replace their client.
- Loaders that many bought, from the seller's server, and offices through which several people come.
- Devices of three botnets, each of which is a campaign, guessers, scanners, crawlers, and those who look around and do
  nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from planted import eighth_acts
from planted.arsenal import Key, domain, hexadecimal, key, word
from planted.eighth_acts import LOOKS, Net, Person, Software
from planted.peopled import Peopled
from planted.visits import Acts, Written

SPAN = 30 * 24.0
"""Hours."""
ALL = ("key", "secrets", "lines", "program", "web")
"""What a person may show."""


class Crew(NamedTuple):
    """What people who act together share, and when they act."""

    name: str
    """Of the campaign; empty: one person."""
    host: str
    program: str
    looks: tuple[str, ...]
    targets: tuple[str, ...]
    jarm: str
    certificate: str
    begin: float
    hours: float


class EighthWorld(Peopled):
    """Visits in the order of time, and the truth about their addresses."""

    begin = 1_780_000_000_000_000_000
    networks = (11, 23, 37, 46, 59, 71, 83, 97, 106, 119, 134, 151, 168, 181, 196, 209, 220)
    deckies = tuple(f"decky-{number:02}" for number in range(20))
    written = Written("eighth", "eighth ", (50_000_000, 8_000_000_000), ("sensor-a",), 40_000)
    parts: Mapping[str, float] = {"crew": 0.6}

    def __init__(self, attackers: int, seed: int) -> None:
        self._offices: list[str] = []
        self._clients: list[Software] = []
        self._loaders: list[Net] = []
        self._nets: list[Net] = []
        self._most = attackers
        super().__init__(attackers, seed)

    def makers(self) -> Mapping[str, Callable[[], None]]:
        dice = self._dice
        self._clients = [eighth_acts.software(dice) for _ in range(10)]
        self._loaders = [self._net(f"l{number}.sh") for number in range(max(3, self._most // 90))]
        self._nets = [self._net(f"mips{number}") for number in range(3)]
        for _ in range(max(2, self._most // 100)):
            one = self._address("", "office")
            for named in (self.truth.identities, self.truth.populations):
                del named[one]
            self._offices.append(one)
        return {"crew": self._crew}

    def _net(self, name: str) -> Net:
        return Net(f"http://{domain(self._dice)}/{name}", hexadecimal(self._dice, 64))

    def _crew(self) -> None:
        dice = self._dice
        people = dice.choice((1, 1, 1, 2, 3, 4, 5))
        crew = Crew(
            name=self._name("campaign") if people > 1 else "",
            host=domain(dice),
            program=hexadecimal(dice, 64),
            looks=tuple(dice.sample(LOOKS, 3)),
            targets=tuple(dice.sample(self.deckies, dice.randrange(3, 7))),
            jarm=hexadecimal(dice, 62),
            certificate=hexadecimal(dice, 64),
            begin=dice.uniform(0, 0.7 * SPAN),
            hours=24 * dice.uniform(3, 12),
        )
        for _ in range(people):
            self._person(crew)

    def _person(self, crew: Crew) -> None:
        dice = self._dice
        one, actor = self._equipped(crew), self._name("person")
        addresses = [self._address(actor, "person", crew.name) for _ in range(dice.choice((1, 2, 2, 3, 3, 4, 5, 6, 8)))]
        clients = [one.client] * 3
        if dice.random() < 0.3:
            clients = [eighth_acts.software(dice) for _ in range(3)]
        sparing, is_probed = dice.random() < 0.2, dice.random() < 0.3
        offices = [dice.choice(self._offices)] if dice.random() < 0.08 else []
        for place, address in enumerate((*addresses, *offices)):
            now = one._replace(client=clients[3 * place // (len(addresses) + 1)])
            shows = dice.sample(ALL, 2) if sparing else [part for part in ALL if dice.random() < 0.65] or ["secrets"]
            for _ in range(dice.choice((1, 1, 2, 3))):
                hour = min(SPAN, crew.begin + dice.uniform(0, crew.hours))
                decky = dice.choice(crew.targets) if crew.name and dice.random() < 0.8 else dice.choice(self.deckies)
                self._come(address, hour, decky, partial(eighth_acts.visit, one=now, shows=shows))
                if is_probed and address not in self._offices:
                    self._come(address, hour, decky, partial(eighth_acts.probed, one=now, contact=self.begin))

    def _equipped(self, crew: Crew) -> Person:
        """Return somebody of a crew, with what is the crew's and what is not."""
        dice = self._dice
        own_client, own_key, shared = (dice.random() < part for part in (0.4, 0.4, 0.8))
        host = crew.host if shared else domain(dice)
        name = f"{word(dice)}{dice.randrange(10)}"
        url, program = self._fetched(crew, host, name)
        planted: Key = key(dice)
        return Person(
            client=eighth_acts.software(dice) if own_client else dice.choice(self._clients),
            key=planted.fingerprint if own_key else "",
            secrets=eighth_acts.secrets(dice, dice.randrange(5, 40)),
            lines=eighth_acts.habits(dice, name, host, dice.randrange(2, 6)),
            looks=crew.looks if dice.random() < 0.7 else tuple(dice.sample(LOOKS, 3)),
            url=url,
            program=program,
            jarm=crew.jarm,
            certificate=crew.certificate,
        )

    def _fetched(self, crew: Crew, host: str, name: str) -> tuple[str, str]:
        """Return what somebody has fetched: a bought loader, the crew's program, one of their own, or nothing."""
        dice = self._dice
        chance = dice.random()
        if chance < 0.25:
            return dice.choice(self._loaders)
        if chance < 0.65 and crew.name:
            return f"http://{host}/{name}.bin", crew.program
        if chance < 0.9:
            return f"http://{host}/{name}.sh", hexadecimal(dice, 64)
        return "", ""

    def _stranger(self) -> None:
        dice = self._dice
        client, net = dice.choice(self._clients), dice.choice(self._nets)
        kinds: dict[str, Acts] = {
            "device": partial(eighth_acts.spread, net=net),
            "guesser": partial(eighth_acts.guess, client=client),
            "scanner": eighth_acts.scan,
            "crawler": partial(eighth_acts.browse, client=client, number=dice.randrange(5, 20)),
            "looker": partial(eighth_acts.look, client=client),
        }
        (kind,) = dice.choices(tuple(kinds), (30, 30, 25, 10, 10))
        address = self._address("", kind, net.url if kind == "device" else "")
        for _ in range(dice.choice((1, 1, 2, 3))):
            self._come(address, dice.uniform(0, SPAN), dice.choice(self.deckies), kinds[kind])
