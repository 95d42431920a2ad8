# SPDX-License-Identifier: MIT
"""sshd's checks of itself: its version, whether its configuration is one (-t), and what it comes to (-T)."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import piece_of
from decnet_decoys.shell.programs import command

MAX_CONFIGURATION = 64 << 10
"""Bytes of sshd_config that are read."""
_CONFIGURATION = "/etc/ssh/sshd_config"


_OTHER = frozenset(
    ("acceptenv", "allowgroups", "allowusers", "authenticationmethods", "challengeresponseauthentication", "denygroups",
     "denyusers", "include", "logverbose", "permitlisten", "permitopen", "setenv", "skeyauthentication", "subsystem",
     "dsaauthentication", "pubkeyacceptedkeytypes", "hostbasedacceptedkeytypes", "gssapienablek5users")
)  # fmt: skip
"""Keywords that sshd takes besides those that it shows."""
_DEPRECATED = frozenset(
    ("protocol", "rsaauthentication", "rhostsrsaauthentication", "useprivilegeseparation", "uselogin", "serverkeybits",
     "keyregenerationinterval", "rhostsauthentication", "rhostsrsaauthentication")
)  # fmt: skip
_MANY = frozenset(("acceptenv", "hostkey", "listenaddress", "subsystem"))
"""Keywords that may stand there more than once: shown as Debian's configuration has them."""
_MINUTES = {"logingracetime": 60}


def _setting(line: str) -> tuple[str, str]:
    """Return keyword and value of a line of sshd_config(5); empty for a comment."""
    text = line.strip()[:1024]
    if not text or text.startswith("#"):
        return "", ""
    name, *value = re.split(r"[ \t=]", text, maxsplit=1)
    return name.lower(), "".join(value).strip(" \t=").strip('"')


def _as_shown(name: str, value: str) -> str:
    """Return a value of the file as `sshd -T` shows it."""
    if name == "permitrootlogin" and value == "prohibit-password":
        return "without-password"
    if name in _MINUTES and value[:-1].isdecimal() and value.endswith("m") and len(value) < 8:
        return str(int(value[:-1]) * _MINUTES[name])
    return value


@cache
def _defaults() -> tuple[tuple[str, str], ...]:
    """Return the keywords as `sshd -T` shows them, with what they are where nothing sets them."""
    text = Path(__file__).with_name("sshd_defaults.txt").read_text(encoding="utf-8")
    rows = (line.partition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return tuple((name, value) for name, _, value in rows)


@command("sshd", folder="/usr/sbin", families=("debian",))
def sshd(call: Call) -> Effects:
    """Check or show the configuration; start nothing, for one is running."""
    options, _ = call.flags("bCcEfghkoup")
    path = options.get("f", _CONFIGURATION)
    try:
        text = decode(piece_of(call.content(path), 0, MAX_CONFIGURATION))
    except FileSystemError as error:
        call.print_error(f"{path}: {error}\r")
        return 1
    given = yield from _given(call, path, text)
    if given is None:
        return 255
    if "T" in options:
        for name, value in _defaults():
            yield from turn()
            call.print(f"{name} {_as_shown(name, given[name]) if name in given else value}")
    elif "t" not in options and not call.is_program:
        call.print_error("sshd re-exec requires execution with an absolute path\r")
        return 255
    return 0


def _given(call: Call, path: str, text: str) -> Steps[dict[str, str] | None]:
    """Return what a configuration sets; complains and returns None when sshd does not take it."""
    given, wrong, names = dict[str, str](), 0, {name for name, _ in _defaults()} | _OTHER
    for number, line in enumerate(text.splitlines(), 1):
        yield from turn()
        name, value = _setting(line)
        if name == "match":
            break
        if name in _DEPRECATED:
            call.print_error(f"{path} line {number}: Deprecated option {line.split()[0][:64]}\r")
        elif name and name not in names:
            call.print_error(f"{path}: line {number}: Bad configuration option: {line.split()[0][:64]}\r")
            wrong += 1
        elif name and name not in _MANY:
            given.setdefault(name, value)
    if wrong:
        call.print_error(f"{path}: terminating, {wrong} bad configuration options\r")
    return None if wrong else given
