# SPDX-License-Identifier: MIT
"""The hosts that commands name without a scheme, as arguments of the programs that take one.

`wget evil.example/x` fetches, `sh x.sh` does not: only the program says which argument is a host and which a file.
All patterns are linear in the text, which is bounded.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

_MOST = 32
_NAME = r"(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.){1,8}(?:xn--[a-z0-9-]{1,59}|[a-z]{2,24})"
_ADDRESS = r"(?:\d{1,3}\.){3}\d{1,3}"
_USER = r"(?:[^\s@/'\"]{1,128}@)?"
_HOST = rf"(?P<host>{_NAME}|{_ADDRESS})(?![\w-])\.?"
_HOST_PORT = re.compile(rf"{_USER}{_HOST}(?::\d{{1,5}})?$", re.IGNORECASE)
_HOST_PATH = re.compile(rf"{_USER}{_HOST}:", re.IGNORECASE)
_WEB = re.compile(rf"{_USER}{_HOST}(?P<port>:\d{{1,5}})?(?P<path>[/?][^\s]{{0,500}})?$", re.IGNORECASE)
_DEVICE = re.compile(rf"/dev/(?:tcp|udp)/{_HOST}/\d", re.IGNORECASE)
_FILE = re.compile(r"\.(?:sh|py|js|so|gz|zip|txt|bin|elf|conf|cfg|log|tar|tgz|html?|php)$", re.IGNORECASE)
"""How names of files end, also where a country's domain ends like that."""


class _Program(NamedTuple):
    """Where a program takes hosts."""

    target: re.Pattern[str]
    """How an argument looks that names a host."""
    valued: str
    """The short options that take a value."""
    every: bool = False
    """Whether all arguments may name one, rather than the first."""
    valued_names: frozenset[str] = frozenset()
    """The long options that take a value."""
    listens: str = ""
    """The short option with which it waits to be called."""


_WGET_NAMES = frozenset(
    (
        *("--output-document", "--output-file", "--append-output", "--execute", "--input-file", "--base"),
        *("--tries", "--timeout", "--wait", "--quota", "--directory-prefix", "--user-agent", "--header"),
        *("--post-data", "--post-file", "--user", "--password", "--referer", "--level", "--accept", "--reject"),
        "--domains",
    )
)
_CURL_NAMES = frozenset(
    (
        *("--output", "--output-dir", "--user-agent", "--data", "--data-raw", "--data-binary", "--data-urlencode"),
        *("--header", "--request", "--user", "--max-time", "--connect-timeout", "--retry", "--proxy", "--cookie"),
        *("--cookie-jar", "--form", "--upload-file", "--referer", "--cacert", "--range", "--write-out"),
        "--resolve",
    )
)
_NETCAT = _Program(_HOST_PORT, "ecpwsqigGoOTXxIm", listens="l")
_SECURE_COPY = _Program(_HOST_PATH, "cDeFiJloPSX", every=True)
_PROGRAMS = {
    "wget": _Program(_WEB, "OoaeiBtTwQPUlARDIXY", every=True, valued_names=_WGET_NAMES),
    "curl": _Program(_WEB, "AbcCdDeEFHKmoPQrTuUwxXyYzt", every=True, valued_names=_CURL_NAMES),
    "nc": _NETCAT,
    "ncat": _NETCAT,
    "netcat": _NETCAT,
    "telnet": _Program(_HOST_PORT, "blneX"),
    "ftp": _Program(_HOST_PORT, "NPsq"),
    "ftpget": _Program(_HOST_PORT, "upP"),
    "ftpput": _Program(_HOST_PORT, "upP"),
    "tftp": _Program(_HOST_PORT, "rlbmc"),
    "ssh": _Program(_HOST_PORT, "bBcDEeFIiJLlmOopQRSWw"),
    "sftp": _Program(re.compile(rf"{_USER}{_HOST}(?::|$)", re.IGNORECASE), "bBcDFiJloPRsSX"),
    "scp": _SECURE_COPY,
    "rsync": _SECURE_COPY,
}
_CALL = re.compile(
    r"(?:^|[;|&\n(`'\"{=]|\b(?:busybox|sudo|nohup|exec|xargs|then|do|else|if|while|time|timeout [0-9]{1,5}[smh]?)\s)"
    rf"\s{{0,8}}(?:[\w./-]{{0,64}}/)?({'|'.join(_PROGRAMS)})\s((?:'[^'\n]*'|\"[^\"\n]*\"|[^;|&\n()`<>'\"])+)"
)
_WORD = re.compile(r"'(?P<single>[^']+)'|\"(?P<double>[^\"]+)\"|(?P<plain>[^\s'\"]+)")


class Named(NamedTuple):
    """A host that a command names without a scheme."""

    host: str
    url: str
    """What is fetched, as with a scheme; empty where only a host is named."""
    start: int
    end: int
    """Where in the text it is: the URL, or the host."""


@lru_cache(maxsize=16)
def named_hosts(text: str) -> tuple[Named, ...]:
    """Return the hosts that a text's commands name without a scheme, by place."""
    found = [one for call in islice(_CALL.finditer(text), _MOST) for one in _of_call(call)]
    devices = islice(_DEVICE.finditer(text), _MOST)
    found += (Named(device.group("host").lower(), "", *device.span("host")) for device in devices)
    return tuple(sorted(found, key=lambda one: one.start))


def without_hosts(text: str) -> str:
    """Return the text with URL and ADDRESS for what `named_hosts` finds."""
    kept: list[str] = []
    place = 0
    for one in named_hosts(text):
        if one.start >= place:
            kept += text[place : one.start], "URL" if one.url else "ADDRESS"
            place = one.end
    return "".join((*kept, text[place:]))


def _of_call(call: re.Match[str]) -> Iterator[Named]:
    program = _PROGRAMS[call.group(1)]
    for place, word in _arguments(program, call.group(2)):
        named = program.target.match(word)
        if named is not None and not (program.every and _is_file(named)):
            parts = named.groupdict()
            host, begin = parts["host"].lower(), call.start(2) + place
            if "path" in parts:
                url = f"http://{host}{parts['port'] or ''}{parts['path'] or ''}"
                yield Named(host, url, begin, begin + named.end())
            else:
                yield Named(host, "", begin + named.start("host"), begin + named.end("host"))
        if not program.every:
            return


def _is_file(named: re.Match[str]) -> bool:
    """Return whether an argument is a file's name in a wrong place, with nothing before or behind it."""
    return named.group() == named.group("host") and _FILE.search(named.group()) is not None


def _arguments(program: _Program, text: str) -> list[tuple[int, str]]:
    """Return, with their places, what is no option and no option's value; none for a program that waits for calls."""
    found, is_value = [], False
    for match in islice(_WORD.finditer(text), _MOST):
        word = match.group(match.lastgroup or 0)
        if is_value:
            is_value = False
        elif word.startswith("--"):
            is_value = word in program.valued_names
        elif word.startswith("-"):
            flags = re.split(f"[{program.valued}]", word[1:], maxsplit=1)
            if program.listens and program.listens in flags[0]:
                return []
            is_value = flags[1:] == [""]
        else:
            found.append((match.start(match.lastgroup or 0), word))
    return found
