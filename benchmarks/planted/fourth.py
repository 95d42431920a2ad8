# SPDX-License-Identifier: MIT
"""A fourth world, for judging only: operations as public reports describe them. No weight was tuned to it.

That its researchers stayed apart is why the contact that a Web client names is evidence (`clusterer.texts.agent_text`).

- A botnet: devices that infect with what its loader serves at the time; the host changes every few days, the programs
  every week, the family's name stays for weeks. Servers of its operator deliver the same over SSH.
- A hands-on crew: a handful of addresses, few deckies, working hours of one time zone on weekdays, for weeks.
- Bought access: one actor guesses passwords, and within days others log in with what it found, where it found it.
- Affiliates: two crews that use one kit (its program, its download host, its order of steps) against targets of their
  own, with servers of their own. They are two campaigns, also when they are there at the same time.
- Researchers: many addresses, an agent that says who they are, all deckies; one actor each and no campaign.

Deckies differ in how much they are visited at all, by what resembles a Zipf distribution: strangers and scanners come
to those at the edge of the network, crews also to others. Who is behind an infected device is a matter of opinion, so
as an identity each stands for itself, and a botnet is a campaign.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from planted import arsenal, tradecraft
from planted.arsenal import word
from planted.peopled import Peopled
from planted.tradecraft import Build, Credential, Operator
from planted.visits import Acts, Written

BEGIN = 1_775_000_400_000_000_000
SPAN = 100 * 24.0
"""Hours."""
DECKIES = tuple(f"srv{number:02}" for number in range(48))
EDGE = tuple(1 / (1 + number) ** 0.7 for number in range(48))
"""How often strangers visit each."""
OWN_SOFTWARE = 0.08
"""How many use software of their own, and not what their system brings."""
NETWORKS = (2, 18, 34, 46, 51, 79, 83, 95, 104, 117, 138, 154, 167, 178, 185, 194, 203)
PARTS = {"botnet": 0.18, "hands-on": 0.17, "access": 0.12, "affiliates": 0.13, "single": 0.08, "researcher": 0.08}
"""Of the addresses; the others are of strangers."""
WRITTEN = Written("fourth", "fourth ", (20_000_000, 6_000_000_000), ("sensor-a", "sensor-b"), 52_000)


class FourthWorld(Peopled):
    """Visits in the order of time, and the truth about their addresses."""

    begin, networks, deckies, written, parts = BEGIN, NETWORKS, DECKIES, WRITTEN, PARTS

    def makers(self) -> Mapping[str, Callable[[], None]]:
        return {
            "botnet": self._botnet,
            "hands-on": self._hands_on,
            "access": self._access,
            "affiliates": self._affiliates,
            "single": self._single,
            "researcher": self._researcher,
        }

    def _any_decky(self) -> str:
        return self._dice.choices(DECKIES, EDGE)[0]

    def _targets(self, number: int) -> tuple[str, ...]:
        """Return deckies that a crew has chosen: one that everybody finds, perhaps, and such as few visit."""
        chosen = dict.fromkeys(self._dice.sample(DECKIES, number))
        if self._dice.random() < 0.5:
            chosen |= {self._any_decky(): None}
        return tuple(chosen)

    def _botnet(self) -> None:
        dice, named = self._dice, self._name("botnet")
        start, hours = dice.uniform(0, SPAN - 900), dice.uniform(400, 900)
        family, token = word(dice), word(dice, 2).upper()
        moments, builds = [start], [Build.of(dice, arsenal.domain(dice), family)]
        while moments[-1] < start + hours:
            moments.append(moments[-1] + dice.uniform(48, 200))
            new = Build.of(dice, arsenal.domain(dice), family)
            builds.append(new if dice.random() < 0.5 else new._replace(hashes=builds[-1].hashes))

        def build(hour: float) -> Build:
            late = dice.random() < 0.15  # devices that were not told yet
            place = max(number for number, moment in enumerate(moments) if moment <= hour)
            return builds[max(0, place - late)]

        for _ in range(dice.randrange(12, 50)):
            one = self._address("", "device", named)
            since = dice.uniform(start, start + hours)
            for _ in range(dice.randrange(1, 4)):
                hour = min(start + hours, since + dice.expovariate(1 / 60))
                spread = build(hour)
                self._come(one, hour, self._any_decky(), partial(tradecraft.infect, build=spread, token=token))
        secrets = self._list(30)
        servers = [self._address(f"operator of {named}", "loader", named) for _ in range(dice.randrange(1, 6))]
        at = arsenal.any_client(dice, OWN_SOFTWARE)
        for number, one in enumerate(servers):
            for _ in range(dice.randrange(2, 9)):
                hour = start + hours * (number + dice.random()) / len(servers)
                spread = build(hour)
                self._come(one, hour, self._any_decky(), partial(tradecraft.load, at=at, build=spread, secrets=secrets))

    def _list(self, number: int) -> tuple[Credential, ...]:
        dice = self._dice
        return tuple(
            (dice.choice(tradecraft.ACCOUNTS), f"{word(dice)}{dice.randrange(1000, 9999)}") for _ in range(number)
        )

    def _operator(self, playbook: tuple[str, ...], secrets: tuple[Credential, ...]) -> Operator:
        dice = self._dice
        lines = arsenal.habit(dice, playbook, arsenal.directory(dice)).lines
        return Operator(arsenal.any_client(dice, OWN_SOFTWARE), arsenal.key(dice), lines, secrets)

    def _at_work(self, start: float, days: float, shift: tuple[int, int]) -> float:
        """Return an hour within a shift, on a weekday."""
        while True:
            day = int((start + self._dice.uniform(0, days * 24)) / 24)
            if day % 7 < 5:
                return day * 24 + shift[0] + self._dice.uniform(0, shift[1])

    def _hands_on(self) -> None:
        dice, named = self._dice, self._name("crew")
        start, days = dice.uniform(0, SPAN - 800), dice.uniform(6, 30)
        shift, targets = (dice.randrange(24), dice.randrange(6, 10)), self._targets(dice.randrange(2, 5))
        playbook, secrets = arsenal.playbook(dice), self._list(dice.randrange(6, 20))
        servers = [arsenal.domain(dice) for _ in range(dice.randrange(1, 3))] if dice.random() < 0.6 else []
        for _ in range(dice.randrange(2, 5)):
            one = self._operator(playbook, secrets)
            actor, own = self._name("operator"), arsenal.domain(dice)
            tools = [
                f"https://{dice.choice(servers) if servers and dice.random() < 0.7 else own}/{word(dice, 2)}"
                for _ in range(2)
            ]
            for _ in range(dice.choice((1, 1, 2, 2, 3, 4))):
                address = self._address(actor, "hands-on", named)
                for number in range(dice.randrange(2, 7)):
                    hour, decky = self._at_work(start, days, shift), dice.choice(targets)
                    if number == 0 and dice.random() < 0.4:
                        self._come(address, hour, decky, partial(tradecraft.spray, one=one, secrets=secrets))
                        continue
                    way = (
                        None if dice.random() < 0.5 else (dice.choice(tradecraft.ACCOUNTS), dice.choice(tradecraft.TOP))
                    )
                    tool = dice.choice(tools) if dice.random() < 0.5 else ""
                    self._come(
                        address,
                        hour,
                        decky,
                        partial(tradecraft.work, one=one, way_in=way, tool=tool),
                    )

    def _access(self) -> None:
        dice, named = self._dice, self._name("access")
        start, days = dice.uniform(0, SPAN - 700), dice.uniform(4, 20)
        targets, broker, at = (
            self._targets(dice.randrange(2, 6)),
            self._name("broker"),
            arsenal.any_client(dice, OWN_SOFTWARE),
        )
        secret = dice.random() < 0.6
        sold = {
            decky: (
                dice.choice(tradecraft.ACCOUNTS),
                f"{word(dice)}{dice.randrange(1000, 9999)}" if secret else dice.choice(tradecraft.TOP),
            )
            for decky in targets
        }
        found_at = {decky: start + dice.uniform(0, days * 12) for decky in targets}
        addresses = [self._address(broker, "broker", named) for _ in range(dice.randrange(1, 4))]
        for decky, hour in found_at.items():
            self._come(dice.choice(addresses), hour, decky, partial(tradecraft.harvest, at=at, found=sold[decky]))
        for _ in range(dice.randrange(2, 8)):
            elsewhere, hour = self._any_decky(), start + dice.uniform(0, days * 24)
            self._come(dice.choice(addresses), hour, elsewhere, lambda dice: tradecraft.harvest(dice, at, None))
        for _ in range(dice.randrange(1, 4)):
            buyer, one = self._name("buyer"), self._operator(arsenal.playbook(dice), ())
            tool = f"http://{arsenal.domain(dice)}/{word(dice, 2)}"
            for _ in range(dice.choice((1, 1, 2, 3))):
                address = self._address(buyer, "buyer", named)
                for decky in dice.sample(targets, dice.randrange(1, len(targets) + 1)):
                    hour = found_at[decky] + dice.expovariate(1 / 60)
                    self._come(
                        address,
                        hour,
                        decky,
                        partial(tradecraft.work, one=one, way_in=sold[decky], tool=tool),
                    )

    def _affiliates(self) -> None:
        """Let two crews use one kit."""
        dice = self._dice
        playbook, kit = arsenal.playbook(dice), f"http://{arsenal.domain(dice)}/{word(dice)}/{word(dice, 2)}"
        first, apart = dice.uniform(0, SPAN - 1300), dice.choice((0.0, 0.0, dice.uniform(200, 600)))
        for number in range(2):
            named, start, days = self._name("affiliate"), first + apart * number, dice.uniform(8, 25)
            targets, server = self._targets(dice.randrange(3, 6)), arsenal.domain(dice)
            secrets, shift = self._list(dice.randrange(5, 15)), (dice.randrange(24), dice.randrange(8, 16))
            for _ in range(dice.randrange(2, 4)):
                actor, one = self._name("affiliated"), self._operator(playbook, secrets)
                for _ in range(dice.choice((1, 2, 2, 3, 5))):
                    address = self._address(actor, "affiliate", named)
                    for _ in range(dice.randrange(1, 5)):
                        hour, decky = self._at_work(start, days, shift), dice.choice(targets)
                        tool = kit if dice.random() < 0.3 else f"http://{server}/{word(dice, 2)}"
                        self._come(
                            address,
                            hour,
                            decky,
                            partial(tradecraft.work, one=one, way_in=("root", "admin123"), tool=tool),
                        )
                        if dice.random() < 0.3:
                            self._come(
                                address, hour - 1, decky, partial(tradecraft.spray, one=one, secrets=one.secrets)
                            )

    def _single(self) -> None:
        """Somebody who acts alone, for a while, at targets of their own."""
        dice, actor = self._dice, self._name("single")
        one, start, days = (
            self._operator(arsenal.playbook(dice), self._list(12)),
            dice.uniform(0, SPAN - 700),
            dice.uniform(2, 25),
        )
        shift, targets = (dice.randrange(24), dice.randrange(4, 12)), self._targets(dice.randrange(1, 6))
        tool = f"http://{arsenal.domain(dice)}/{word(dice, 2)}"
        for _ in range(dice.choice((1, 1, 1, 2, 3, 5))):
            address = self._address(actor, "single")
            for _ in range(dice.randrange(1, 6)):
                hour, decky = self._at_work(start, days, shift), dice.choice(targets)
                self._come(address, hour, decky, lambda dice: tradecraft.work(dice, one, None, tool))

    def _researcher(self) -> None:
        dice, actor = self._dice, self._name("researcher")
        agent, at = (
            f"Mozilla/5.0 (compatible; {word(dice).title()}Scan/1.{dice.randrange(9)}; +https://{word(dice)}.example)",
            arsenal.any_client(dice, OWN_SOFTWARE),
        )
        for _ in range(dice.randrange(6, 25)):
            address = self._address(actor, "researcher")
            for _ in range(dice.randrange(2, 9)):
                self._come(
                    address, dice.uniform(0, SPAN), dice.choice(DECKIES), lambda dice: tradecraft.probe(dice, agent, at)
                )

    def _stranger(self) -> None:
        dice = self._dice
        kind = dice.choices(("guesser", "exploiter", "looker"), (60, 25, 15))[0]
        one, at = self._address("", kind), arsenal.any_client(dice, OWN_SOFTWARE)
        agent = dice.choice(("curl/7.88.1", "python-requests/2.31.0", "Go-http-client/1.1"))
        url = f"http://{arsenal.domain(dice)}/{dice.choice(('bins.sh', 'a', 'sh', 'x.sh'))}"
        since, number = dice.uniform(0, SPAN), dice.choice((1, 1, 1, 2, 2, 3, 4, 6))
        acts: Acts = {
            "guesser": lambda dice: tradecraft.guess(dice, at),
            "exploiter": lambda dice: tradecraft.exploit(dice, at, agent, url),
            "looker": lambda dice: tradecraft.probe(dice, agent, at),
        }[kind]
        for _ in range(number):
            hour = min(SPAN, since + dice.expovariate(1 / 40))
            self._come(one, hour, self._any_decky(), acts)
