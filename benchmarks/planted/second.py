# SPDX-License-Identifier: MIT
"""A second world, made in another way than `generator` makes its own, so that nobody tunes the workers to one of them.

Here an actor has one habit: which of its marks never change. All other marks may change with every address, or with the
tools in the middle of its time; some have one address only. What strangers share: botnets with long word lists, crews'
exploit kits, frameworks with their default certificate and JARM, a loader that several bought, carriers' NAT, marks
that copycats read about. Actors of one crew share servers and malware, and act in the crew's order.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from decnet_core.events.envelope import Event
from planted import habits
from planted.files import Truth
from planted.habits import (
    BEGIN,
    HOUR,
    STOCK_CLIENTS,
    TOP,
    USERS,
    WORDS,
    Crew,
    Marks,
    any_client,
    marks,
    name,
    script,
)
from planted.visits import Acts, Visit, Written
from planted.vocabulary import digits

SPAN = 90 * 24
"""Hours from the first event to the last."""
HABITS = ("key", "build", "server", "words", "script", "token", "all", "all")
SIZES = (1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 9, 14, 20)
WRITTEN = Written("second", "", (1_000_000, 3_000_000_000), ("sensor-2",), 40_000)


class SecondWorld:
    """Visits in order of time, and the truth about their addresses."""

    def __init__(self, attackers: int, seed: int) -> None:
        self._dice = Random(f"second {seed} of {attackers}")
        self._seed = seed
        self._visits: list[Visit] = []
        self._known: list[Marks] = []
        self._used: set[str] = set()
        self.truth = Truth({}, {}, [], {})
        self._loader = (f"http://{name(self._dice).replace('_', '')}.su/l.sh", digits(self._dice, 64))
        self._kit = script(self._dice)
        while len(self._used) < attackers * 0.45:
            self._crew_or_single()
        self._botnets(int(attackers * 0.25))
        while len(self._used) < attackers:
            self._stranger()
        for _ in range(max(2, attackers // 250)):
            self._nat()
        self._visits.sort(key=lambda visit: (visit.ts, visit.number))

    def events(self) -> Iterator[Event]:
        """Yield the events, visit by visit."""
        return WRITTEN.events(self._seed, self._visits)

    def _address(self) -> str:
        while (one := habits.address(self._dice)) in self._used:
            pass
        self._used.add(one)
        return one

    def _new(self, population: str, actor: str = "") -> str:
        one = self._address()
        self.truth.identities[one] = actor or f"{population} {one}"
        self.truth.populations[one] = population
        return one

    def _come(self, one: str, hour: float, decky: str, acts: Acts) -> None:
        self._visits.append(Visit(BEGIN + int(hour * HOUR), len(self._visits), one, decky, acts))

    def _crew_or_single(self) -> None:
        dice = self._dice
        if dice.random() < 0.6:
            self._actor(None)
            return
        start = dice.randrange(SPAN - 400)
        deckies = tuple(f"host-{dice.randrange(30)}" for _ in range(3))
        servers = tuple(f"{name(dice).replace('_', '')}.cc" for _ in range(2))
        named, build = f"crew-{name(dice)}-{len(self._used)}", digits(dice, 64)
        crew = Crew(named, servers, build, start, dice.randrange(150, 400), deckies)
        for _ in range(dice.randrange(2, 6)):
            self._actor(crew)

    def _actor(self, crew: Crew | None) -> None:
        dice = self._dice
        actor, habit, size = f"{name(dice)}-{len(self._used)}", dice.choice(HABITS), dice.choice(SIZES)
        mine, buys = marks(dice, crew), dice.random() < 0.15
        self._known.append(mine)
        start, hours = (crew.start, crew.hours) if crew else (dice.randrange(SPAN - 700), dice.randrange(50, 700))
        changes = dice.randrange(1, size) if size > 3 and dice.random() < 0.3 else size
        for number in range(size):
            kind = "alone" if size == 1 else habit if changes == size else f"{habit}, other tools"
            one = self._new(f"{kind}{', crew' if crew else ''}", actor)
            if crew:
                self.truth.campaigns[one] = crew.name
            if number == changes:  # another key, client, script; the rest goes on
                new = marks(dice, crew)
                mine = mine._replace(client=new.client, certificate=new.certificate, jarm=new.jarm)
                mine = mine._replace(**{part: getattr(new, part) for part in ("key", "script") if part != habit})
            shown = mine if habit == "all" else habits.rotated(dice, mine, habit, crew)
            acts = habits.person(shown, habit, self._loader if buys else None)
            when = start + hours * (number + dice.random()) / size
            for again in range(dice.randrange(1, 3)):
                decky = dice.choice(crew.deckies) if crew else f"host-{dice.randrange(30)}"
                self._come(one, when + again * dice.random() * 24, decky, acts)

    def _botnets(self, attackers: int) -> None:
        """Infected devices, each net with a list of 60 to 400 logins of which a device draws some."""
        dice, left = self._dice, attackers
        while left > 0:
            size = min(left, max(30, int(attackers * dice.uniform(0.1, 0.5))))
            left -= size
            logins = [
                (dice.choice(USERS), dice.choice((dice.choice(TOP), f"{dice.choice(WORDS)}{dice.randrange(1000)}")))
                for _ in range(dice.randrange(60, 400))
            ]
            host, token, build = habits.address(dice), name(dice).upper(), digits(dice, 64)
            for _ in range(size):
                one = self._new("bot")
                self.truth.unscored.append(one)
                self._come(
                    one, dice.random() * SPAN, f"host-{dice.randrange(30)}", habits.bot(logins, host, token, build)
                )

    def _stranger(self) -> None:
        dice = self._dice
        kind = dice.choices(("scanner", "guesser", "kit", "framework", "copycat", "once"), (30, 40, 12, 8, 4, 6))[0]
        one, at, decky = self._new(kind), dice.random() * SPAN, f"host-{dice.randrange(30)}"
        client = any_client(dice) if kind == "once" else dice.choice(STOCK_CLIENTS)
        copied = dice.sample(self._known, min(len(self._known), dice.randrange(1, 4)))
        acts: dict[str, Acts] = {
            "scanner": lambda dice: habits.scan(dice, client),
            "guesser": lambda dice: habits.guess(dice, client),
            "kit": lambda dice: habits.kit(dice, client, self._kit, self._loader),
            "framework": lambda dice: habits.framework(dice, client, at),
            "copycat": lambda dice: habits.copy(dice, client, copied),
            "once": habits.person(marks(Random(one), None)._replace(client=client), "all", None),
        }
        for _ in range(dice.randrange(1, 3)):
            self._come(one, at, decky, acts[kind])

    def _nat(self) -> None:
        """A carrier's address: several actors and strangers behind it; it is nobody's, so it is not scored."""
        dice, one = self._dice, self._address()
        for mine in dice.sample(self._known, min(len(self._known), dice.randrange(2, 6))):
            self._come(one, dice.random() * SPAN, f"host-{dice.randrange(30)}", habits.person(mine, "all", None))
        client = dice.choice(STOCK_CLIENTS)
        for _ in range(dice.randrange(4)):
            self._come(one, dice.random() * SPAN, f"host-{dice.randrange(30)}", lambda dice: habits.guess(dice, client))
