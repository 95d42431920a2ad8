# SPDX-License-Identifier: MIT
"""A whole fleet as one TOML document: `[network]` with what all deckies share, and a `[[decky]]` for each or for many.

    [network]
    runtime = "netns"
    interface = "eth0"
    subnets = ["10.20.0.0/24", "fd00:20::/64"]
    gateways = ["10.20.0.1"]

    [[decky]]
    name = "web"
    count = 20
    address = "10.20.0.50"
    persona = "debian-web"

The last makes web-01 at 10.20.0.50 to web-20 at 10.20.0.69.
"""

import ipaddress
import re
import tomllib
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from decnet.cli.errors import CommandError
from decnet.deckies.addressing import DHCP
from decnet.deckies.documents import plain_errors
from decnet.deckies.wanted import Name, Port, Runtime, Wanted

MAX_DECKIES = 10_000
"""Of one document."""

_HEADER = re.compile(r"^\s*\[\[\s*decky\s*\]\]\s*(?:#.*)?$")
_PLACE = re.compile(r" - at `\$\.?(.*)`$")
_INDEX = re.compile(r"^decky\[(\d+)\]")


class DocumentError(CommandError):
    """A document is none of a fleet; the message says where and why."""


class Network(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Table `[network]`: what the deckies have that say nothing else."""

    runtime: Runtime = "loopback"
    interface: str | None = None
    subnets: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    sensor: str | None = None
    """The sensor host that plays them; None: this host."""


class DeckyTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Table `[[decky]]`."""

    name: Name
    persona: str | None = None
    """May be omitted with an image, which has one that fits."""
    image: str | None = None
    """A honeypot image, with the runtime container."""
    address: str | None = None
    """One address, the first of `count`, or a range of them: 10.20.0.50-10.20.0.69; or dhcp."""
    addresses: tuple[str, ...] = ()
    """Several addresses of each decky; each may be a range."""
    count: Annotated[int, msgspec.Meta(ge=1, le=MAX_DECKIES)] | None = None
    """How many deckies: they are named web-01, web-02, ...; None: one, or as many as the range has addresses."""
    runtime: Runtime | None = None
    interface: str | None = None
    subnets: tuple[str, ...] | None = None
    gateways: tuple[str, ...] | None = None
    services: dict[str, Port] | tuple[str, ...] | None = None
    host_name: str | None = None
    mac: str | None = None
    sensor: str | None = None


class FleetDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole document."""

    network: Network = Network()
    decky: tuple[DeckyTable, ...] = ()


def read(text: str, name: str) -> list[Wanted]:
    """Return the deckies of the document called `name`; raises DocumentError."""
    lines = [number for number, line in enumerate(text.splitlines(), 1) if _HEADER.match(line)]
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DocumentError(f"{name}: {error}") from error
    return wanted_of(given, name, lines)


def wanted_of(given: dict[str, Any], name: str, lines: list[int]) -> list[Wanted]:
    """Return the deckies of a document that was read from TOML or JSON; `lines` are those of its deckies in a text."""
    try:
        document = msgspec.convert(given, FleetDocument)
    except msgspec.ValidationError as error:
        raise DocumentError(_worded(str(error), given, name, lines)) from error
    wanted: list[Wanted] = []
    for index, table in enumerate(document.decky):
        wanted += _deckies(table, document.network, _place(name, lines, index, len(document.decky)))
        if len(wanted) > MAX_DECKIES:
            raise DocumentError(f"{name}: more than {MAX_DECKIES} deckies; deploy them on several hosts")
    return wanted


def _worded(message: str, given: dict[str, Any], name: str, lines: list[int]) -> str:
    """Return what is wrong, with the line of the decky and the key in front."""
    found = _PLACE.search(message)
    path = found[1] if found else ""
    index = _INDEX.match(path)
    line = f":{lines[int(index[1])]}" if index and int(index[1]) < len(lines) else ""
    kind = DeckyTable if index else Network if path.startswith("network") else FleetDocument
    told = plain_errors.sentence(_PLACE.sub("", message), path, kind.__struct_fields__)
    return ": ".join(filter(None, (f"{name}{line}", plain_errors.place(path, given), told)))


def _place(name: str, lines: list[int], index: int, count: int) -> str:
    """Return file and line of a decky; one that is not written below a header of its own has only its number."""
    return f"{name}:{lines[index]}" if len(lines) == count else f"{name}: decky[{index}]"


def _deckies(table: DeckyTable, network: Network, place: str) -> Iterator[Wanted]:
    columns = [_range(address, place, table.name) for address in (*_one(table.address), *table.addresses)]
    spans = [len(column) for column in columns if isinstance(column, list)]
    count = table.count or (min(spans) if spans else 1)
    if spans and min(spans) < count:
        raise DocumentError(f"{place}: decky {table.name}: the range has {min(spans)} addresses for {count} deckies")
    if count > 1 and table.mac:
        raise DocumentError(f"{place}: decky {table.name}: {count} deckies cannot have one MAC; omit mac")
    several = table.count is not None or bool(spans)
    shared = Network(network.runtime, network.interface) if DHCP in columns else network
    for number in range(count):
        yield Wanted(
            name=f"{table.name}-{number + 1:0{max(2, len(str(count)))}}" if several else table.name,
            persona=table.persona,
            image=table.image,
            addresses=tuple(_nth(column, number, place, table.name) for column in columns),
            runtime=table.runtime or network.runtime,
            interface=shared.interface if table.interface is None else table.interface,
            subnets=shared.subnets if table.subnets is None else table.subnets,
            gateways=shared.gateways if table.gateways is None else table.gateways,
            services=table.services,
            host_name=None if several else table.host_name,
            mac=table.mac,
            sensor=table.sensor or network.sensor,
            place=place,
        )


def _one(address: str | None) -> tuple[str, ...]:
    return () if address is None else (address,)


def _range(given: str, place: str, name: str) -> list[str] | str:
    """Return the addresses of FIRST-LAST; a single address as it is."""
    first, dash, last = given.partition("-")
    if not dash:
        return given
    try:
        begin, end = ipaddress.ip_address(first.strip()), ipaddress.ip_address(last.strip())
    except ValueError as error:
        raise DocumentError(f"{place}: decky {name}: {given}: {error}") from error
    if begin.version != end.version or int(end) < int(begin) or int(end) - int(begin) >= MAX_DECKIES:
        raise DocumentError(f"{place}: decky {name}: {given} is no range of at most {MAX_DECKIES} addresses")
    return [str(begin + step) for step in range(int(end) - int(begin) + 1)]


def _nth(column: list[str] | str, number: int, place: str, name: str) -> str:
    if isinstance(column, list):
        return column[number]
    if number == 0 or column == DHCP:
        return column
    address, slash, length = column.partition("/")
    try:
        return f"{ipaddress.ip_address(address) + number}{slash}{length}"
    except ValueError as error:
        raise DocumentError(f"{place}: decky {name}: {column}: {error}") from error
