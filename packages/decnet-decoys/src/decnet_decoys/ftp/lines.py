# SPDX-License-Identifier: MIT
"""Command lines of FTP clients, and listings as vsftpd prints them; pure."""

import stat
from collections.abc import Callable, Iterable
from typing import Final

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


def listing(entries: Iterable[tuple[str, Entry]], now: float, date: Callable[[str, int], str]) -> str:
    """Return the lines of LIST; `date` formats a time in the machine's zone."""
    return "".join(f"{_longname(name, entry, now, date)}\r\n" for name, entry in entries)


def _longname(name: str, entry: Entry, now: float, date: Callable[[str, int], str]) -> str:
    recent = now - _HALF_A_YEAR < entry.mtime <= now
    when = date("%b %d %H:%M" if recent else "%b %d  %Y", entry.mtime)
    shown = f"{name} -> {entry.target}" if entry.kind == "link" else name
    links = 2 if entry.kind == "dir" else 1
    mode = stat.filemode(entry.st_mode)
    return f"{mode} {links:>4} {entry.uid:<8} {entry.gid:<8} {entry.size:>8} {when} {shown}"


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
    parts = argument.split(argument[:1]) if argument else []
    if len(parts) != 5:
        return "500 Bad EPRT command."
    if parts[1] != ("2" if ":" in client else "1"):
        return "500 Bad EPRT protocol."
    port = int(parts[3]) if parts[3].isdecimal() and len(parts[3]) <= 5 else 0
    return port if parts[2] == client and 1024 <= port <= 65535 else "500 Illegal EPRT command."


def umask_of(argument: str) -> int:
    """Return the number that SITE UMASK sets: what is not octal is nothing."""
    digits = argument.strip()
    return int(digits, 8) & 0o777 if digits and len(digits) < 12 and set(digits) <= set("01234567") else 0
