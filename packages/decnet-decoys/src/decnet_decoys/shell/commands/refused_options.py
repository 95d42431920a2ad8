# SPDX-License-Identifier: MIT
"""What a program of Debian says to a call that it refuses, before anything else: options by getopt_long(3), or none.

The commands themselves read only the options that change what they do here. Which ones the real programs take, and how
they complain, is data (`options_of_debian.txt`, which says what it contains): so what a decoy does not play is still
taken or refused as they do. The table is read anew for each program, since few are asked for and it is large.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from decnet_decoys.shell.commands.options import colons_after

MAX_LETTERS = 4096
"""Letters looked at of all arguments: a millisecond's work."""
MAX_SHOWN = 4096
"""Characters of a wrong option that are shown."""
_TABLE = Path(__file__).with_name("options_of_debian.txt")
_STOPS = frozenset(
    ("awk", "bash", "choom", "chroot", "chrt", "dash", "env", "flock", "getopt", "i386", "ionice", "linux32", "linux64",
     "logsave", "mawk", "nawk", "nice", "nohup", "nsenter", "perl", "prlimit", "python3", "python3.11", "route",
     "runuser", "setarch", "setpriv", "setsid", "sftp", "sh", "ssh", "stdbuf", "sudo", "taskset", "timeout", "unshare",
     "watch", "x86_64", "xargs")
)  # fmt: skip
"""Programs whose options end where the command or script begins that they run."""
_GETOPT = {
    "name": "{}: unrecognized option '--{option}'\n",
    "letter": "{}: invalid option -- '{option}'\n",
    "value": "{}: option requires an argument -- '{option}'\n",
    "named value": "{}: option '--{option}' requires an argument\n",
}


class Refused(NamedTuple):
    """What is written instead of running the command, and the exit status."""

    status: int
    out: str = ""
    err: str = ""


class _Known(NamedTuple):
    letters: str
    """As getopt(3) has them; `*` if they are not checked."""
    names: tuple[str, ...]
    """Long options; one that needs a value has a colon behind it."""
    answers: dict[str, Refused]
    """By what is wrong: `name`, `letter`, `value`, `named value`, `bare`; or that `help` is asked for."""


def refused(name: str, args: list[str]) -> Refused | None:
    """Return how the program refuses its arguments, None when it takes them or is not known."""
    known = _known(name)
    if known is None:
        return None
    if not args:
        return known.answers.get("bare")
    if args == ["--help"] or (args == ["-h"] and _is_help(name, known)):
        return known.answers.get("help")
    fault = _fault(args, known, stops=name in _STOPS)
    answer = known.answers.get(fault[0]) if fault is not None else None
    if fault is None or answer is None:
        return None
    option = fault[1][:MAX_SHOWN]
    return Refused(answer.status, answer.out.replace("{option}", option), answer.err.replace("{option}", option))


def _is_help(name: str, known: _Known) -> bool:
    """Return whether -h asks for help; what is kept of it may not say so."""
    text = known.answers["help"].out if "help" in known.answers else ""
    return name in ("findmnt", "lscpu", "ss", "systemd-detect-virt") or "-h, --help" in text


def _fault(args: list[str], known: _Known, *, stops: bool) -> tuple[str, str] | None:
    """Return what is wrong with the first option that is, and that option."""
    rest, left = iter(args), MAX_LETTERS
    for arg in rest:
        fault = None
        if arg == "--" or (stops and not arg.startswith("-")):
            return None
        if arg.startswith("--") and known.names != ("-",):
            fault = _fault_of_name(arg[2:], rest, known.names)
        elif arg.startswith("-") and known.letters != "*":
            fault = _fault_of_letters(arg[1 : left + 1], len(arg), rest, known.letters)
            left = max(0, left - len(arg))
        if fault is not None:
            return fault
    return None


def _fault_of_name(text: str, rest: Iterator[str], names: tuple[str, ...]) -> tuple[str, str] | None:
    name, equals, _ = text.partition("=")
    fitting = [one for one in names if one.startswith(name)]
    if not fitting and names != ("*",):
        return "name", text
    if len(fitting) == 1 and fitting[0].endswith(":") and not equals and next(rest, None) is None:
        return "named value", fitting[0][:-1]
    return None


def _fault_of_letters(cluster: str, length: int, rest: Iterator[str], letters: str) -> tuple[str, str] | None:
    """Return what is wrong in a cluster of letters; `length` is that of the whole argument."""
    for index, letter in enumerate(cluster, 1):
        colons = colons_after(letter, letters)
        if colons is None:
            return "letter", letter
        if colons:
            valued = index + 1 == length and colons == ":"
            return ("value", letter) if valued and next(rest, None) is None else None
    return None


@lru_cache(maxsize=64)
def _known(name: str) -> _Known | None:
    head = f"\n== {name}\n"
    table = _TABLE.read_bytes()
    start = table.find(head.encode())
    if start < 0:
        return None
    lines = table[start + len(head.encode()) : table.find(b"\n== ", start + 1)].decode().split("\n")
    rest, *blocks = _blocks(lines[2:])
    answers: dict[str, Refused] = {}
    for title, text in blocks:
        kind, status, *streams = title.split(" ")
        if kind == "getopt":
            for one, form in _GETOPT.items():
                answers[one] = Refused(int(status), err=_filled(form, name) + _filled(rest[1], name))
            continue
        whole = _filled(text + rest[1] * ("+" in streams), name)
        answer = answers.get(kind, Refused(int(status)))
        answers[kind] = answer._replace(out=whole) if streams[0] == "out" else answer._replace(err=whole)
    return _Known(lines[0], tuple(lines[1].split(" ")), answers)


def _blocks(lines: list[str]) -> list[tuple[str, str]]:
    """Return the title and the text of each block, that of the shared rest first."""
    found = [("rest", "")]
    for line in lines:
        if line.startswith("-- "):
            found.append((line[3:], ""))
        elif line or len(found) > 1:
            title, text = found[-1]
            found[-1] = (title, f"{text}{line}\n")
    return found[1:] if found[1:2] and found[1][0] == "rest" else found


def _filled(text: str, name: str) -> str:
    return text.replace("{}", name).replace("{cr}", "\r")
