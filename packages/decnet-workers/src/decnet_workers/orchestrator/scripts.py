# SPDX-License-Identifier: MIT
"""What a synthetic user does in one session: pages fetched, commands typed, and the pauses between them. Pure."""

import random
from typing import Any

import msgspec

from decnet_models.realism.queries import Persona

_PAGES = (2, 6)
_COMMANDS = (2, 7)
_LONGEST_PAUSE = 12.0
_SHORTEST_PAUSE = 0.6

_BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0",
)
_PROGRAMS = ("curl/7.88.1", "curl/7.81.0", "Wget/1.21.3", "python-requests/2.28.1")
_EVERYWHERE = (
    *("uptime", "df -h", "free -m", "ls -la", "date", "ps aux | head -n 20", "uname -a", "hostname", "ls -lt | head"),
    *("cat /etc/resolv.conf", "ls -la /var/log", "du -sh /var/log", "who", "id", "ls /etc", "cat /proc/loadavg"),
)
_DEBIAN = (
    *("tail -n 20 /var/log/syslog", "systemctl status cron", "systemctl status ssh", "ss -tln", "ip addr"),
    *("dpkg -l | tail -n 5", "tail -n 15 /var/log/auth.log", "crontab -l", "journalctl -n 20", "lscpu | head"),
)


class WebScript(msgspec.Struct, frozen=True):
    """Pages fetched one after the other: the first is the site's, the next ones are linked on those before."""

    user_agent: str
    pages: int
    pauses: tuple[float, ...]
    """Seconds before each page."""
    choices: tuple[float, ...]
    """Which of the links is followed, as a part of their number."""


class ShellScript(msgspec.Struct, frozen=True):
    """Lines typed at a prompt, or one command without a terminal."""

    user: str
    lines: tuple[str, ...]
    pauses: tuple[float, ...]
    """Seconds before each line."""


def web_script(drawing: random.Random, peer: Persona) -> WebScript:
    """Return what somebody at a machine of the persona `peer` reads."""
    pages = drawing.randint(*_PAGES)
    agents = _PROGRAMS if peer.body.get("family") and drawing.random() < 0.7 else _BROWSERS
    choices = tuple(round(drawing.random(), 4) for _ in range(pages))
    return WebScript(drawing.choice(agents), pages, _pauses(drawing, pages), choices)


def shell_script(drawing: random.Random, persona: Persona) -> ShellScript | None:
    """Return what somebody does in a shell of `persona`, None when it has no account to log in to."""
    users = accounts(persona)
    if not users:
        return None
    known = _EVERYWHERE + (_DEBIAN if persona.body["family"] == "debian" else ())
    lines = tuple(drawing.sample(known, drawing.randint(*_COMMANDS)))
    return ShellScript(drawing.choice(users), lines, _pauses(drawing, len(lines)))


def accounts(persona: Persona) -> list[str]:
    """Return the names of the accounts that people use."""
    if not persona.body.get("family"):
        return []
    users: list[dict[str, Any]] = persona.body.get("users", [])
    return [user["name"] for user in users if user.get("passwords") and str(user.get("shell", "")).endswith("sh")]


def _pauses(drawing: random.Random, count: int) -> tuple[float, ...]:
    """Return times to think: mostly short, now and then long."""
    return tuple(
        round(min(_LONGEST_PAUSE, _SHORTEST_PAUSE + drawing.expovariate(1 / 2.5)), 2) if at else 0.0
        for at in range(count)
    )
