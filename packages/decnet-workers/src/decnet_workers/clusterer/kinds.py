# SPDX-License-Identifier: MIT
"""The kinds of evidence, and how many bits each is worth.

The weight of a shared feature is an estimate of a log-likelihood ratio in bits: how much likelier it is that one actor
shows it at two addresses than that two strangers do. `bits` is that of a feature that two attackers show. Each doubling
of their number takes `slope` bits away, and so does a feature that has been around among several for long: what is
common proves nothing, whoever agrees on it. Two attackers taken at random from a hundred thousand are one actor in
perhaps one of 10,000 cases, 13 bits; JOIN is 5 bits (3 % error) above.

Families are what one cause explains: a tool brings its key exchange, its user agent and its TLS hello. So within a
family the second feature counts 20 %, the third 4 %, and the family never more than its limit.
"""

from collections.abc import Iterable
from math import floor, log2
from typing import NamedTuple

from decnet_core.timing.durations import DAY_NS

JOIN = 18.0
"""Bits that make an attacker a member."""

_PATIENCE_DAYS = 30
_SEVERAL = 8
_SECOND = 0.2
RARE = 6.5
_FURTHER_MEMBER = 0.7
"""Of a rare credential or command after another: one script brings all of them, but parts of it are seen one by one."""
_LEAST = 2.0
"""What says less says nothing: it would cost a look at all who show it, and decide nothing."""


class Kind(NamedTuple):
    """A kind of evidence; `cap`: the number of attackers beyond which a feature of it joins nobody."""

    name: str
    family: str
    tier: int
    """What discriminates better is lower: 0 an actor's own, 1 a loader's, which may be bought, 2 a tool's."""
    bits: float
    slope: float
    cap: int
    kept: int = 8
    """How many features of the kind are kept of one attacker."""
    several: int = 1_000
    """An address with more different ones than that is shared by many, or an imitator's: it connects nothing."""
    rarity: float = 0.0
    """The weight is at most so many times log2(all attackers / attackers that show it); 0: no such limit."""
    members: str = ""
    """Of a set: the kind of its members. It joins by those that hardly anybody shows besides those with the set."""
    least: int = 0
    """Of a set: with fewer members it says nothing."""
    apart: float = 0.0
    """Bits fewer when those who show it came over more than half of the log's days: they know a list that is sold."""

    @property
    def copied(self) -> bool:
        """Whether many have a feature of the kind once a package that brings it is sold or published."""
        return self.family not in ("key", "network", "canary", "typing", "contact", "wallet")

    @property
    def bursts(self) -> bool:
        """Whether a feature of the kind that many show, but all within few days, weighs as if fewer showed it."""
        return self.copied and self.tier == 1 and not self.members

    @property
    def dated(self) -> bool:
        """Whether it counts on which days a feature of the kind was seen."""
        return self.ages or self.apart > 0 or self.name in MARKS

    @property
    def ages(self) -> bool:
        """Whether a feature of the kind weighs less when it has been around for long."""
        return self.tier > 0 and not self.members


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("ssh_key", "key", 0, 30, 0.75, 30_000, 16, 2),
        Kind("planted_key", "key", 0, 26, 0.75, 30_000, 4, 3),
        Kind("certificate", "key", 0, 24, 1.25, 256, 8, 3),
        Kind("canary", "canary", 0, 26, 1.5, 64),
        Kind("wallet", "wallet", 0, 26, 0.5, 30_000, 8, 3),
        Kind("network6", "network", 0, 30, 0.75, 30_000),
        Kind("typing", "typing", 0, 22, 1.5, 64),
        Kind("contact", "contact", 0, 22, 0.5, 1_024, 4, 1, rarity=2.5),
        Kind("new_password", "credentials", 0, 22, 1, 255),
        Kind("credential_set", "credentials", 0, 22, 2.5, 127, rarity=2, members="credential", least=4, apart=3),
        Kind("credential", "credentials", 0, 9, 0.8, 255, rarity=1, apart=3),
        Kind("url", "infrastructure", 1, 22, 1.25, 256),
        Kind("host", "infrastructure", 1, 12, 1, 256),
        Kind("image", "infrastructure", 1, 12, 1, 256),
        Kind("payload", "infrastructure", 1, 19, 0.5, 128, rarity=3),
        Kind("command_set", "commands", 1, 22, 2.5, 127, rarity=2, members="command", least=3),
        Kind("command", "commands", 1, 8.3, 0.6, 255, 12, rarity=1),
        Kind("applet", "applet", 1, 0, 0, 1, 4),
        Kind("worm", "applet", 1, 0, 0, 1, 2),
        Kind("hassh", "ssh tool", 2, 10, 1, 64, 8, 5, rarity=1.5),
        Kind("ssh_client", "ssh tool", 2, 6, 1, 64, 8, 8, rarity=1.5),
        Kind("ja4", "web tool", 2, 9, 1, 64, 8, 8, rarity=1.5),
        Kind("user_agent", "web tool", 2, 7, 1, 64, 8, 16, rarity=1.5),
        Kind("http_client", "web tool", 2, 6, 1, 64, 8, 16, rarity=1.5),
        Kind("jarm", "system", 2, 9, 1, 64, 4, rarity=1.5),
        Kind("hassh_server", "system", 2, 7, 1, 64, 4, rarity=1.5),
        Kind("tcp_stack", "system", 2, 7, 1, 64, 8, 4, rarity=1.5),
    )
}

SET_OF = {kind.members: kind.name for kind in KINDS.values() if kind.members}
"""By kind, that of the sets whose members are of it."""

_LIMITS = {"credentials": 26.0, "ssh tool": 10.0, "web tool": 10.0, "system": 9.0}

PROVEN = (0.6 * JOIN, JOIN)
"""Bits at least of a credential or command of which it is known whose it is, so that two suffice; and of a set."""

_EXPLAINED = 0.8
"""Of what commands say, so much comes with what they fetch, or with the list of credentials of the same script."""
_BOUGHT, _KNEE = 3, 3.0
"""From 2 ** (_BOUGHT + 1) attackers on, each doubling takes _KNEE bits more: few actors have as many addresses, but
packages of malware and kits have. It takes a step less for each time that the log's days must be halved until they
are the days in which all of them came."""
_LEAST_WORLD, _UNSEEN = 12, 4
"""As powers of two: a log with fewer attackers than that shows a part, one in 16 or more, of those who will come."""
_PART_KNOWN = 5
"""What more than one attacker in 2 ** _PART_KNOWN shows is nobody's own, whoever else shows it."""

DISCRIMINATING = (
    *("ssh_key", "planted_key", "certificate", "canary", "wallet"),
    *("new_password", "credential_set", "url", "host"),
)
"""Kinds of which actors have their own: attackers who share none of these are not shown to be one actor's."""


BOUGHT = ("certificate", "new_password", "credential_set", "url", "host", "payload", "command_set", "command")
"""Kinds of which several actors may have one feature, which comes with what they bought: those who show it tell."""

SPREAD = (
    *("planted_key", "wallet", "new_password", "credential_set", "credential"),
    *("url", "host", "image", "payload", "command_set", "command"),
)
"""Kinds of which malware that spreads by itself brings features to the devices that it infects."""

USED = ("new_password", "credential", "url", "host", "image", "payload")
"""Kinds of which one feature comes with a kit, whatever its users do besides."""

PERSONAL = (
    *("ssh_key", "planted_key", "wallet", "canary", "network6", "typing", "contact"),
    *("new_password", "credential_set", "credential", "command_set", "command", "hassh", "ja4"),
)
"""Kinds that tell who somebody is: features that people bought together, or machines have, are of other kinds."""

IN_COMMON = ("url", "payload", "certificate")
"""Kinds of which a feature joins nobody, if those who show it have nothing personal in common."""

OF_WORMS = ("host", "planted_key", "image")
"""Kinds by which malware is known that spreads by itself, since most of its hosts show a feature of each."""

WITH_WORMS = ("url", "payload", "wallet")
"""Kinds of which such malware brings features that only some of its hosts show."""


WORK = ("command", "host", "planted_key")
"""Kinds that somebody shows who works at a machine."""

MARKS = ("ssh_key", "planted_key", "wallet")
"""Kinds of which each actor of a crew has their own."""

Days = tuple[int, int]
"""The first and the last day on which something was seen, since 1970."""


class Feature(NamedTuple):
    """How many attackers show a feature, and when it was first and last seen (ns)."""

    attackers: int
    first_seen: int
    last_seen: int


def concentration(days: int, log_days: int) -> int:
    """Return how often the log's days can be halved until they are those in which a feature was seen.

    Those who bought or found a package come at any time, and one actor's addresses when that actor is busy.
    """
    return max(1, log_days // max(1, days)).bit_length() - 1


def _days(feature: Feature) -> int:
    return feature.last_seen // DAY_NS - feature.first_seen // DAY_NS


def is_brief(feature: Feature, log_days: int) -> bool:
    """Return whether a feature was seen within half of the log's days, as one actor's is."""
    return 2 * _days(feature) <= log_days


def weight(kind: Kind, feature: Feature, population: int, limit: float | None = None, log_days: int = 0) -> float:
    """Return the bits of sharing a feature; 0: it joins nobody.

    In steps, so that one more attacker rarely changes it; `population`, the number of all attackers, is a power of two
    for the same reason, as are `log_days`, over which the log goes. `limit` is that of a commodity (`commodity`).
    """
    attackers = feature.attackers
    if not 2 <= attackers <= kind.cap:
        return 0.0
    doublings = floor(log2(attackers))
    halvings = concentration(_days(feature), log_days) if kind.ages else 0
    bits = kind.bits - kind.slope * (max(1, doublings - halvings * kind.bursts) - 1)
    if kind.ages and attackers >= _SEVERAL:
        bits -= kind.slope * floor(log2(1 + _days(feature) / _PATIENCE_DAYS))
    if kind.apart and log_days and not is_brief(feature, log_days):
        bits -= kind.apart
    if kind.copied:
        bits -= _KNEE * max(0, doublings - _BOUGHT - halvings)
    if kind.rarity:
        bits = min(bits, kind.rarity * (_world(log2(population)) - doublings))
    bits = bits if limit is None else min(bits, limit)
    return bits if bits >= _LEAST else 0.0


def may_be_known(name: str, attackers: int, population: int) -> bool:
    """Return whether experience may tell whose a feature is: tools and loaders have other users, too."""
    return KINDS[name].family in ("credentials", "commands") and attackers << _PART_KNOWN <= population


def _world(population: float) -> float:
    """Return of how many attackers, as a power of two, those are who show a feature, given how many were seen."""
    return max(population, min(_LEAST_WORLD, population + _UNSEEN))


def rarity_changes(before: int, after: int) -> list[tuple[str, tuple[int, int]]]:
    """Return which features can weigh something else now that the population is 2**`after` and no longer 2**`before`.

    They are given by kind, and by the least and the greatest number of attackers that show them.
    """
    known = [
        (kind, ((1 << max(0, before - _PART_KNOWN)) + 1, 1 << (after - _PART_KNOWN)))
        for name in SET_OF
        for kind in (name, SET_OF[name])
        if after > max(before, _PART_KNOWN)
    ]
    return known + [
        (kind.name, (1 << doublings, (2 << doublings) - 1))
        for kind in KINDS.values()
        if kind.rarity and _world(before) != _world(after)
        for doublings in range(1, kind.cap.bit_length())
        if kind.rarity * (_world(before) - doublings) < kind.bits - kind.slope * (doublings - 1) * (not kind.bursts)
    ]


def span_changes() -> list[tuple[str, tuple[int, int]]]:
    """Return which features can weigh something else now that the log goes over twice as many days, as above."""
    return [
        (kind.name, (2 if kind.apart else 4 if kind.bursts else 2 << _BOUGHT, kind.cap))
        for kind in KINDS.values()
        if kind.copied and kind.dated
    ]


def total(features: Iterable[tuple[str, float]], *, walks: bool = False) -> float:
    """Return the bits of features (kind, bits) together; `walks`: credentials are of a public list."""
    found = list(features)
    families = _families(found, walks, by_sets=True)
    if any(KINDS[kind].members for kind, _ in found):
        one_by_one = _families(found, walks, by_sets=False)
        families |= {name: max(bits, families[name]) for name, bits in one_by_one.items()}
    explained = max(families.get("infrastructure", 0.0), families.get("credentials", 0.0))
    return sum(families.values()) - _EXPLAINED * min(explained, families.get("commands", 0.0))


def _families(found: Iterable[tuple[str, float]], walks: bool, by_sets: bool) -> dict[str, float]:
    """Return the bits of each family; a set and its members say the same, so one of both readings is taken."""
    families: dict[str, list[tuple[float, float]]] = {}
    sets: dict[str, float] = {}
    for kind, bits in found:
        if not KINDS[kind].members:
            continue
        if by_sets:  # near-equal sets agree on several bands, which are one thing
            sets[kind] = max(sets.get(kind, 0.0), bits)
    for kind, bits in found:
        if not KINDS[kind].members:
            alone = (
                bits >= RARE and kind in SET_OF and SET_OF[kind] not in sets and not (walks and kind == "credential")
            )
            families.setdefault(KINDS[kind].family, []).append((bits, _FURTHER_MEMBER if alone else _SECOND))
    for kind, bits in sets.items():
        families.setdefault(KINDS[kind].family, []).append((bits, _SECOND))
    return {name: _of_family(name, families[name]) for name in sorted(families)}


def _of_family(name: str, features: list[tuple[float, float]]) -> float:
    whole, factor = 0.0, 1.0
    for place, (bits, further) in enumerate(sorted(features, reverse=True)):
        factor *= further if place else 1.0
        whole += bits * factor
    return min(whole, _LIMITS.get(name, whole))
