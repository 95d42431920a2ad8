# SPDX-License-Identifier: MIT
"""Which addresses may be told to others: public ones that are not ours (law 10); pure."""

from collections.abc import Callable, Sequence

from decnet_core.net.addresses import Address, Network, parse_address
from decnet_core.net.special_purpose import special


def refusal(address: Address, *, exclude: Sequence[Network], is_own: Callable[[Address], bool]) -> str | None:
    """Return why nobody is told about `address`, None when providers may be asked."""
    if any(address in network for network in exclude):
        return "excluded"
    return special(address) or ("our own" if is_own(address) else None)


def askable(
    texts: Sequence[str], *, exclude: Sequence[Network], is_own: Callable[[Address], bool]
) -> dict[str, Address]:
    """Return those of the addresses that providers may be asked about, by their text."""
    parsed = {text: address for text in texts if (address := parse_address(text)) is not None}
    return {
        text: address for text, address in parsed.items() if refusal(address, exclude=exclude, is_own=is_own) is None
    }
