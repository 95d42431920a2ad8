# SPDX-License-Identifier: MIT
"""What an endpoint receives of the kinds of notices that it asked for: the column `webhook.filter`; pure."""

import ipaddress
from collections.abc import Callable, Collection, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final, Literal

import msgspec

from decnet_core.net.addresses import Network, parse_network

NOTICES: Final = "notices"
INCIDENTS: Final = "incidents"


class Facts(msgspec.Struct, frozen=True):
    """What a notice or an incident is about."""

    kinds: tuple[str, ...] = ()
    severity: int = 1
    score: int = 0
    attackers: tuple[str, ...] = ()
    deckies: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class Selection(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Conditions that all must hold; of several values of one condition, one is enough. By default there is none."""

    sends: Literal["notices", "incidents"] = "notices"
    """Every notice by itself, or incidents and what belongs to none."""
    severity: int = 1
    """At least so severe: 1 (low) to 4 (critical)."""
    score: int = 0
    """At least this threat score."""
    sources: tuple[str, ...] = ()
    """Networks of attackers."""
    deckies: tuple[str, ...] = ()
    """Globs of names."""
    techniques: tuple[str, ...] = ()
    """ATT&CK techniques, each with its sub-techniques."""
    tags: tuple[str, ...] = ()
    """Globs of canary tokens, of their labels, or of titles of rules."""
    hours: tuple[str, ...] = ()
    """Spans of the week in which anything is sent (`hours`); what is written at another time never is."""
    quiet: tuple[str, ...] = ()
    """Spans of the week in which only severe incidents are told; at the end of each a digest tells of the others."""
    breaks_quiet: int = 4
    """How severe an incident must be to be told in quiet hours."""

    def admits(self, facts: Facts) -> bool:
        """Return whether what is about `facts` is sent."""
        return (
            facts.severity >= self.severity
            and facts.score >= self.score
            and _one(self.sources, facts.attackers, _in_network)
            and _one(self.deckies, facts.deckies, fnmatchcase)
            and _one(self.techniques, facts.techniques, _is_technique)
            and _one(self.tags, facts.tags, fnmatchcase)
        )


@lru_cache(maxsize=256)
def selection_of(text: str) -> Selection:
    """Return the selection of a row."""
    return msgspec.json.decode(text, type=Selection)


def written(selection: Selection) -> str:
    """Return what the row of a webhook has of a selection."""
    return msgspec.json.encode(selection).decode()


@lru_cache(maxsize=1024)
def network(text: str) -> Network:
    """Return an address or a network in CIDR notation; raises ValueError."""
    return parse_network(text)


def _one(wanted: Sequence[str], found: Collection[str], matches: Callable[[str, str], bool]) -> bool:
    return not wanted or any(matches(each, pattern) for each in found for pattern in wanted)


def _in_network(address: str, network_text: str) -> bool:
    try:
        return ipaddress.ip_address(address) in network(network_text)
    except ValueError:
        return False


def _is_technique(technique: str, wanted: str) -> bool:
    return technique == wanted or technique.startswith(f"{wanted}.")
