# SPDX-License-Identifier: MIT
"""A seventh world, made before anything was tuned to what it shows: of markets, where much is bought and little is own.

- Users of a bought kit, who share its client, list, lines, program and the password that it sets; own are a wallet or a
  key, seen at times. Each works for themselves.
- Affiliates of one programme: its panel and its tools are all affiliates'; a key and a server are each one's.
- Strangers who walk a list that was sold, from somewhere on; and crews with a list of their own.
- People at home whose provider gives them another address each day.
- People who replace their keys, a few days after the last, from servers that they rent by the week.
- Stuffers of Web logins, from rented proxies, with a client that changes.
- Botnets with published words, of which only host and program are own; groups that take clusters.
- Surveyors with IPv6; strangers who offer one key that stands in a public repository.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from random import Random

from planted import arsenal, seventh_acts
from planted.arsenal import HOUR, Client, client, hexadecimal, word
from planted.peopled import Peopled
from planted.seventh_acts import Build, Cloud, Credential, Kit, Owner
from planted.visits import Acts, Written

SPAN = 110 * 24.0
"""Hours."""
LEAKED = arsenal.key(Random("seventh leaked key")).fingerprint
WORDS = ("MIRAI", "ECCHI", "SORA", "OWARI")
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class SeventhWorld(Peopled):
    """Visits in the order of time, and the truth about their addresses."""

    begin = 1_782_000_000_000_000_000
    networks = (2, 23, 34, 46, 51, 66, 80, 89, 95, 109, 138, 144, 157, 172, 195, 206, 213)
    deckies = tuple(f"host-{number:02}" for number in range(32))
    written = Written("seventh", "seventh ", (15_000_000, 6_000_000_000), ("edge-1", "edge-2"), 38_000)
    parts: Mapping[str, float] = {
        "kit": 0.12,
        "affiliates": 0.1,
        "crew": 0.08,
        "home": 0.08,
        "replacer": 0.06,
        "stuffer": 0.06,
        "botnet": 0.14,
        "cloud": 0.06,
        "surveyor": 0.05,
    }

    def makers(self) -> Mapping[str, Callable[[], None]]:
        return {
            "kit": self._kit,
            "affiliates": self._affiliates,
            "crew": self._crew,
            "home": self._home,
            "replacer": self._replacer,
            "stuffer": self._stuffer,
            "botnet": self._botnet,
            "cloud": self._cloud,
            "surveyor": self._surveyor,
        }

    def _machine(self, own: float) -> Client:
        """Return a stock system, of which each part is with some probability nobody else's."""
        dice = self._dice
        stock, mine = seventh_acts.system(dice), client(dice)
        return Client(*(m if dice.random() < own else s for m, s in zip(mine, stock, strict=True)))

    def _owner(self, own: float = 0.05, server: str = "") -> Owner:
        dice = self._dice
        wallet = f"4{''.join(dice.choice(BASE58) for _ in range(94))}"
        lines = seventh_acts.manual(dice, dice.randrange(3, 7))
        return Owner(self._machine(own), arsenal.key(dice), lines, wallet, server, hexadecimal(dice, 64))

    def _list(self, number: int) -> tuple[Credential, ...]:
        dice = self._dice
        users = ("root", "admin", "backup", "dev", "svc")
        return tuple(
            (dice.choice(users), f"{word(dice)}{dice.choice('-_.')}{dice.randrange(1000)}") for _ in range(number)
        )

    def _probed(self, address: str, hour: float, one: Owner) -> None:
        ts = self.begin + int(hour * HOUR)
        self._come(address, hour + 0.1, self._any(), partial(seventh_acts.answer_probe, one=one, ts=ts))

    def _kit(self) -> None:
        """A kit that 3 to 10 have bought; its users come at any time."""
        dice = self._dice
        kit = Kit(
            self._machine(0.6),
            seventh_acts.manual(dice, 5),
            self._list(dice.randrange(8, 40)),
            f"http://{arsenal.domain(dice)}/{word(dice, 2)}.sh",
            hexadecimal(dice, 64),
            f"{word(dice)}{hexadecimal(dice, 5)}",
        )
        for _ in range(dice.randrange(3, 11)):
            actor, one, own = self._name("kit user"), self._owner(), dice.uniform(0.2, 0.9)
            start, days = dice.uniform(0, SPAN - 900), dice.uniform(2, 30)
            for _ in range(dice.choice((1, 1, 2, 3, 4))):
                address = self._address(actor, "kit user")
                for _ in range(dice.randrange(1, 4)):
                    hour = start + dice.uniform(0, days * 24)
                    self._come(address, hour, self._any(), partial(seventh_acts.use_kit, kit=kit, one=one, own=own))

    def _affiliates(self) -> None:
        dice, programme = self._dice, self._name("programme")
        panel, tool, common = arsenal.domain(dice), self._machine(0.5), seventh_acts.manual(dice, 4)
        start = dice.uniform(0, SPAN - 1000)
        targets = dice.sample(self.deckies, 6)
        for _ in range(dice.randrange(2, 6)):
            actor, one = self._name("affiliate"), self._owner(0.1, panel)
            one = one._replace(at=tool, lines=(*common, *one.lines[:2]))
            for _ in range(dice.randrange(1, 5)):
                address = self._address(actor, "affiliate", programme)
                for number in range(dice.randrange(1, 4)):
                    hour = start + dice.uniform(0, 30 * 24)
                    way_in = None if dice.random() < 0.6 else ("root", dice.choice(seventh_acts.WEAK))
                    self._come(
                        address, hour, dice.choice(targets), partial(seventh_acts.by_hand, one=one, way_in=way_in)
                    )
                    if number == 0 and dice.random() < 0.5:
                        self._probed(address, hour, one)

    def _crew(self) -> None:
        """People with one list of their own; each has a machine and a key."""
        dice, crew, secrets = self._dice, self._name("crew"), self._list(dice_number := self._dice.randrange(20, 80))
        start, targets = dice.uniform(0, SPAN - 800), dice.sample(self.deckies, 4)
        for _ in range(dice.randrange(1, 5)):
            actor, one = self._name("member"), self._owner(0.15)
            for _ in range(dice.randrange(1, 5)):
                address = self._address(actor, "crew", crew)
                for _ in range(dice.randrange(2, 5)):
                    hour, length = start + dice.uniform(0, 25 * 24), min(dice_number, dice.randrange(4, 16))
                    if dice.random() < 0.5:
                        acts = partial(seventh_acts.try_list, at=one.at, secrets=secrets, number=length)
                    else:
                        way_in = dice.choice((None, dice.choice(secrets)))
                        acts = partial(seventh_acts.by_hand, one=one, way_in=way_in)
                    self._come(address, hour, dice.choice(targets), acts)

    def _home(self) -> None:
        """Somebody whose address is another one each day; key or lines are shown at most of them."""
        dice, actor, one = self._dice, self._name("home"), self._owner(0.2)
        start = dice.uniform(0, SPAN - 700)
        for day in range(dice.randrange(3, 20)):
            address = self._address(actor, "home")
            for _ in range(dice.randrange(1, 3)):
                way_in = None if dice.random() < 0.5 else ("root", dice.choice(seventh_acts.WEAK))
                hour = start + day * 24 + 18 + dice.uniform(0, 5)
                self._come(address, hour, self._any(), partial(seventh_acts.by_hand, one=one, way_in=way_in))

    def _replacer(self) -> None:
        """Somebody whose keys and servers wear out: at each address the last key, or both."""
        dice, actor, one = self._dice, self._name("replacer"), self._owner(0.1)
        hour = dice.uniform(0, SPAN - 1500)
        for _ in range(dice.randrange(3, 9)):
            address, before = self._address(actor, "replacer"), one
            if dice.random() < 0.6:
                one = one._replace(key=arsenal.key(dice), at=self._machine(0.1))
            for owner in (before, one):
                for _ in range(dice.randrange(1, 3)):
                    way_in = None if dice.random() < 0.7 else ("root", dice.choice(seventh_acts.WEAK))
                    acts = partial(seventh_acts.by_hand, one=owner, way_in=way_in)
                    self._come(address, hour + dice.uniform(0, 160), self._any(), acts)
            hour += dice.uniform(100, 200)

    def _stuffer(self) -> None:
        dice, actor, secrets = self._dice, self._name("stuffer"), self._list(self._dice.randrange(20, 60))
        start = dice.uniform(0, SPAN - 400)
        for _ in range(dice.randrange(6, 25)):
            address, ja4 = self._address(actor, "stuffer"), client(dice).ja4
            for _ in range(dice.randrange(1, 4)):
                acts = partial(seventh_acts.stuff, secrets=secrets, ja4=ja4, agent=dice.choice(seventh_acts.BROWSERS))
                self._come(address, start + dice.uniform(0, 300), self._any(), acts)

    def _botnet(self) -> None:
        dice, net, days = self._dice, self._name("botnet"), self._dice.randrange(6, 30)
        applet, name, start = dice.choice(WORDS), word(dice, 2), dice.uniform(0, SPAN - 800)
        builds = [
            Build(applet, arsenal.domain(dice), name, tuple(hexadecimal(dice, 64) for _ in range(2)))
            for _ in range(1 + days // 7)
        ]
        for _ in range(dice.randrange(10, 45)):
            address, first = self._address("", "device", net), dice.randrange(days)
            for day in {first, min(days - 1, first + dice.randrange(6))}:
                acts = partial(seventh_acts.infect, build=builds[day // 7])
                self._come(address, start + day * 24 + dice.uniform(0, 24), self._any(), acts)

    def _cloud(self) -> None:
        """A group whose worm comes from the clusters that it took: each is one, the group is a campaign."""
        dice, group = self._dice, self._name("cloud")
        wallet = f"4{''.join(dice.choice(BASE58) for _ in range(94))}"
        account, key, path = f"{word(dice)}{dice.randrange(100)}", arsenal.key(dice), word(dice, 2)
        clouds = [Cloud(arsenal.domain(dice), account, key, wallet, path) for _ in range(dice.randrange(1, 4))]
        start = dice.uniform(0, SPAN - 900)
        for number in range(dice.randrange(8, 30)):
            address = self._address("", "cluster", group)
            acts = partial(seventh_acts.take_cluster, cloud=clouds[number * len(clouds) // 30])
            for _ in range(dice.randrange(1, 3)):
                self._come(address, start + number * 24 + dice.uniform(0, 40), self._any(), acts)

    def _surveyor(self) -> None:
        dice, actor, name = self._dice, self._name("surveyor"), word(self._dice)
        agent, ja4 = f"Mozilla/5.0 (compatible; {name}-scan/2; +https://scan.{name}.net)", client(dice).ja4
        for _ in range(dice.randrange(3, 15)):
            address = self._address(actor, "surveyor")
            for _ in range(dice.randrange(1, 4)):
                self._come(
                    address, dice.uniform(0, SPAN), self._any(), partial(seventh_acts.survey, agent=agent, ja4=ja4)
                )

    def _stranger(self) -> None:
        dice = self._dice
        kind = dice.choices(("glance", "crawl", "sold list", "leaked key", "alone"), (34, 28, 20, 3, 15))[0]
        one, sold = self._address("", kind), Random(f"seventh sold list {dice.randrange(3)}")
        secrets = tuple(
            (sold.choice(("root", "oracle", "git")), f"{word(sold)}{sold.randrange(100)}") for _ in range(300)
        )
        own = self._owner(0.1)
        acts: dict[str, Acts] = {
            "glance": seventh_acts.glance,
            "crawl": seventh_acts.crawl,
            "sold list": partial(seventh_acts.try_list, at=own.at, secrets=secrets, number=dice.randrange(8, 40)),
            "leaked key": partial(seventh_acts.offer, key=LEAKED),
            "alone": partial(seventh_acts.by_hand, one=own, way_in=("root", dice.choice(seventh_acts.WEAK))),
        }
        since = dice.uniform(0, SPAN)
        for _ in range(dice.choice((1, 1, 1, 2, 4))):
            self._come(one, min(SPAN, since + dice.expovariate(1 / 60)), self._any(), acts[kind])
