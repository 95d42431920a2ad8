# SPDX-License-Identifier: MIT
"""What a program of Debian says to an option that it does not have, before anything else: read by getopt_long(3).

The commands themselves read only the options that change what they do here. Which ones the real programs take, and how
they complain, is data (`options_of_debian.txt`): so what a decoy does not play is still taken or refused as they do.
"""

from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from decnet_decoys.shell.commands.options import colons_after

MAX_LETTERS = 4096
"""Letters looked at of all arguments: a millisecond's work."""
_STOPS = frozenset(
    ("chroot", "chrt", "env", "ionice", "nice", "nohup", "route", "setsid", "stdbuf", "sudo", "taskset", "timeout",
     "watch", "xargs")
)  # fmt: skip
"""Programs whose options end where the command begins that they run."""


class Refused(NamedTuple):
    """What is written instead of running the command, where to, and the exit status."""

    text: str
    status: int
    error: bool = True


class _Known(NamedTuple):
    status: int
    letters: str
    """As getopt(3) has them; `*` if its options are not checked."""
    names: frozenset[str]
    bare: tuple[int, str] | None
    """Status and message without arguments, where that is refused."""
    helps: bool
    """Whether --help shows `following`."""
    following: str
    """What is written after the message."""
    usage: str
    """How the help begins where no more of it is known, empty if it is shown whole."""

    @property
    def only_letters(self) -> bool:
        return self.names == {"-"}


def refused(name: str, args: list[str]) -> Refused | None:
    """Return how the program refuses its arguments, None when it takes them or is not known."""
    known = _known(name)
    if known is None:
        return None
    if not args and known.bare is not None:
        status, message = known.bare
        return Refused((f"{name}: {message}\n" if message else "") + known.following, status)
    if known.helps and (args == ["--help"] or (args == ["-h"] and _is_help(name, known.following))):
        return Refused(known.following, 0, error=False)
    if known.usage and args == ["--help"]:
        return Refused(known.usage, 0, error=False)
    fault = _fault(args, known, stops=name in _STOPS)
    return None if fault is None else Refused(f"{name}: {fault}\n{known.following}", known.status)


def _is_help(name: str, following: str) -> bool:
    """Return whether -h asks for help; what is kept of it may not say so."""
    return name in ("findmnt", "lscpu", "ss", "systemd-detect-virt") or "-h, --help" in following


def _fault(args: list[str], known: _Known, *, stops: bool) -> str | None:
    """Return what is wrong with the first option that is."""
    rest, left = iter(args), MAX_LETTERS
    for arg in rest if known.letters != "*" else ():
        if arg == "--" or (stops and not arg.startswith("-")):
            return None
        if arg.startswith("--") and not known.only_letters:
            name = arg[2:].partition("=")[0]
            if not any(one.startswith(name) for one in known.names):
                return f"unrecognized option '{arg}'"
        elif arg.startswith("-"):
            valued, letters = False, arg[1 : left + 1]
            left -= len(letters)
            for index, letter in enumerate(letters, 1):
                colons = colons_after(letter, known.letters)
                if colons is None:
                    return f"invalid option -- '{letter}'"
                if colons:
                    valued = index + 1 == len(arg) and colons == ":"
                    break
            if valued and next(rest, None) is None:
                return f"option requires an argument -- '{arg[-1]}'"
    return None


@cache
def _text() -> str:
    return Path(__file__).with_name("options_of_debian.txt").read_text(encoding="utf-8")


@lru_cache(maxsize=64)
def _known(name: str) -> _Known | None:
    text = _text()
    start = text.find(f"\n== {name} ") if name.replace("-", "").replace(".", "").isalnum() else -1
    if start < 0:
        return None
    head, *lines = text[start + 1 : text.find("\n== ", start + 1)].split("\n")
    end = lines.index("--")
    bare = next((line.split(" ", 2) for line in lines[2:end] if line.startswith("bare ")), None)
    return _Known(
        status=int(head.split(" ")[2]),
        letters=lines[0],
        names=frozenset(lines[1].split(" ")),
        bare=None if bare is None else (int(bare[1]), bare[2] if len(bare) > 2 else ""),
        helps="help" in lines[2:end],
        usage="".join(f"{line.removeprefix('usage ')}\n" for line in lines[2:end] if line.startswith("usage ")),
        following="".join(line.replace("{}", name) + "\n" for line in lines[end + 1 :]),
    )
