# SPDX-License-Identifier: MIT
"""Addresses as people type them."""

from decnet.cli.errors import WrongUsageError
from decnet_core.net.addresses import canonical, parse_network

_SHORTEST = {4: 8, 6: 16}
"""The shortest prefix of a network, by IP version, all of whose events may be ignored; 10.0.0.0/8 is one's own."""


def canonical_address(address: str) -> str:
    """Return an IPv4 or IPv6 address as the database has it; raises WrongUsageError."""
    text = canonical(address)
    if text is None:
        raise WrongUsageError(f"{address!r} is not an IPv4 or IPv6 address")
    return text


def known_network(network: str, *, narrowed: bool) -> str:
    """Return an address or a network as CIDR, to be a known source; bits beyond the prefix are dropped.

    Raises WrongUsageError, also for one with which nearly nobody would be an attacker any more, unless the source is
    `narrowed` to a port or a kind of event.
    """
    try:
        found = parse_network(network.strip())
    except ValueError as error:
        raise WrongUsageError(f"{network!r} is neither an address nor a network: {error}") from error
    shortest = _SHORTEST[found.version]
    if found.prefixlen < shortest and not narrowed:
        raise WrongUsageError(
            f"{found} is too large: nothing that comes from there would be scored or alerted. Name your own networks "
            f"(/{shortest} or longer), or narrow it to a port or a kind of event"
        )
    return str(found)
