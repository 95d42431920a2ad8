# SPDX-License-Identifier: MIT
"""What a synthetic user does in one session: pages, commands, mails, files, statements, and pauses. Pure."""

import random
from typing import Any

import msgspec

from decnet_models.realism.queries import Persona
from decnet_workers.orchestrator.genres import grammar
from decnet_workers.orchestrator.working_hours import local_time

_PAGES = (2, 6)
_COMMANDS = (2, 7)
_TRANSFERS = (2, 5)
_STATEMENTS = (2, 6)
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

_STATEMENTS_EVERYWHERE = (
    *("SELECT VERSION()", "SHOW DATABASES", "SELECT NOW()", "SHOW PROCESSLIST", "SELECT 1", "SELECT CURRENT_USER()"),
    "SHOW VARIABLES LIKE 'max%'",
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


class MailScript(msgspec.Struct, frozen=True):
    """One mail, handed over by the machine of its sender."""

    host: str
    """What that machine calls itself."""
    sender: str
    recipient: str
    text: str
    """Header and body, in lines."""
    pause: float
    """Seconds before the text is sent."""


class FilesScript(msgspec.Struct, frozen=True):
    """Directories listed until there are files, and some of those read."""

    user: str
    pauses: tuple[float, ...]
    """Seconds before each transfer."""
    choices: tuple[float, ...]
    """Which file or directory is taken, as a part of their number."""


class DatabaseScript(msgspec.Struct, frozen=True):
    """Statements asked one after the other."""

    user: str
    statements: tuple[str, ...]
    pauses: tuple[float, ...]
    """Seconds before each statement."""


class Ends(msgspec.Struct, frozen=True):
    """Who visits whom: personas, and the names that their machines have."""

    host: Persona
    host_name: str
    visitor: Persona
    visitor_name: str


Script = WebScript | ShellScript | MailScript | FilesScript | DatabaseScript


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


def mail_script(drawing: random.Random, ends: Ends, moment: int) -> MailScript:
    """Return a mail from somebody at the visitor to somebody whose mail the host takes, sent at `moment`."""
    mail, local = grammar("mail"), local_time(ends.visitor, moment)
    known: dict[str, Any] = ends.host.body.get("services", {}).get("smtp", {})
    user = drawing.choice(accounts(ends.host) or ["postmaster"])
    recipient = f"{user}@{next(iter(known.get('domains', ())), ends.host_name)}"
    sender = f"{drawing.choice(accounts(ends.visitor) or ['root'])}@{ends.visitor_name}"
    given = {"user": user, "host": ends.visitor_name}
    header = (
        f"Date: {local:%a, %d %b %Y %H:%M:%S %z}\nFrom: <{sender}>\nTo: <{recipient}>\n"
        f"Message-Id: <{drawing.getrandbits(48):012x}@{ends.visitor_name}>\nSubject: "
    )
    text = header + mail.filled("{subject}\n\n{greeting}\n\n{body}\n{closing}\n", drawing, given)
    return MailScript(ends.visitor_name, sender, recipient, text, round(drawing.uniform(0.1, 1.0), 2))


def files_script(drawing: random.Random, persona: Persona) -> FilesScript | None:
    """Return what somebody fetches from a machine of `persona`, None when nobody but root has an account there."""
    users = [name for name in accounts(persona) if name != "root"]
    if not users:
        return None
    count = drawing.randint(*_TRANSFERS)
    choices = tuple(round(drawing.random(), 4) for _ in range(count))
    return FilesScript(drawing.choice(users), _pauses(drawing, count), choices)


def database_script(drawing: random.Random, persona: Persona) -> DatabaseScript | None:
    """Return what an application asks a database of `persona`, None when it has no account for one."""
    known: dict[str, Any] = persona.body.get("services", {}).get("mysql", {})
    users = [name for name in known.get("accounts", {}) if name != "root"]
    if not users:
        return None
    tables = [(database, table) for database, tables in known.get("databases", {}).items() for table in tables]
    possible = [*_STATEMENTS_EVERYWHERE]
    if tables:
        database, _ = drawing.choice(tables)
        possible += [f"SHOW TABLES FROM {database}"]
        for table in (table for of, table in tables if of == database):
            possible += [
                f"SELECT * FROM {database}.{table} LIMIT {drawing.randint(5, 50)}",  # noqa: S608  # typed, not run
                f"SELECT COUNT(*) FROM {database}.{table}",  # noqa: S608
            ]
    statements = tuple(drawing.sample(possible, min(len(possible), drawing.randint(*_STATEMENTS))))
    return DatabaseScript(drawing.choice(users), statements, _pauses(drawing, len(statements)))


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
