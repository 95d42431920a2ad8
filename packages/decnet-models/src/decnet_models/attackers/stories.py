# SPDX-License-Identifier: MIT
"""A session in one sentence; pure. What it contains of the attacker's is to be escaped by who shows it."""

import re
from collections.abc import Iterable, Sequence

import msgspec

from decnet_models.attackers.behaviour import Trait
from decnet_models.attackers.profile import Session

_COMMANDS = """
looked around: arch cat df dmidecode env find free getent groups head hostname id ifconfig ip last ls lscpu lspci lsusb
looked around: mount netstat nproc ps pwd ss top uname uptime w whereis which who whoami
fetched files: curl fetch ftp ftpget git lwp-download nc ncat rsync scp sftp tftp wget
unpacked or built something: base64 bunzip2 gcc gunzip gzip make tar unxz unzip xxd
made files executable: chmod
changed accounts: adduser chpasswd deluser passwd useradd userdel usermod visudo
arranged to stay: at crontab systemctl update-rc.d
ended other programs: kill killall pkill
covered its tracks: history shred truncate unset
deleted files: rm rmdir
changed the firewall: firewall-cmd iptables nft ufw
ran a program or script: bash busybox nohup perl php python python3 ruby sh
"""
DEEDS = {
    name: deed
    for deed, _, names in (line.partition(": ") for line in _COMMANDS.strip().splitlines())
    for name in names.split()
}
"""What commands are for, by their names."""
_NAMED = {"authorized_keys": "left an SSH key", "/etc/ld.so.preload": "hid with a preloaded library"}
"""What a path in a command is for."""
_RUNS = re.compile(r"^(?:\.{0,2}/|~/)")
_SEPARATORS = re.compile(r"\|\|?|&&|;|&|\n|\$\(|`")
_WRAPPERS = frozenset(("sudo", "nohup", "exec", "time", "command", "env", "do", "then"))
_MOST_PARTS = 64


class Story(msgspec.Struct, frozen=True):
    """What happened in a session."""

    session: str
    sentence: str
    typist: Trait | None


def deeds(lines: Iterable[str]) -> dict[str, list[str]]:
    """Return what command lines were for, in the order of the first one, with the names of the commands."""
    found: dict[str, list[str]] = {}
    for line in dict.fromkeys(lines):
        for path, named in _NAMED.items():
            if path in line:
                found.setdefault(named, [])
        for part in _SEPARATORS.split(line[:4096])[:_MOST_PARTS]:
            words = [word for word in part.split()[:4] if word not in _WRAPPERS and "=" not in word]
            if words and (deed := _deed(words[0])) is not None:
                names = found.setdefault(deed, [])
                name = words[0].rpartition("/")[2]
                if name not in names:
                    names.append(name)
    return found


def _deed(command: str) -> str | None:
    name = command.rpartition("/")[2]
    return DEEDS.get(name) or ("ran a program or script" if _RUNS.match(command) else None)


def sentence(session: Session, lines: Sequence[str], who: Trait | None) -> str:
    """Return the session as one sentence."""
    subject = f"A {who.name}" if who is not None else "Somebody"
    user = f" as {session.username}" if session.username else ""
    where = f" on {session.decky}" if session.decky else ""
    service = f" over {session.service}" if session.service else ""
    took = "" if session.duration_ms is None else f" for {_time(session.duration_ms / 1000)}"
    done = [deed + (f" ({', '.join(names[:4])})" if names else "") for deed, names in deeds(lines).items()]
    return f"{subject} was{where}{service}{user}{took}{_what(session.commands, done)}."


def _what(commands: int, done: Sequence[str]) -> str:
    if not commands:
        return " and entered nothing"
    entered = f", entered {commands} command{'s' * (commands != 1)}"
    return entered if not done else f"{entered}: {'; '.join(done[:6])}"


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
