# SPDX-License-Identifier: MIT
"""A fifth world, made before anything was tuned to what it shows, of what operators of honeypots report.

- Renters of residential proxies: one actor at many addresses, most used once, often with a stranger's device behind.
- A botnet that changes its loader's URL and programs each week, over telnet and over routers' Web pages.
- A crew of people, each with a rhythm of typing, lines and a key of their own, and with one list of passwords.
- Scanners in clouds that name themselves, and strangers who say that they are Google's crawler.
- A quiet group with three addresses, months between its visits, and one implant.
- Buyers: crews that leave the same bought loader, at overlapping targets, with servers of their own.
- Machines of one actor that run the same few lines from everywhere within days.
- Copycats: the published miner's script with a wallet of their own, the published exploit with a host of their own.

Who is behind an infected device is a matter of opinion: as an identity each is one, and a botnet is a campaign.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from random import Random

from planted import arsenal, fifth_acts
from planted.arsenal import HOUR, hexadecimal, word
from planted.fifth_acts import Credential, Person, Release
from planted.peopled import Peopled
from planted.visits import Acts, Written

BEGIN = 1_768_000_000_000_000_000
SPAN = 120 * 24.0
"""Hours."""
DECKIES = tuple(f"node-{number}" for number in range(36))
NETWORKS = (3, 20, 37, 45, 62, 77, 91, 103, 119, 141, 159, 176, 188, 193, 212)
PARTS = {
    "renter": 0.1,
    "weekly": 0.16,
    "typists": 0.14,
    "scanner": 0.12,
    "quiet": 0.03,
    "buyers": 0.1,
    "burst": 0.06,
}
"""Of the addresses; the others are of strangers and copycats."""
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
AGENTS = ("Mozilla/5.0 zgrab/0.x", "python-requests/2.32.3", "curl/8.5.0", "Go-http-client/1.1", "masscan/1.3", CRAWLER)
ZGRAB = "t13d190900_9dc949149365_97f8aa674fc3"
WRITTEN = Written("fifth", "fifth ", (30_000_000, 5_000_000_000), ("sensor-1", "sensor-2", "sensor-3"), 41_000)


class FifthWorld(Peopled):
    """Visits in the order of time, and the truth about their addresses."""

    begin, networks, deckies, written, parts = BEGIN, NETWORKS, DECKIES, WRITTEN, PARTS

    def makers(self) -> Mapping[str, Callable[[], None]]:
        return {
            "renter": self._renter,
            "weekly": self._weekly,
            "typists": self._typists,
            "scanner": self._scanner,
            "quiet": self._quiet,
            "buyers": self._buyers,
            "burst": self._burst,
        }

    def _url(self, *path: str) -> str:
        return "/".join((f"http://{arsenal.domain(self._dice)}", *path))

    def _list(self, number: int) -> tuple[Credential, ...]:
        dice = self._dice
        made = (
            f"{word(dice).title()}{dice.choice('#!_')}{dice.randrange(10, 99)}{word(dice, 1)}" for _ in range(number)
        )
        return tuple((dice.choice(fifth_acts.ACCOUNTS), secret) for secret in made)

    def _renter(self) -> None:
        """Somebody alone whose addresses are rented by the minute; some have an owner with a device."""
        dice, actor = self._dice, self._name("renter")
        secrets, start, days = self._list(dice.randrange(25, 90)), dice.uniform(0, SPAN - 900), dice.uniform(5, 35)
        one = Person(fifth_acts.common(dice), arsenal.key(dice), fifth_acts.lines_of(dice, 4), 0, "")
        way = dice.choice(("list", "list and key", "list and lines"))
        for _ in range(dice.randrange(10, 40)):
            address = self._address(actor, "renter")
            shown = one._replace(at=fifth_acts.common(dice)) if dice.random() < 0.6 else one
            hour = start + dice.uniform(0, days * 24)
            if way != "list" and dice.random() < 0.4:
                way_in = None if way == "list and key" else ("root", dice.choice(fifth_acts.ROCKYOU))
                acts: Acts = partial(fifth_acts.sit_down, one=shown, way_in=way_in)
            else:
                acts = partial(fifth_acts.walk, at=shown.at, secrets=secrets, number=dice.randrange(6, 20))
            self._come(address, hour, self._any(), acts)
            if dice.random() < 0.3:
                self._neighbour(address)

    def _neighbour(self, address: str) -> None:
        """Let somebody else come from the address too."""
        dice, at = self._dice, fifth_acts.common(self._dice)
        self.truth.unscored.append(address)
        release = Release(self._url("bin", "mpsl"), hexadecimal(dice, 64))
        acts: tuple[Acts, ...] = (
            partial(fifth_acts.guess, at=at),
            partial(fifth_acts.look, at=at),
            partial(fifth_acts.inject, release=release),
        )
        for _ in range(dice.randrange(1, 4)):
            self._come(address, dice.uniform(0, SPAN), self._any(), dice.choice(acts))

    def _weekly(self) -> None:
        dice, named = self._dice, self._name("weekly")
        weeks, start = dice.randrange(2, 8), dice.uniform(0, SPAN - 1400)
        applet, family = word(dice, 2).upper(), word(dice)
        hosts = [arsenal.domain(dice) for _ in range(1 + weeks // 2)]
        releases = [
            Release(f"http://{hosts[week // 2]}/{family}{week}/{dice.choice(('arm7', 'mips'))}", hexadecimal(dice, 64))
            for week in range(weeks)
        ]
        for _ in range(dice.randrange(15, 60)):
            one, by_web = self._address("", "device", named), dice.random() < 0.3
            first = dice.randrange(weeks)
            for week in {first, min(weeks - 1, first + dice.randrange(3))}:
                hour = start + week * 168 + dice.uniform(0, 168)
                act = (
                    partial(fifth_acts.inject, release=releases[week])
                    if by_web
                    else partial(fifth_acts.infect, release=releases[week], applet=applet)
                )
                self._come(one, hour, self._any(), act)

    def _typists(self) -> None:
        dice, named = self._dice, self._name("typists")
        start, days, secrets = dice.uniform(0, SPAN - 1100), dice.uniform(8, 40), self._list(dice.randrange(15, 60))
        targets, server = dice.sample(DECKIES, dice.randrange(2, 6)), arsenal.domain(dice)
        way_in = dice.choice(secrets)
        for _ in range(dice.randrange(2, 6)):
            actor = self._name("typist")
            tool = f"http://{server if dice.random() < 0.5 else arsenal.domain(dice)}/{word(dice, 2)}"
            at, lines = fifth_acts.common(dice), fifth_acts.lines_of(dice, dice.randrange(3, 6))
            one = Person(at, arsenal.key(dice), lines, dice.uniform(-1, 2), tool if dice.random() < 0.7 else "")
            for _ in range(dice.choice((1, 1, 2, 3, 3, 5))):
                address = self._address(actor, "typist", named)
                for _ in range(dice.randrange(1, 5)):
                    hour = start + dice.uniform(0, days * 24)
                    if dice.random() < 0.35:
                        acts: Acts = partial(fifth_acts.walk, at=at, secrets=secrets, number=dice.randrange(4, 12))
                    else:
                        by_key = None if dice.random() < 0.4 else way_in
                        acts = partial(fifth_acts.sit_down, one=one, way_in=by_key)
                    self._come(address, hour, dice.choice(targets), acts)

    def _scanner(self) -> None:
        dice, actor, company = self._dice, self._name("scanner"), word(self._dice)
        agent = dice.choice(
            (
                f"Mozilla/5.0 (compatible; {company.title()}Inspect/1.1; +https://{company}.com/about-scan)",
                f"{company.title()}bot/2.0 (+http://research.{company}.org)",
                f"{company} internet survey, contact abuse@{company}.net",
            )
        )
        at = fifth_acts.common(dice)
        for _ in range(dice.randrange(5, 30)):
            address = self._address(actor, "scanner")
            for _ in range(dice.randrange(1, 6)):
                self._come(
                    address,
                    dice.uniform(0, SPAN),
                    dice.choice(DECKIES),
                    partial(fifth_acts.survey, agent=agent, at=at, ja4=ZGRAB),
                )

    def _quiet(self) -> None:
        dice, actor = self._dice, self._name("quiet")
        implant, url, way_in = hexadecimal(dice, 64), self._url(word(dice, 2)), self._list(1)[0]
        certificate, jarm = hexadecimal(dice, 64), hexadecimal(dice, 62)
        targets, at = dice.sample(DECKIES, 3), fifth_acts.common(dice)
        for _ in range(3):
            address = self._address(actor, "quiet")
            for number in range(dice.randrange(1, 4)):
                hour = dice.uniform(0, SPAN)
                acts = partial(fifth_acts.stealth, at=at, implant=implant, url=url, way_in=way_in)
                self._come(address, hour, dice.choice(targets), acts)
                if number == 0 and dice.random() < 0.6:
                    ends = partial(fifth_acts.probed, at=BEGIN + int(hour * HOUR), certificate=certificate, jarm=jarm)
                    self._come(address, hour + 0.1, dice.choice(targets), ends)

    def _buyers(self) -> None:
        """Let crews leave one loader that all have bought, within the same months."""
        dice, loader, payload = self._dice, self._url(word(self._dice), "ldr.sh"), hexadecimal(self._dice, 64)
        popular = dice.sample(DECKIES, 3)
        for _ in range(dice.randrange(2, 6)):
            named, start, days = self._name("bought"), dice.uniform(0, SPAN - 900), dice.uniform(6, 30)
            targets = [*dice.sample(DECKIES, dice.randrange(2, 4)), dice.choice(popular)]
            server, secrets = arsenal.domain(dice), self._list(dice.randrange(4, 12))
            for _ in range(dice.randrange(2, 4)):
                actor, at = self._name("buyer"), fifth_acts.common(dice)
                tool = f"http://{server}/{word(dice, 2)}"
                one = Person(at, arsenal.key(dice), fifth_acts.lines_of(dice, 3), 0.5, tool)
                for _ in range(dice.choice((1, 2, 2, 3))):
                    address = self._address(actor, "buyer", named)
                    for _ in range(dice.randrange(2, 5)):
                        acts: Acts = partial(fifth_acts.sit_down, one=one, way_in=dice.choice((None, secrets[0])))
                        if dice.random() < 0.4:
                            way_in = dice.choice(secrets)
                            acts = partial(fifth_acts.deliver, at=at, url=loader, payload=payload, way_in=way_in)
                        self._come(address, start + dice.uniform(0, days * 24), dice.choice(targets), acts)

    def _burst(self) -> None:
        """A program of somebody that runs the same lines from many machines, for a few days."""
        dice, actor = self._dice, self._name("burst")
        lines, start, days = (
            fifth_acts.lines_of(dice, dice.randrange(3, 7)),
            dice.uniform(0, SPAN - 200),
            dice.uniform(1, 6),
        )
        for _ in range(dice.randrange(8, 30)):
            address = self._address(actor, "burst")
            at = fifth_acts.common(dice)
            way_in = (dice.choice(fifth_acts.ACCOUNTS), dice.choice(fifth_acts.ROCKYOU))
            acts = partial(fifth_acts.scripted, at=at, lines=lines, way_in=way_in)
            self._come(address, start + dice.uniform(0, days * 24), self._any(), acts)

    def _stranger(self) -> None:
        dice = self._dice
        kind = dice.choices(
            ("guesser", "looker", "surveyor", "exploiter", "miner", "walker"), (35, 12, 18, 15, 10, 10)
        )[0]
        one, at, agent = self._address("", kind), fifth_acts.common(dice), dice.choice(AGENTS)
        url, wallet = self._url(dice.choice(("x", "a.sh", "bins.sh"))), f"4{hexadecimal(dice, 60)}"
        host = dice.choice(("pool.supportxmr.com", "xmr.2miners.com", arsenal.domain(dice)))
        shared = tuple(("root", f"{word(Random(f'fifth list {number}'))}1") for number in range(150))
        acts: Acts = {
            "guesser": partial(fifth_acts.guess, at=at),
            "looker": partial(fifth_acts.look, at=at),
            "surveyor": partial(fifth_acts.survey, agent=agent, at=at, ja4=ZGRAB),
            "exploiter": partial(fifth_acts.exploit, at=at, agent=agent, url=url),
            "miner": partial(fifth_acts.publish, at=at, host=host, wallet=wallet),
            "walker": partial(fifth_acts.walk, at=at, secrets=shared, number=dice.randrange(5, 30)),
        }[kind]
        since = dice.uniform(0, SPAN)
        for _ in range(dice.choice((1, 1, 2, 3, 5))):
            self._come(one, min(SPAN, since + dice.expovariate(1 / 70)), self._any(), acts)
