# SPDX-License-Identifier: MIT
"""A sixth world, made before anything was tuned to what it shows: much noise, and actors who own little.

- Touchers: one connection, one scan or one request, and never again.
- Crews with a public tool and its list of first passwords, from blocks of a host that does not care; own are only some
  words they add, and what they do after they are in.
- Returners, who come back after weeks with a new client, from a new address, to what they left.
- People who work from home and from exits (NAT, VPN, Tor) that others use in the same hour.
- Copies of a one-liner from the Web: strangers, and miners of whom each puts a wallet of their own in it.
- Forks of one botnet's source, each with its word and its names of files; hosts move daily, programs change less often.
- People known by weak things only: how they mistype, in which order they look, how they type, when, and with what.
- Worms of open Redis and Docker, with programs that move and images of one account.
- Crews who break into Web applications, hand over to others with a shell, and share servers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from random import Random

from planted import arsenal, fifth_acts, sixth_acts
from planted.arsenal import hexadecimal, word
from planted.fifth_acts import Person
from planted.peopled import Peopled
from planted.sixth_acts import Fork, Habitual, Miner, Worm
from planted.visits import Acts, Written

SPAN = 100 * 24.0
"""Hours."""
EXIT_PART = 0.012
"""How many of the addresses are exits that several use: they are nobody's, so they are not scored."""


class SixthWorld(Peopled):
    """Visits in the order of time, and the truth about their addresses."""

    begin = 1_774_000_000_000_000_000
    networks = (5, 14, 31, 43, 58, 64, 79, 85, 94, 102, 115, 128, 147, 162, 178, 185, 194, 203, 218)
    deckies = tuple(f"srv{number:02}" for number in range(28))
    written = Written("sixth", "sixth ", (20_000_000, 4_000_000_000), ("sensor-a", "sensor-b"), 52_000)
    parts: Mapping[str, float] = {
        "hydra": 0.1,
        "returner": 0.08,
        "exit": 0.06,
        "miner": 0.08,
        "fork": 0.16,
        "habitual": 0.08,
        "worm": 0.06,
        "web": 0.08,
    }

    def __init__(self, attackers: int, seed: int) -> None:
        self._exits: list[str] = []
        self._wanted_exits = max(3, int(attackers * EXIT_PART))
        super().__init__(attackers, seed)

    def makers(self) -> Mapping[str, Callable[[], None]]:
        return {
            "hydra": self._hydra,
            "returner": self._returner,
            "exit": self._behind_exits,
            "miner": self._miner,
            "fork": self._fork,
            "habitual": self._habitual,
            "worm": self._worm,
            "web": self._web,
        }

    def _exit(self) -> str:
        """Return an exit; others pass through it too."""
        dice = self._dice
        if len(self._exits) < self._wanted_exits:
            one = self._address("", "exit")
            for named in (self.truth.identities, self.truth.populations):
                del named[one]
            for _ in range(dice.randrange(2, 12)):
                passing: tuple[Acts, ...] = (
                    partial(fifth_acts.guess, at=sixth_acts.common(dice)),
                    partial(fifth_acts.look, at=sixth_acts.common(dice)),
                    partial(sixth_acts.touch, at=sixth_acts.common(dice)),
                )
                self._come(one, dice.uniform(0, SPAN), self._any(), dice.choice(passing))
            self._exits.append(one)
            return one
        return dice.choice(self._exits)

    def _block(self) -> str:
        """Return the first three bytes of some addresses that belong together."""
        dice = self._dice
        return f"{dice.choice(self.networks)}.{dice.randrange(256)}.{dice.randrange(256)}"

    def _within(self, block: str, actor: str, population: str, campaign: str) -> str:
        while (one := f"{block}.{self._dice.randrange(1, 255)}") in self._used:
            pass
        self._used.add(one)
        return self._add(one, actor, population, campaign)

    def _hydra(self) -> None:
        dice, crew = self._dice, self._name("hydra")
        start, days = dice.uniform(0, SPAN - 800), dice.uniform(6, 28)
        words = tuple((dice.choice(sixth_acts.ACCOUNTS), f"{word(dice)}{dice.randrange(1000)}") for _ in range(4))
        for _ in range(dice.choice((1, 1, 2, 3))):
            actor, block, tool = self._name("guesser"), self._block(), sixth_acts.tool_of(dice)
            own = fifth_acts.lines_of(dice, 3)
            secret, key = f"{word(dice)}{hexadecimal(dice, 4)}", arsenal.key(dice)
            for _ in range(dice.randrange(2, 9)):
                one = self._within(block, actor, "hydra", crew)
                for _ in range(dice.randrange(1, 4)):
                    hour = start + dice.uniform(0, days * 24)
                    self._come(one, hour, self._any(), partial(sixth_acts.hydra, at=tool, words=words))
                    if dice.random() < 0.5:
                        acts = partial(sixth_acts.take_over, at=tool, secret=secret, key=key, lines=own)
                        self._come(one, hour + dice.uniform(0.01, 3), self._any(), acts)

    def _returner(self) -> None:
        """Somebody whose key, URL or lines are the same after weeks; the client never is."""
        dice, actor = self._dice, self._name("returner")
        keeps = dice.choice(("key", "url", "lines", "login"))
        key, lines, url = arsenal.key(dice), fifth_acts.lines_of(dice, 4), self._url()
        login = (dice.choice(sixth_acts.ACCOUNTS), f"{word(dice)}#{dice.randrange(100, 9999)}")
        hour = dice.uniform(0, SPAN / 3)
        while hour < SPAN - 300:
            one, at = self._address(actor, "returner"), sixth_acts.newer(dice)
            fresh = Person(at, arsenal.key(dice), fifth_acts.lines_of(dice, 4), dice.uniform(-1, 2), self._url())
            kept: dict[str, Person] = {
                "key": fresh._replace(key=key),
                "url": fresh._replace(tool=url),
                "lines": fresh._replace(lines=lines),
                "login": fresh,
            }
            way_in = login if keeps == "login" else None if keeps == "key" else sixth_acts.easy(dice)
            for _ in range(dice.randrange(2, 5)):
                acts = partial(sixth_acts.sit, one=kept[keeps], way_in=way_in)
                self._come(one, hour + dice.uniform(0, 60), self._any(), acts)
            hour += dice.uniform(14, 50) * 24

    def _url(self) -> str:
        return f"http://{arsenal.domain(self._dice)}/{word(self._dice, 2)}"

    def _behind_exits(self) -> None:
        """Somebody who uses some exits of everybody's and a few addresses of their own."""
        dice, actor = self._dice, self._name("behind")
        at = sixth_acts.common(dice)
        one = Person(at, arsenal.key(dice), fifth_acts.lines_of(dice, 4), dice.uniform(-1, 2), self._url())
        start, days = dice.uniform(0, SPAN - 900), dice.uniform(5, 35)
        for _ in range(dice.randrange(1, 5)):
            place = self._address(actor, "behind exits")
            for _ in range(dice.randrange(1, 4)):
                way_in = dice.choice((None, sixth_acts.easy(dice)))
                hour = start + dice.uniform(0, days * 24)
                self._come(place, hour, self._any(), partial(sixth_acts.sit, one=one, way_in=way_in))
        for _ in range(dice.randrange(1, 4)):
            hour = start + dice.uniform(0, days * 24)
            self._come(self._exit(), hour, self._any(), partial(sixth_acts.sit, one=one, way_in=None))

    def _miner(self) -> None:
        dice, actor = self._dice, self._name("miner")
        wallet = f"4{''.join(dice.choice(sixth_acts.BASE58) for _ in range(94))}"
        one = Miner(wallet, dice.choice(sixth_acts.POOLS), f"{word(dice, 2)}{dice.randrange(10)}")
        start, days = dice.uniform(0, SPAN - 1200), dice.uniform(3, 50)
        for _ in range(dice.choice((1, 2, 3, 5, 8, 12))):
            place, at = self._address(actor, "miner"), sixth_acts.common(dice)
            for _ in range(dice.randrange(1, 4)):
                hour = start + dice.uniform(0, days * 24)
                self._come(place, hour, self._any(), partial(sixth_acts.mine, at=at, one=one))

    def _fork(self) -> None:
        """A botnet: its applet's word and its names stay, its host moves daily, its programs weekly."""
        dice, net = self._dice, self._name("fork")
        start, days = dice.uniform(0, SPAN - 700), dice.randrange(5, 26)
        applet, named = word(dice, 2).upper(), dice.choice(("bot", "mirai", word(dice, 2), word(dice, 3)))
        hosts = [".".join(str(dice.randrange(20, 220)) for _ in range(4)) for _ in range(days)]
        programs = [tuple(hexadecimal(dice, 64) for _ in range(3)) for _ in range(1 + days // 5)]
        for _ in range(dice.randrange(12, 60)):
            one, first = self._address("", "device", net), dice.randrange(days)
            for day in {first, min(days - 1, first + dice.randrange(4))}:
                fork = Fork(applet, named, hosts[day], programs[day // 5])
                hour = start + day * 24 + dice.uniform(0, 24)
                self._come(one, hour, self._any(), partial(sixth_acts.spread, fork=fork))

    def _habitual(self) -> None:
        dice, actor = self._dice, self._name("habitual")
        looks = dice.sample(sixth_acts.LOOKS, dice.randrange(5, 9))
        typos = tuple(sixth_acts.mistyped(dice, line) for line in dice.sample(looks, dice.choice((0, 1, 2))))
        person = Habitual(sixth_acts.tool_of(dice), tuple(looks), typos, dice.uniform(-2, 3))
        start, days, shift = dice.uniform(0, SPAN - 900), dice.randrange(6, 34), dice.randrange(24)
        for _ in range(dice.choice((1, 2, 2, 3, 4))):
            place = self._address(actor, "habitual")
            for _ in range(dice.randrange(2, 6)):
                hour = (start // 24 + dice.randrange(days)) * 24 + shift + dice.uniform(0, 3)
                self._come(place, hour, self._any(), partial(sixth_acts.look_around, person=person))

    def _worm(self) -> None:
        dice, net = self._dice, self._name("worm")
        start, days = dice.uniform(0, SPAN - 900), dice.uniform(8, 34)
        account, script = f"{word(dice)}{dice.randrange(100)}", word(dice, 2)
        hosts = [arsenal.domain(dice) for _ in range(dice.randrange(2, 6))]
        images, key = [word(dice, 2) for _ in range(2)], arsenal.key(dice)
        for _ in range(dice.randrange(10, 40)):
            one, part = self._address("", "worm", net), dice.random()
            host = hosts[int(part * len(hosts))]
            worm = Worm(f"http://{host}/{script}.sh", f"{account}/{dice.choice(images)}", key)
            for _ in range(dice.randrange(1, 3)):
                hour = start + days * 24 * min(0.99, part + dice.uniform(0, 0.1))
                act = dice.choice((sixth_acts.redis, sixth_acts.docker))
                self._come(one, hour, self._any(), partial(act, worm=worm))

    def _web(self) -> None:
        """A crew of who breaks in and who works on: one server of callbacks, other tools, the same targets."""
        dice, crew = self._dice, self._name("web")
        start, days = dice.uniform(0, SPAN - 800), dice.uniform(4, 26)
        targets, server = dice.sample(self.deckies, dice.randrange(2, 5)), arsenal.domain(dice)
        shell, login = f"{word(dice, 2)}.php", (word(dice, 2), f"{word(dice)}{dice.randrange(100, 999)}!")
        certificate, jarm = hexadecimal(dice, 64), hexadecimal(dice, 62)
        for role in range(dice.randrange(2, 5)):
            actor, at = self._name("intruder"), sixth_acts.common(dice)
            lines = fifth_acts.lines_of(dice, 4)
            person = Person(at, arsenal.key(dice), lines, dice.uniform(-1, 2), f"http://{server}/{word(dice, 2)}")
            field = word(Random(f"{crew} {actor}"), 2)
            for _ in range(dice.choice((1, 2, 2, 3, 4))):
                place = self._address(actor, "web", crew)
                for number in range(dice.randrange(1, 4)):
                    hour = start + dice.uniform(0, days * 24)
                    acts: Acts = partial(sixth_acts.sit, one=person, way_in=dice.choice((None, login)))
                    if role % 2 == 0:
                        acts = partial(sixth_acts.web_shell, at=at, shell=shell, field=field, server=server)
                    self._come(place, hour, dice.choice(targets), acts)
                    if number == 0 and dice.random() < 0.15:
                        contact = self.begin + int(hour * arsenal.HOUR)
                        ends = partial(fifth_acts.probed, at=contact, certificate=certificate, jarm=jarm)
                        self._come(place, hour + 0.2, dice.choice(targets), ends)

    def _stranger(self) -> None:
        dice = self._dice
        kinds = ("toucher", "guesser", "looker", "copier", "exploiter", "hydra user")
        kind = dice.choices(kinds, (45, 20, 8, 9, 10, 8))[0]
        one, at = self._address("", kind), sixth_acts.common(dice)
        address = arsenal.domain(dice)
        acts: Acts = {
            "toucher": partial(sixth_acts.touch, at=at),
            "guesser": partial(fifth_acts.guess, at=at),
            "looker": partial(fifth_acts.look, at=at),
            "copier": partial(sixth_acts.copy, at=at),
            "exploiter": partial(sixth_acts.exploit, at=at, server=address),
            "hydra user": partial(sixth_acts.hydra, at=sixth_acts.tool_of(dice), words=()),
        }[kind]
        since = dice.uniform(0, SPAN)
        for _ in range(1 if kind == "toucher" else dice.choice((1, 1, 2, 4))):
            self._come(one, min(SPAN, since + dice.expovariate(1 / 50)), self._any(), acts)
