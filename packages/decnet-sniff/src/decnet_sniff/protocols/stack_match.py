# SPDX-License-Identifier: MIT
"""Identifies the system or tool of a stack: the rows of `stack_table` by p0f's rules.

A row may leave open the IP version, the MSS, the window and the scale, give the window as a multiple of MSS or MTU or
of a number (`%1024`), and have a random TTL (`64-`: at most). When no row matches exactly, one matches that differs in
a way that packets change in transit: `df` or `id+` missing, `id-` or `ecn` added, or another initial TTL. That is a
guess, as is a general row.
"""

from functools import cache, lru_cache
from typing import NamedTuple

from decnet_sniff.protocols import stack_table
from decnet_sniff.protocols.stack import DF, ECN, FLOW, ID_SET, ID_ZERO, QUIRKS, Stack
from decnet_sniff.protocols.stack_signature import MAX_DISTANCE, NAMES, distance, multiple

_ONLY_IPV4 = DF | ID_SET | ID_ZERO
_MAY_VANISH = DF | ID_SET
_MAY_APPEAR = ID_ZERO | ECN
_KINDS = {name: kind for kind, name in NAMES.items()}


class Identity(NamedTuple):
    name: str | None
    """The system or tool; None when no row matches."""
    tool: bool
    """Whether `name` is a program that builds its own packets, on whatever system."""
    exact: bool
    """Whether a row of one system matches in full; else a general one does, or one that was changed in transit."""
    distance: int | None
    """Hops; None when the initial TTL is not known."""

    @property
    def os_match(self) -> str | None:
        """How a system was found, for an event: `exact` or `guess`; None for a tool or for nothing."""
        return None if self.tool or self.name is None else "exact" if self.exact else "guess"


class Row(NamedTuple):
    """One signature of the table; None where it has `*`."""

    name: str
    tool: bool
    version: int | None
    ttl: int
    random_ttl: bool
    ip_options: int
    mss: int | None
    unit: str
    """Of the window: "" (it is `size`), "%" (a multiple of it), "mss", "mtu" (`size` times that)."""
    size: int | None
    scale: int | None
    kinds: bytes
    padding: int
    quirks: int
    payload: bool | None


class Table(NamedTuple):
    """The rows for one kind of packet, by option kinds."""

    special: dict[bytes, list[Row]]
    general: dict[bytes, list[Row]]


@lru_cache(maxsize=1024)
def identify(stack: Stack, *, server: bool, peer_mss: int = 0) -> Identity:
    """Identify the sender of `stack` in a SYN, or as a `server` in a SYN+ACK to a SYN with `peer_mss` (0: unknown)."""
    table = _table(server=server)
    times = multiple(stack, peer_mss)
    inexact = None
    special = table.special.get(stack.kinds, [])
    for rows in (special, table.general.get(stack.kinds, [])):
        for row in rows:
            if not _fits(row, stack, times):
                continue
            if _quirks_differ(row, stack) == 0 and _near(row, stack):
                return Identity(row.name, row.tool, exact=rows is special, distance=_hops(row, stack))
            if inexact is None and not row.tool and _explained(row, stack):
                inexact = Identity(row.name, tool=False, exact=False, distance=_hops(row, stack))
    return inexact or Identity(None, tool=False, exact=False, distance=_guessed(stack))


def _fits(row: Row, stack: Stack, times: tuple[str, int]) -> bool:
    """Return whether all matches that must match: everything but TTL and quirks."""
    return (
        row.version in (None, stack.version)
        and row.ip_options == stack.ip_options
        and row.mss in (None, stack.mss or 0)
        and row.scale in (None, stack.scale or 0)
        and row.padding == stack.padding
        and row.payload in (None, stack.payload)
        and _window_fits(row, stack.window, times)
        and not (row.random_ttl and stack.ttl > row.ttl)
    )


def _window_fits(row: Row, window: int, times: tuple[str, int]) -> bool:
    if row.size is None:
        return True
    if row.unit in ("mss", "mtu"):
        return times == (row.unit, row.size)
    return window % row.size == 0 if row.unit == "%" else window == row.size


def _wanted_quirks(row: Row, stack: Stack) -> int:
    if row.version is not None:
        return row.quirks
    return row.quirks & ~(FLOW if stack.version == 4 else _ONLY_IPV4)


def _quirks_differ(row: Row, stack: Stack) -> int:
    difference = _wanted_quirks(row, stack) ^ stack.quirks
    # A row for both versions cannot say whether IPv6 has a flow label: Linux gives one, by default, and others do too.
    return difference & ~FLOW if row.version is None else difference


def _explained(row: Row, stack: Stack) -> bool:
    """Return whether the difference can arise in transit: quirks or the TTL; both together mean another system."""
    difference = _quirks_differ(row, stack)
    if difference and not _near(row, stack):
        return False
    gone, come = difference & row.quirks, difference & stack.quirks
    return not gone & ~_MAY_VANISH and not come & ~_MAY_APPEAR


def _near(row: Row, stack: Stack) -> bool:
    return row.random_ttl or 0 <= row.ttl - stack.ttl <= MAX_DISTANCE


def _hops(row: Row, stack: Stack) -> int | None:
    if row.random_ttl:
        return None
    return row.ttl - stack.ttl if _near(row, stack) else _guessed(stack)


def _guessed(stack: Stack) -> int | None:
    hops = distance(stack.ttl)
    return hops if hops <= MAX_DISTANCE else None


@cache
def _table(*, server: bool) -> Table:
    """Return the rows for SYN or SYN+ACK; built at the first packet, not at import."""
    special = stack_table.SYN_ACK if server else stack_table.SYN
    return Table(_by_kinds(special), _by_kinds(stack_table.GENERAL))


def _by_kinds(table: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[bytes, list[Row]]:
    by_kinds: dict[bytes, list[Row]] = {}
    for name, signatures in table:
        for text in signatures:
            row = parse(name, text)
            by_kinds.setdefault(row.kinds, []).append(row)
    return by_kinds


def parse(name: str, text: str) -> Row:
    """Return the row of signature `text`; raises ValueError or KeyError if it is not in p0f's notation."""
    version, ttl, ip_options, mss, window, layout, quirks, payload = text.split(":")
    size, scale = window.split(",")
    unit, _, times = size.rpartition("*") if size != "*" else ("", "", "*")
    if size.startswith("%"):
        unit, times = "%", size[1:]
    names = layout.split(",") if layout else []
    return Row(
        name=name.removeprefix("!"),
        tool=name.startswith("!"),
        version=_open(version),
        ttl=int(ttl.removesuffix("-")),
        random_ttl=ttl.endswith("-"),
        ip_options=int(ip_options),
        mss=_open(mss),
        unit=unit,
        size=_open(times),
        scale=_open(scale),
        kinds=bytes(int(n[1:]) if n.startswith("?") else _KINDS[n.partition("+")[0]] for n in names),
        padding=next((int(n.partition("+")[2]) for n in names if n.startswith("eol")), 0),
        quirks=sum(1 << QUIRKS.index(quirk) for quirk in quirks.split(",") if quirk),
        payload=None if payload == "*" else payload == "+",
    )


def _open(text: str) -> int | None:
    return None if text == "*" else int(text)
