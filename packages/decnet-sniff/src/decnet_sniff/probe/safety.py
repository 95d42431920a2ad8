# SPDX-License-Identifier: MIT
"""Who may be probed, when, and how often: the one place that decides it (law 10). Pure: addresses and times come in.

Only hosts that completed a connection to us are probed: any other source address may be forged to make us scan a
stranger. Never probed are addresses outside the public Internet, our own, and what a setting excludes. A setting may
allow networks that are not public: a laboratory, the loopback of a test.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from decnet_core.net.addresses import Address, Network, parse_address
from decnet_core.net.special_purpose import special

_TCP: Final = (
    "docker elasticsearch ftp git http httpproxy https imap kubernetes modbus mongodb mqtt mssql mysql pop3 postgresql "
    "rdp redis s7 smb smtp ssh tcp telnet vnc"
)
BY_TCP: Final = frozenset(_TCP.split())
"""Services that only run over TCP: their clients have completed a handshake, so the address is theirs."""
PROOFS: Final = frozenset(
    {"connection.opened", "auth.attempt", "client.identified", "session.opened", "session.command", "session.closed"}
    | {"http.request", "file.captured", "service.request"}
)
"""Event kinds that prove a conversation. What a sniffer saw proves none: a SYN, and data after it, are easily
forged."""


def proves(kind: str, service: str, channel: str = "") -> bool:
    """Return whether an event of `kind` about `service` (for a canary: by `channel`) proves its source address."""
    if kind == "canary.hit":
        return channel == "http"
    return kind in PROOFS and (service in BY_TCP or kind == "http.request")


class Rules(NamedTuple):
    """What the operator and the host allow."""

    allow: Sequence[Network] = ()
    """May be probed although they are not public."""
    deny: Sequence[Network] = ()
    """Never probed, whatever else applies."""
    only: Sequence[Network] = ()
    """If any are given, only these are probed."""
    is_own: Callable[[Address], bool] = lambda _: False
    """Returns whether an address is this host's or a decky's."""


def read_address(text: str) -> Address | None:
    """Return the address in `text`; None for anything else, also for one with a zone, which is link-local."""
    return None if "%" in text else parse_address(text)


def refusal(text: str, rules: Rules) -> str | None:
    """Return why the host at address `text` may not be probed, None when it may."""
    address = read_address(text)
    if address is None:
        return "no address"
    if _in(address, rules.deny):
        return "excluded"
    if rules.only and not _in(address, rules.only):
        return "not among those that may be probed"
    if _in(address, rules.allow):
        return None
    return special(address) or ("our own" if rules.is_own(address) else None)


def _in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


class Budget:
    """How many connections one probe of one host may make."""

    def __init__(self, connections: int) -> None:
        self.left = connections

    def spend(self) -> bool:
        """Take one; False when none is left."""
        self.left -= 1
        return self.left >= 0


class Plan(NamedTuple):
    """When hosts are probed again; seconds."""

    again: int
    """After a probe, while the host still contacts us."""
    keep: int
    """A host that has not contacted us for this long is forgotten."""
    longest: int = 8
    """The most times `again` that a silent host waits: it doubles after each silent probe."""


def next_probe(now: float, silent_probes: int, plan: Plan) -> float:
    """Return when to probe a host again after `silent_probes` silent probes in a row; seconds, as `now`."""
    return now + plan.again * min(1 << min(silent_probes, 16), plan.longest)


def changed(before: dict[str, str], after: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Return what changed: old and new fingerprint of everything that had one and has another; silence is no change."""
    return {what: (before[what], value) for what, value in after.items() if before.get(what, value) != value}
