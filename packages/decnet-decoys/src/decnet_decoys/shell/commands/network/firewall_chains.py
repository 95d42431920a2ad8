# SPDX-License-Identifier: MIT
"""The chains that somebody added to the firewall, and what rules may lead to (iptables(8))."""

from dataclasses import dataclass

_TARGETS = """
ACCEPT CHECKSUM CLASSIFY CONNMARK CT DNAT DROP DSCP ECN HL LOG MARK MASQUERADE NETMAP NFLOG NFQUEUE NOTRACK QUEUE
REDIRECT REJECT RETURN SET SNAT SYNPROXY TCPMSS TCPOPTSTRIP TEE TOS TPROXY TRACE TTL ULOG
"""
TARGETS = frozenset(_TARGETS.split())
NO_CHAIN = "No chain/target/match by that name."
_MOST_CHAINS = 64
_LONGEST_NAME = 28


@dataclass(frozen=True)
class Fault:
    text: str
    status: int
    plain: bool = True
    """Whether it is told without the version of iptables."""


def made_chains(rules: list[str]) -> list[str]:
    """Return the names of the chains that were added."""
    return sorted(rule.removeprefix("-N ") for rule in rules if rule.startswith("-N "))


def is_target(rules: list[str], name: str) -> bool:
    """Return whether a rule may lead to what has this name."""
    return name in TARGETS or f"-N {name}" in rules


def references(rules: list[str], chain: str) -> int:
    """Return how many rules lead to a chain."""
    return sum(f" -j {chain} " in f"{rule} " for rule in rules)


def change_chains(rules: list[str], letter: str, chain: str) -> Fault | None:
    """Add a chain (-N) or delete one, or all without a name (-X); returns what is wrong."""
    made = made_chains(rules)
    if letter == "-N":
        if chain in made or not chain:
            return Fault("Chain already exists.", 1)
        if len(made) < _MOST_CHAINS:
            rules.append(f"-N {chain[:_LONGEST_NAME]}")
        return None
    if chain and chain not in made:
        return Fault(NO_CHAIN, 1)
    for name in [chain] if chain else made:
        if references(rules, name) or any(rule.startswith(f"-A {name} ") for rule in rules):
            return Fault(f" CHAIN_DEL failed (Device or resource busy): chain {name}", 4, plain=False)
        rules.remove(f"-N {name}")
    return None
