# SPDX-License-Identifier: MIT
"""The signature of a stack in p0f v3's notation: `ver:ittl:olen:mss:wsize,scale:olayout:quirks:pclass`."""

from decnet_sniff.protocols.stack import EOL, MSS, NOP, QUIRKS, SACK, SACK_OK, SCALE, TIMESTAMP, Stack

MAX_DISTANCE = 35
"""Hops; a greater distance means an unusual initial TTL."""
INITIAL_TTLS = (32, 64, 128, 255)

_ETHERNET = 1500
_HEADERS_4, _HEADERS_6 = 40, 60
_TIMESTAMP_BYTES = 12
_LEAST_MSS = 100
NAMES = {EOL: "eol", NOP: "nop", MSS: "mss", SCALE: "ws", SACK_OK: "sok", SACK: "sack", TIMESTAMP: "ts"}
"""p0f's names of TCP options; others are `?` and their number, and the end of options has its padding: `eol+1`."""


def distance(ttl: int) -> int:
    """Return the hops of a packet that arrives with `ttl`, if it started with the next usual TTL."""
    return next(initial for initial in INITIAL_TTLS if ttl <= initial) - ttl


def signature(stack: Stack, peer_mss: int = 0) -> str:
    """Return the raw signature; `peer_mss` is, for a SYN+ACK, the MSS of the SYN that it answers (0: unknown)."""
    hops = distance(stack.ttl)
    size, factor = multiple(stack, peer_mss)
    return ":".join(
        (
            str(stack.version),
            f"{stack.ttl}+{hops}" if hops <= MAX_DISTANCE else f"{stack.ttl}+?",
            str(stack.ip_options),
            str(stack.mss or 0),
            f"{size}*{factor},{stack.scale or 0}" if factor else f"{stack.window},{stack.scale or 0}",
            layout(stack),
            quirks(stack.quirks),
            "+" if stack.payload else "0",
        )
    )


def layout(stack: Stack) -> str:
    """Return the option layout, e.g. `mss,sok,ts,nop,ws`."""
    return ",".join(f"eol+{stack.padding}" if kind == EOL else NAMES.get(kind) or f"?{kind}" for kind in stack.kinds)


def quirks(bits: int) -> str:
    """Return the names of the quirks in `bits`, e.g. `df,id+`."""
    return ",".join(name for place, name in enumerate(QUIRKS) if bits >> place & 1)


def multiple(stack: Stack, peer_mss: int = 0) -> tuple[str, int]:
    """Return the window's unit and multiple: `("mss", 44)`, `("mtu", 4)`, or `("", 0)`.

    A stack may use its own MSS, that without the bytes of a timestamp, that of Ethernet, the MTU, or the peer's MSS;
    the first that divides the window is taken, as in p0f.
    """
    window, mss = stack.window, stack.mss or 0
    if not window or mss < _LEAST_MSS:
        return "", 0
    for name, unit in _units(stack, mss, peer_mss):
        if unit > 0 and not window % unit:
            return name, window // unit
    return "", 0


def _units(stack: Stack, mss: int, peer_mss: int) -> list[tuple[str, int]]:
    units = [("mss", mss)]
    if stack.own_time:
        units.append(("mss", mss - _TIMESTAMP_BYTES))
    headers = [_HEADERS_4, _HEADERS_6] if stack.version == 6 else [_HEADERS_4]
    for length in headers:
        units += [("mss", _ETHERNET - length), ("mss", _ETHERNET - length - _TIMESTAMP_BYTES)]
    units += [("mtu", mss + _HEADERS_4), ("mtu", mss + stack.header_bytes)]
    if stack.version == 6:
        units.append(("mtu", mss + _HEADERS_6))
    units.append(("mtu", _ETHERNET))
    if peer_mss:
        units += [("mss", peer_mss), ("mss", peer_mss - _TIMESTAMP_BYTES)]
    return units
