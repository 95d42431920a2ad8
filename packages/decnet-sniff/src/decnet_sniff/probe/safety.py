# SPDX-License-Identifier: MIT
"""Who may be probed, when, and how much: the one place that decides it (law 10). Pure: addresses and times come in.

Asked is only who came to us over a connection that he completed, for any other source address may be a lie that makes
us knock at a stranger's door. Never asked is what is not on the public Internet, what is ours, and what a setting
excludes. A setting may name networks that are asked although they are not public: a laboratory, the loopback of a test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, IPv6Network, ip_network
from typing import Final, NamedTuple

from decnet_core.net.addresses import Address, Network, parse_address

SPECIAL: Final = (
    ("0.0.0.0/8", "of this network"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "behind a carrier's NAT"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "of protocols"),
    ("192.0.2.0/24", "of documentation"),
    ("192.31.196.0/24", "of protocols"),
    ("192.52.193.0/24", "of protocols"),
    ("192.88.99.0/24", "a relay"),
    ("192.168.0.0/16", "private"),
    ("192.175.48.0/24", "of protocols"),
    ("198.18.0.0/15", "of benchmarks"),
    ("198.51.100.0/24", "of documentation"),
    ("203.0.113.0/24", "of documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
    ("::/128", "of this network"),
    ("::1/128", "loopback"),
    ("64:ff9b::/96", "translated"),
    ("64:ff9b:1::/48", "translated"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "private"),
    ("ff00::/8", "multicast"),
    ("2001::/23", "of protocols"),
    ("2001:db8::/32", "of documentation"),
    ("2002::/16", "a relay"),
    ("2620:4f:8000::/48", "of protocols"),
    ("3fff::/20", "of documentation"),
)
"""What is no host of the public Internet (IANA's special-purpose address registries, RFC 6890), and what to call it.

Not `ipaddress.is_global`: it differs between the releases of Python. Translated and relayed addresses hold another
one, of which nobody has shown that it came to us.
"""
_SPECIAL: Final = tuple((ip_network(network), name) for network, name in SPECIAL)
_PUBLIC_6: Final = IPv6Network("2000::/3")
"""All that is given out of IPv6 (RFC 4291 §2.4, IANA)."""

_TCP: Final = (
    "docker elasticsearch ftp git http httpproxy https imap kubernetes modbus mongodb mqtt mssql mysql pop3 postgresql "
    "rdp redis s7 smb smtp ssh tcp telnet vnc"
)
BY_TCP: Final = frozenset(_TCP.split())
"""Services that only TCP carries: who talks to one has completed a handshake, so that his address is his."""
PROOFS: Final = frozenset(
    {"connection.opened", "auth.attempt", "client.identified", "session.opened", "session.command", "session.closed"}
    | {"http.request", "file.captured", "service.request"}
)
"""Kinds that tell of a conversation. What a sniffer saw tells of none: a SYN, and data after it, are easily forged."""


def proves(kind: str, service: str, channel: str = "") -> bool:
    """Tell whether an event of `kind` about `service` (of a canary: by `channel`) shows that its source is no lie."""
    if kind == "canary.hit":
        return channel == "http"
    return kind in PROOFS and (service in BY_TCP or kind == "http.request")


class Rules(NamedTuple):
    """What the operator and the host say."""

    allow: Sequence[Network] = ()
    """May be asked although they are not public."""
    deny: Sequence[Network] = ()
    """Are never asked, whatever else is said."""
    only: Sequence[Network] = ()
    """When there are any, nobody else is asked."""
    is_own: Callable[[Address], bool] = lambda _: False
    """Tells whether an address is this host's or a decky's."""


def read_address(text: str) -> Address | None:
    """Return the address that `text` is; None for anything else, also for one with a zone: it is nobody's outside."""
    return None if "%" in text else parse_address(text)


def refusal(text: str, rules: Rules) -> str | None:
    """Return why the host at address `text` may not be probed, None when it may."""
    address = read_address(text)
    if address is None:
        return "no address"
    if _in(address, rules.deny):
        return "excluded"
    if rules.only and not _in(address, rules.only):
        return "not among those that may be asked"
    if _in(address, rules.allow):
        return None
    return special(address) or ("our own" if rules.is_own(address) else None)


def special(address: Address) -> str | None:
    """Return what `address` is when it is no host of the public Internet."""
    for network, name in _SPECIAL:
        if address in network:
            return name
    if isinstance(address, IPv6Address) and address not in _PUBLIC_6:
        return "not given out"
    return None


def _in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


class Budget:
    """How many connections one visit to one host may cost."""

    def __init__(self, connections: int) -> None:
        self.left = connections

    def spend(self) -> bool:
        """Spend one; False when there is none left."""
        self.left -= 1
        return self.left >= 0


class Plan(NamedTuple):
    """When hosts are asked again; seconds."""

    again: int
    """After a visit, while the host still comes to us."""
    keep: int
    """Who has not come for so long is forgotten."""
    patience: int = 8
    """How many times `again` is waited at most for one who never answers: twice as long after each silent visit."""


def next_visit(now: float, silent_visits: int, plan: Plan) -> float:
    """Return when to ask again one who has been silent in his last `silent_visits` visits; seconds as `now`."""
    return now + plan.again * min(1 << min(silent_visits, 16), plan.patience)


def changed(before: dict[str, str], after: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Return what rotated: old and new fingerprint of everything that had one and has another; silence is no change."""
    return {what: (before[what], value) for what, value in after.items() if before.get(what, value) != value}
