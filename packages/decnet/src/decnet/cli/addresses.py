# SPDX-License-Identifier: MIT
"""Addresses as people type them."""

from decnet.cli.errors import WrongUsageError
from decnet_core.net.addresses import canonical


def canonical_address(address: str) -> str:
    """Return an IPv4 or IPv6 address as the database has it; raises WrongUsageError."""
    text = canonical(address)
    if text is None:
        raise WrongUsageError(f"{address!r} is not an IPv4 or IPv6 address")
    return text
