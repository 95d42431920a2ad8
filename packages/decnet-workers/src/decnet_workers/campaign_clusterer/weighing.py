# SPDX-License-Identifier: MIT
"""How much two identities have in common, in bits, and the reasons.

A bit is a factor of two of likelihood: how much likelier it is that two identities of one campaign show this than that
two strangers do. A feature that two identities share has `BITS`; each doubling of their number takes one and a half
away, and what more than CAP share joins nobody: a mass-spread loader, a free host. Infected devices do not buy what
they spread, and a botnet has many: with one of them a doubling takes half a bit. Features of one download name it
several times, and a copied script brings commands and credentials, so a second one counts a tenth, a third a
hundredth. What it says that both aimed at the same deckies is weighed by `targeting`, and added.

Infrastructure alone joins nobody, because loaders are bought and hosts are shared: two identities must also have been
there at the same time, or have had the same targets or methods. That the circumstances differ takes bits away.
"""

from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from math import log2

from decnet_core.timing.durations import DAY_NS
from decnet_models.grouping.values import Feature, Reason
from decnet_workers.campaign_clusterer.profile import Profile
from decnet_workers.campaign_clusterer.signals import TARGET
from decnet_workers.campaign_clusterer.targeting import aimed

JOIN = 9.0
"""Bits that join two identities."""
BITS = {
    "host": 11.0,
    "url": 11.0,
    "payload": 11.0,
    "image": 11.0,
    "planted_key": 11.0,
    "wallet": 11.0,
    "applet": 10.0,
    "family": 9.0,
    "command": 7.5,
    "credential": 7.0,
}
CAP = 64
"""Identities beyond which a feature joins nobody."""
JOINING = frozenset((*BITS, TARGET))
"""Kinds by which identities are found that may have something in common."""

_SLOPE, _SPREADING = 1.5, 0.5
_KNEE, _MANY = 1.5, 4
"""From 2 ** _MANY identities on, each doubling takes _KNEE more: that many buy or copy a thing."""
_FURTHER = 0.1
_TOGETHER, _PER_WEEK, _APART = 1.0, 1.0, -6.0
_TARGETS, _OTHER_TARGETS = 5.0, -1.5
_METHODS, _OTHER_METHODS = 4.0, -1.5
_OTHER_WALLETS = -4.0


def feature_bits(kind: str, subjects: int, infected: bool = False) -> float:
    """Return what sharing a feature of so many identities says; 0: nothing. `infected`: one is an infected device."""
    if not 2 <= subjects <= CAP or kind not in BITS:
        return 0.0
    return _bits(kind, subjects, infected)


@cache
def _bits(kind: str, subjects: int, infected: bool) -> float:
    doublings = log2(subjects)
    fewer = _SPREADING * (doublings - 1)
    if not infected:
        fewer = _SLOPE * (doublings - 1) + _KNEE * max(0.0, doublings - _MANY)
    return max(0.0, BITS[kind] - fewer)


def may_join(kind: str, subjects: int) -> bool:
    """Return whether those who show a feature are looked at, because it may join them."""
    return feature_bits(kind, subjects, infected=True) > 0 or (kind == TARGET and 2 <= subjects <= CAP)


_MOST_TARGETS, _MOST_METHODS = _TARGETS + _OTHER_TARGETS, _METHODS + _OTHER_METHODS
_ROUNDING = 0.05
"""The bits of reasons are rounded."""


def could_join(one: Profile, other: Profile, bits: float) -> bool:
    """Return whether two identities whose features say so many bits can reach JOIN; what costs least is asked first."""
    if bits + _TOGETHER + _MOST_TARGETS + _MOST_METHODS < JOIN - _ROUNDING:
        return False
    bits += sum(reason[2] for reason in _time(one, other))
    if bits + _MOST_TARGETS + _MOST_METHODS < JOIN - _ROUNDING:
        return False
    bits += sum(reason[2] for reason in _targets(one, other))
    return bits + _MOST_METHODS >= JOIN - _ROUNDING


def shared(one: Profile, other: Profile, subjects: Mapping[Feature, int]) -> list[Reason]:
    """Return the features that both show and the deckies at which both aimed, with their bits, strongest first."""
    infected = one.infected or other.infected
    both = (
        (kind, value, feature_bits(kind, subjects.get((kind, value), 0), infected))
        for kind, value in one.features & other.features
        if kind != TARGET
    )
    found = sorted((reason for reason in both if reason[2]), key=lambda reason: (-reason[2], reason))
    told = [(kind, value, round(bits * _FURTHER**place, 2)) for place, (kind, value, bits) in enumerate(found)]
    aims = aimed(one, other, subjects) if one.targets and other.targets else None
    if aims is None or aims[2] <= _OTHER_TARGETS:
        return told
    return sorted((*told, aims), key=lambda reason: (-reason[2], reason))


def circumstances(one: Profile, other: Profile) -> list[Reason]:
    """Return what time, targets, methods and wallets say."""
    return [*_time(one, other), *_targets(one, other), *_methods(one, other), *_wallets(one, other)]


def _time(one: Profile, other: Profile) -> list[Reason]:
    gap = max(one.first_seen, other.first_seen) - min(one.last_seen, other.last_seen)
    if gap <= 0:
        return [("time", "active at the same time", _TOGETHER)]
    bits = max(_APART, _TOGETHER - _PER_WEEK * gap / DAY_NS / 7)
    return [("time", f"{gap / DAY_NS:.1f} days between them", round(bits, 2))]


def _targets(one: Profile, other: Profile) -> list[Reason]:
    both, either = one.deckies & other.deckies, one.deckies | other.deckies
    if not one.deckies or not other.deckies or len(one.targets.keys() & other.targets.keys()) > 1:
        return []  # of the latter, `aimed` says more
    bits = _OTHER_TARGETS + _TARGETS * len(both) / len(either)
    return [("targets", f"{len(both)} of {len(either)} deckies", round(bits, 2))]


def _methods(one: Profile, other: Profile) -> list[Reason]:
    most = max(len(one.methods), len(other.methods))
    if min(len(one.methods), len(other.methods)) < 2:
        return []
    same = common_order(one.methods, other.methods)
    bits = _OTHER_METHODS + _METHODS * same / most
    return [("methods", f"{same} of {most} techniques in the same order", round(bits, 2))]


def _wallets(one: Profile, other: Profile) -> list[Reason]:
    """Return what it says that the two have wallets, but none in common: each works for their own profit."""
    if not one.wallets or not other.wallets or one.wallets & other.wallets:
        return []
    return [("wallets", "other wallets", _OTHER_WALLETS)]


def common_order(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Return the length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for name in one:
        before = [*row]
        for place, (left, above) in enumerate(pairwise(before)):
            row[place + 1] = left + 1 if other[place] == name else max(above, row[place])
    return row[-1]
