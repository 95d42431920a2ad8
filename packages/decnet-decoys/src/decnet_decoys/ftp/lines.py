# SPDX-License-Identifier: MIT
"""Command lines of FTP clients, and listings as vsftpd prints them; pure."""

import datetime as dt
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.machine.tree import Entry

LONGEST: Final = 4096
"""Bytes of a command line; a longer one ends the connection."""
_COMMANDS: Final = (
    "ABOR ACCT ADAT ALLO APPE AUTH CCC CDUP CLNT CONF CSID CWD DELE ENC EPRT EPSV FEAT HASH HELP HOST LANG LIST LPRT "
    "LPSV MDTM MFF MFMT MIC MKD MLSD MLST MODE NLST NOOP OPTS PASS PASV PBSZ PORT PROT PWD QUIT REIN REST RETR RMD "
    "RNFR RNTO SITE SIZE SMNT STAT STOR STOU STRU SYST TYPE USER XCUP XCWD XMKD XPWD XRMD"
)
COMMANDS: Final = frozenset(_COMMANDS.split())
"""Of FTP and its extensions, as clients send them, whether vsftpd has them or not."""
_HALF_A_YEAR: Final = 182 * 86400
_IAC: Final = 0xFF
MOST_CHOICES: Final = 32
"""Between the braces of a pattern."""
_BRACES: Final = re.compile(r"\{([^{}]*)\}")
_STARS: Final = re.compile(r"\*+")
LONGEST_NAME: Final = 255
"""Of a file (NAME_MAX)."""
_FEATURES: Final = ("EPRT", "EPSV", "MDTM", "PASV", "REST STREAM", "SIZE", "TVFS")


class TooLongError(DecoysError):
    """A command line is too long."""


class Commands:
    """Takes the client's bytes apart."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def clear(self) -> None:
        """Drop what was sent ahead of TLS."""
        self._buffer.clear()

    def take(self) -> tuple[str, str] | None:
        """Return the next command, in upper case, and its argument; None when it is not there yet.

        Telnet's interrupt, which clients send before ABOR, is left out. Raises TooLongError.
        """
        self._skip_empty()
        end = self._buffer.find(b"\n")
        if end < 0 and len(self._buffer) <= LONGEST:
            return None
        if not 0 <= end <= LONGEST:
            raise TooLongError
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        line = line.lstrip(bytes((_IAC, 0xF4, 0xF2)))
        name, _, argument = line.decode("utf-8", "surrogateescape").partition(" ")
        return name.upper(), argument

    def _skip_empty(self) -> None:
        """Leave out empty lines, to which vsftpd says nothing: some address translators add them."""
        while self._buffer.startswith((b"\n", b"\r\n")):
            del self._buffer[: self._buffer.index(b"\n") + 1]


def features(*, tls: bool) -> str:
    """Return the answer to FEAT."""
    offered = sorted((*_FEATURES, *(("AUTH TLS", "PBSZ", "PROT") if tls else ())))
    return "\n".join(("211-Features:", *(f" {one}" for one in offered), "211 End"))


class Row(NamedTuple):
    """A line of LIST."""

    name: str
    entry: Entry
    links: int = 1


def listing(rows: Iterable[Row], now: float, date: Callable[[str, int], str]) -> str:
    """Return the lines of LIST; `date` formats a time in the machine's zone."""
    return "".join(f"{_longname(row, now, date)}\r\n" for row in rows)


def _longname(row: Row, now: float, date: Callable[[str, int], str]) -> str:
    name, entry, links = row
    recent = now - _HALF_A_YEAR < entry.mtime <= now
    when = date("%b %d %H:%M" if recent else "%b %d  %Y", entry.mtime)
    shown = f"{name} -> {entry.target}" if entry.kind == "link" else name
    mode = stat.filemode(entry.st_mode)
    return f"{mode} {links:>4} {entry.uid:<8} {entry.gid:<8} {entry.size:>8} {when} {shown}"


def name_patterns(pattern: str) -> Iterator[re.Pattern[str]]:
    """Return what a pattern of LIST matches, `*`, `?` and `{a,b}` as vsftpd has them: one for each choice of a brace.

    What no name is long enough for is left out. Compiling takes up to 3 ms, matching a name far less.
    """
    for one in _alternatives(pattern):
        if len(one) - one.count("*") <= LONGEST_NAME:
            yield _compiled(one)


def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern; between two stars only the first place is tried, so that many stars cost no more than one."""
    first, *others = (re.escape(part).replace(r"\?", ".") for part in _STARS.split(pattern))
    between = "".join(f"(?>.*?{part})" for part in others[:-1])
    return re.compile(first + between + "".join(f".*{part}" for part in others[-1:]), re.DOTALL)


def _alternatives(pattern: str) -> Iterator[str]:
    """Return a pattern for each choice of its first braces; of more than that, none is looked at."""
    found = _BRACES.search(pattern)
    if found is None:
        yield pattern
        return
    for choice in found[1].split(",")[:MOST_CHOICES]:
        yield pattern[: found.start()] + choice + pattern[found.end() :]


def doubled(path: str) -> str:
    """Return a path as it stands between quotes in a reply (RFC 959, appendix II)."""
    return path.replace('"', '""')


def protection(argument: str) -> tuple[str, bool | None]:
    """Return the answer to PROT under TLS, and whether data is protected from now on; None: as before."""
    level = argument.upper()
    if level in ("C", "P"):
        return f"200 PROT now {'Private' if level == 'P' else 'Clear'}.", level == "P"
    return f"{'536 PROT not supported.' if level in ('S', 'E') else '504 PROT not recognized.'}", None


_EPOCH: Final = dt.date(1970, 1, 1).toordinal()


def moment_and_path(argument: str) -> tuple[int | None, str]:
    """Return the time that MDTM is to set (Unix time) and the path; None for the time where it only asks.

    It may be a day alone. A day that its month has not is one of the next month, as for mktime(3).
    """
    stamp, _, path = argument.partition(" ")
    if not path or len(stamp) not in (8, 14) or not (stamp.isascii() and stamp.isdecimal()):
        return None, argument
    stamp = stamp.ljust(14, "0")
    year, months = int(stamp[:4]), int(stamp[4:6]) - 1
    first = dt.date(min(max(year + months // 12, 1), 9999), months % 12 + 1, 1)
    days = first.toordinal() - _EPOCH + int(stamp[6:8]) - 1
    return days * 86400 + int(stamp[8:10]) * 3600 + int(stamp[10:12]) * 60 + int(stamp[12:]), path


def passive(address: str, port: int) -> str:
    """Return the numbers that PASV answers."""
    return ",".join((*address.split("."), str(port >> 8), str(port & 255)))


def port_of(argument: str, client: str) -> int | None:
    """Return the port that PORT names; None unless it is one of the client's own, above 1023, as vsftpd demands."""
    numbers = argument.split(",")
    if len(numbers) != 6 or not all(one.isdecimal() and len(one) <= 3 and int(one) < 256 for one in numbers):
        return None
    port = int(numbers[4]) << 8 | int(numbers[5])
    return port if ".".join(numbers[:4]) == client and port >= 1024 else None


def extended_port_of(argument: str, client: str) -> int | str:
    """Return the port that EPRT names (RFC 2428), or why it is refused, likewise."""
    if not argument:
        return "500 Bad EPRT protocol."
    parts = argument.split(argument[:1])
    if len(parts) != 5:
        return "500 Bad EPRT command."
    if parts[1] != ("2" if ":" in client else "1"):
        return "500 Bad EPRT protocol."
    port = int(parts[3]) if parts[3].isdecimal() and len(parts[3]) <= 5 else 0
    if port > 65535:
        return "500 Bad EPRT command."
    return port if parts[2] == client and port >= 1024 else "500 Illegal EPRT command."


def mode_of(argument: str) -> int:
    """Return the number that SITE UMASK or CHMOD is given: what is not octal is nothing."""
    digits = argument.strip()
    return int(digits, 8) & 0o7777 if digits and len(digits) < 12 and set(digits) <= set("01234567") else 0
