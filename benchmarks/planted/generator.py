# SPDX-License-Identifier: MIT
"""Makes a world: who is there, when each of them comes, and the events in the order of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from random import Random
from typing import NamedTuple, Protocol

from decnet_core.events.catalogue import Payload
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7_of
from planted import vocabulary as words
from planted.actors import DAY, REGIMES, Campaign, Lease, Loader, Regime, Scene, leases
from planted.crowd import Beginner, Bot, Botnet, Copycat, Flood, Guesser, Scanner
from planted.files import Truth

START = 1_780_000_000_000_000_000
DAYS = 120
PEOPLE, BOTS, GUESSERS, SCANNERS, BEGINNERS = 0.40, 0.15, 0.22, 0.15, 0.06
"""Parts of all addresses; the rest poisons evidence or is shared."""
ADDRESSES = (1, 2, 2, 3, 4, 5, 6, 8, 11, 15, 22)
"""How many a person uses, each equally often."""


class Visitor(Protocol):
    """Acts when visiting."""

    def payloads(self, dice: Random) -> Iterator[Payload]:
        """Yield what one visit consists of."""


class Visit(NamedTuple):
    """Somebody comes to a decky."""

    ts: int
    number: int
    address: str
    decky: str
    visitor: Visitor


class World:
    """Visits in order of time, and the truth about their addresses."""

    def __init__(self, attackers: int, seed: int) -> None:
        self._seed = seed
        self._dice = Random(f"world {seed} of {attackers}")
        self._used: set[str] = set()
        self._visits: list[Visit] = []
        self._identities: dict[str, str] = {}
        self._campaigns: dict[str, str] = {}
        self._unscored: list[str] = []
        self._populations: dict[str, str] = {}
        self.people: dict[str, list[Lease]] = defaultdict(list)
        self._people(int(attackers * PEOPLE))
        self._crowd(attackers)
        self._share(max(2, attackers // 200))
        self._poison(attackers)
        self._visits.sort()

    @property
    def truth(self) -> Truth:
        return Truth(self._identities, self._campaigns, self._unscored, self._populations)

    def events(self) -> Iterator[Event]:
        """Yield the events, visit by visit."""
        for visit in self._visits:
            yield from self._events(visit)

    def _events(self, visit: Visit) -> Iterator[Event]:
        dice = Random(self._seed << 40 | visit.number)
        ts, session, port = visit.ts, f"s{visit.number}", dice.randrange(1024, 65_535)
        for step, payload in enumerate(visit.visitor.payloads(dice)):
            ts += dice.randrange(20_000_000, 2_000_000_000)
            yield Event(
                id=uuid7_of(ts, b"%d" % self._seed, b"%d" % visit.number, b"%d" % step),
                ts=ts,
                sensor="sensor-1",
                payload=payload,
                decky=visit.decky,
                src_ip=visit.address,
                src_port=port,
                session=session,
            )

    def _address(self, near: str = "") -> str:
        dice = self._dice
        while True:
            if near and ":" not in near:
                address = f"{near.rsplit('.', 1)[0]}.{dice.randrange(1, 255)}"
            elif dice.random() < 0.02:
                address = f"2a01:4f8:{dice.randrange(1, 65536):x}:{dice.randrange(1, 65536):x}::1"
            else:
                first = dice.choice((*range(11, 100), *range(101, 126), *range(128, 168), *range(173, 191)))
                address = f"{first}.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(1, 255)}"
            if address not in self._used:
                self._used.add(address)
                return address
            near = ""

    def _visit(self, ts: int, address: str, decky: str, visitor: Visitor) -> None:
        self._visits.append(Visit(ts, len(self._visits), address, decky, visitor))

    def _people(self, addresses: int) -> None:
        dice = self._dice
        self.kits = tuple(words.kit(dice) for _ in range(2 + addresses // 400))
        people = max(6, int(addresses * len(ADDRESSES) / sum(ADDRESSES)))
        loaders = tuple(
            Loader(words.hostname(dice), words.digits(dice, 64), dice.random() < 0.6) for _ in range(2 + people // 40)
        )
        campaign, left = None, 0
        for number in range(people):
            if left == 0:
                campaign = self._campaign(f"campaign-{number}") if dice.random() < 0.45 else None
                left = dice.choice((2, 2, 3, 3, 4, 5, 7, 9)) if campaign else dice.randrange(1, 4)
            left -= 1
            regime = campaign.regime if campaign else dice.choices(REGIMES, (35, 40, 25))[0]
            self._person(f"actor-{number}", regime, campaign, loaders)

    def _campaign(self, name: str) -> Campaign:
        dice = self._dice
        start = START + int(dice.uniform(0, DAYS - 30) * DAY)
        return Campaign(
            name,
            dice.choices(REGIMES, (40, 40, 20))[0],
            tuple(words.hostname(dice) for _ in range(dice.randrange(1, 4))),
            words.word(dice),
            words.plan(dice),
            tuple(dice.sample(words.DECKIES, dice.randrange(2, 6))),
            start,
            start + int(dice.uniform(10, 30) * DAY),
            (dice.randrange(24), dice.randrange(4, 12)),
        )

    def _person(self, name: str, regime: Regime, campaign: Campaign | None, loaders: tuple[Loader, ...]) -> None:
        dice = self._dice
        first = self._address()
        near = dice.random() < 0.2
        more = dice.choice(ADDRESSES) - 1
        addresses = [first, *(self._address(first if near and dice.random() < 0.7 else "") for _ in range(more))]
        if campaign:
            start = int(dice.uniform(campaign.start, (campaign.start + campaign.end) / 2))
            end = campaign.end
        else:
            start = START + int(dice.uniform(0, DAYS - 20) * DAY)
            end = min(START + DAYS * DAY, start + int(dice.uniform(5, 60) * DAY))
        for lease in leases(dice, name, regime, campaign, Scene(addresses, start, end, self.kits, loaders)):
            self.people[name].append(lease)
            self._identities[lease.address] = name
            self._populations[lease.address] = f"{regime.name}{', campaign' if campaign else ''}"
            if campaign:
                self._campaigns[lease.address] = campaign.name
            self._come(lease, lease.address, dice.choice((1, 1, 2, 3)))

    def _come(self, lease: Lease, address: str, times: int) -> None:
        dice = self._dice
        for _ in range(times):
            day = int(dice.uniform(lease.start, lease.end)) // DAY * DAY
            hour = (lease.hours[0] + dice.uniform(0, lease.hours[1])) % 24
            self._visit(day + int(hour * DAY / 24), address, dice.choice(lease.deckies), lease)

    def _crowd(self, attackers: int) -> None:
        dice = self._dice
        nets = [Botnet.of(dice) for _ in range(max(1, attackers // 3000))]
        for number in range(int(attackers * BOTS)):  # the first ones are the largest
            net = nets[int(len(nets) * dice.random() ** 2)] if number > 30 * len(nets) else nets[number % len(nets)]
            self._alone("bot", Bot(net), opinion=True)
        for _ in range(int(attackers * GUESSERS)):
            self._alone("guesser", Guesser(dice.randrange(12)))
        for _ in range(int(attackers * SCANNERS)):
            self._alone("scanner", Scanner(dice.random() < 0.5))
        for number in range(max(30 * len(self.kits), int(attackers * BEGINNERS))):
            self._alone("beginner", Beginner(self.kits[number % len(self.kits)]))

    def _alone(self, population: str, visitor: Visitor, *, visits: int = 0, opinion: bool = False) -> str:
        dice, address = self._dice, self._address()
        self._identities[address] = f"{population} {address}"
        self._populations[address] = population
        if opinion:  # some call a botnet a campaign, some do not
            self._unscored.append(address)
        for _ in range(visits or dice.choice((1, 1, 1, 2, 3))):
            self._visit(START + int(dice.random() * DAYS * DAY), address, dice.choice(words.DECKIES), visitor)
        return address

    def _share(self, addresses: int) -> None:
        """Let several people come from one address (NAT, a VPN, an exit of Tor), with guessers among them."""
        dice, names = self._dice, sorted(self.people)
        for _ in range(addresses):
            address = self._address()
            for name in dice.sample(names, min(len(names), dice.randrange(2, 5))):
                self._come(dice.choice(self.people[name]), address, 1)
            for _ in range(dice.randrange(3)):
                ts = START + int(dice.random() * DAYS * DAY)
                self._visit(ts, address, dice.choice(words.DECKIES), Guesser(dice.randrange(12)))

    def _poison(self, attackers: int) -> None:
        dice, names = self._dice, sorted(self.people)
        for _ in range(max(2, attackers // 300)):
            victims = [dice.choice(self.people[name]) for name in dice.sample(names, min(len(names), 4))]
            self._alone("copycat", Copycat(victims), visits=2)
        for _ in range(max(1, attackers // 2000)):
            self._alone("flood", Flood(min(500, attackers // 10)), visits=1)
