# SPDX-License-Identifier: MIT
"""The client's address behind a trusted proxy."""

from collections.abc import Sequence

from decnet_core.net.addresses import Network, canonical, lies_in

MAX_HOPS = 32
MAX_ADDRESS = 45
"""Characters of the longest address that an event holds."""


def client_address(peer: str, forwarded_for: Sequence[str], proxies: Sequence[Network]) -> str:
    """Return the client's address: `peer`, unless that is a trusted proxy.

    X-Forwarded-For grows to the right, each proxy appending its peer. So from the right, the first address that is not
    a trusted proxy's is the last one seen by a trusted party; everything left of it may be forged.
    """
    address = canonical(peer) or peer[:MAX_ADDRESS]
    hops = [hop.strip() for value in forwarded_for for hop in value.split(",")]
    for hop in reversed(hops[-MAX_HOPS:]):
        if not lies_in(address, proxies):
            break
        seen = canonical(hop.strip("[]"))
        if seen is None:
            break
        address = seen
    return address
