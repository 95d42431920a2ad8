# SPDX-License-Identifier: MIT
"""The lines of lists: each names an address or a network, and what it is known for; pure.

A list is refused when most of its lines are none: it is then an error page, or another format.
"""

import csv
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from decnet_core.net.addresses import parse_address, parse_network
from decnet_core.text import for_column
from decnet_workers.errors import WorkersError

MAX_LINE = 8192
LABEL = 120
"""Characters of what an entry is known for."""
LEAST_CONFIDENCE = 50
"""Percent; entries of ThreatFox below it are passed over."""

_MAPPED = b"\0" * 10 + b"\xff\xff"
"""Before an IPv4 address, so that both versions are keys of one length and order (RFC 4291 §2.5.5.2)."""


class ListError(WorkersError):
    """What was received is no list; the message says why."""


Entry = tuple[bytes, bytes, str]
"""The keys of the first and the last address, and what they are known for."""
ReadLine = Callable[[str], Entry | None]
"""Reads a line; None when it is of no concern. Raises ValueError for one that is not of the format."""


def key_of(address: IPv4Address | IPv6Address) -> bytes:
    """Return the key of an address."""
    return address.packed if isinstance(address, IPv6Address) else _MAPPED + address.packed


def plain(reason: str) -> ReadLine:
    """Return the reader of lists with an address or network at the beginning of each line, all for one reason."""

    def read(line: str) -> Entry | None:
        word = line.replace(";", " ").replace(",", " ").replace("#", " ").split(maxsplit=1)
        if not word or line.lstrip()[0] in "#;" or line.startswith("//"):
            return None
        return (*_ends(parse_network(word[0])), reason)

    return read


def feodo(line: str) -> Entry | None:
    """Read a line of Feodo Tracker's CSV: first seen, address, port, status, last online, malware."""
    fields = _fields(line)
    if fields is None or fields[1:2] == ["dst_ip"]:
        return None
    return (*_host(fields[1]), for_column(f"{fields[5]} command and control server", LABEL))


def threatfox(line: str) -> Entry | None:
    """Read a line of ThreatFox's CSV: its fields 3 to 5, 8 and 10 are value, type, threat, malware, confidence."""
    fields = _fields(line)
    if fields is None or fields[2:3] == ["ioc_value"]:
        return None
    value, kind, threat, malware, confidence = (fields[place] for place in (2, 3, 4, 7, 9))
    if kind != "ip:port" or int(confidence) < LEAST_CONFIDENCE:
        return None
    return (*_host(value.rpartition(":")[0].strip("[]")), for_column(f"{malware} ({threat})", LABEL))


class Lines:
    """Cuts a list into lines and reads them with `read`, whatever the parts in which it comes."""

    def __init__(self, read: ReadLine) -> None:
        self._read = read
        self._rest = b""
        self._good = self._bad = 0

    def entries(self, part: bytes) -> Iterator[Entry]:
        """Yield the entries of the lines that are complete now."""
        *whole, self._rest = (self._rest + part).split(b"\n")
        if len(self._rest) > MAX_LINE:
            raise ListError("a line is too long")
        for line in whole:
            yield from self._entry(line)

    def last(self) -> Iterator[Entry]:
        """Yield what a last line without an end holds; raises ListError when this was no list."""
        yield from self._entry(self._rest)
        if self._bad > self._good:
            raise ListError(f"{self._bad} of {self._bad + self._good} lines are not of the list's format")

    def _entry(self, line: bytes) -> Iterator[Entry]:
        text = line.decode("utf-8", "replace").strip()
        try:
            entry = self._read(text) if text else None
        except (ValueError, IndexError, csv.Error):
            self._bad += 1
            return
        if entry is not None:
            self._good += 1
            yield entry


def _fields(line: str) -> list[str] | None:
    return None if line.startswith("#") else next(csv.reader([line], skipinitialspace=True))


def _host(text: str) -> tuple[bytes, bytes]:
    address = parse_address(text)
    if address is None:
        raise ValueError("no address")
    return (key_of(address),) * 2


def _ends(network: IPv4Network | IPv6Network) -> tuple[bytes, bytes]:
    return key_of(network.network_address), key_of(network.broadcast_address)
