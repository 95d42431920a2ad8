# SPDX-License-Identifier: MIT
"""Whose a feature is, by what else those show who show it: one actor's, several buyers', or infected devices'."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from math import comb
from typing import TypeVar

from decnet_models.grouping.values import digest
from decnet_models.identities.gateways import differs_from_itself
from decnet_workers.clusterer.kinds import BOUGHT, DISCRIMINATING, KINDS, Days
from decnet_workers.clusterer.texts.command_text import INFECTED
from decnet_workers.commodity.limits import Key, limits

Marks = TypeVar("Marks", bound=Collection[Key])

_AGREE = 0.6
_MIXED, _SPREAD = 0.5, 0.25
INFECTED_DEVICE: Key = ("command", digest(INFECTED))
"""What an attacker shows that is an infected device."""
_SEVERAL_ACTORS = {0: (4, 0.4), 1: (3, 0.7)}
"""By tier, how many groups of attackers make a feature several actors', if the largest has a smaller part of them."""
_OWNED = ("ssh_key", "planted_key", "wallet")
"""What somebody takes along; a certificate is a machine's, and who has several machines has several."""
_SALES = frozenset((*BOUGHT, "credential", "image"))
_SOLD, _SOLD_PART = 4, 0.7
"""How many groups with keys of their own make a feature nobody's, if the largest has a smaller part of them."""
_USERS_PART = 0.8
"""Of those whose ways of working are known, the largest group has less, if they are users of one kit."""
_BY_CHANCE = 16
"""One actor's addresses fall by chance once in so many times into groups that show nothing in common."""
_WORMS, _WORMS_PART, _ONE_SYSTEM = 4, 0.34, 0.75
"""From so many attackers on, such a part of them makes a feature malware's; where so many have the same TCP stack, they
are machines of somebody's."""
_OWN_MEMBERS = 2
_OVERLAP = 0.1
"""One came after another if they share no more than this part of the shorter one's days."""


def is_shared_address(numbers: Mapping[str, int]) -> bool:
    """Return whether an address shows too much to be one actor's, given how many features of each kind it shows."""
    return any(number > KINDS[kind].several for kind, number in numbers.items()) or differs_from_itself(numbers)


def tells_apart(key: Key) -> bool:
    """Return whether a feature is a mark: of a kind of which actors have their own, and no commodity."""
    return key[0] in DISCRIMINATING and key not in limits()


def is_owned(mark: Key) -> bool:
    """Return whether a mark tells something also if one attacker alone shows it."""
    return mark[0] in _OWNED


def may_be_mixed(key: Key, attackers: int) -> bool:
    """Return whether so many attackers can be as many groups of two as `is_mixed` asks for."""
    return attackers >= 2 * _SEVERAL_ACTORS[KINDS[key[0]].tier][0]


def is_mixed(key: Key, holders: Sequence[AbstractSet[Key]]) -> bool:
    """Return whether attackers that show a feature are several actors, given the marks of those that are not shared.

    Attackers are taken for one actor's if they have a mark in common, also through a third one: an actor replaces its
    keys and servers one by one. The server that most show comes with the feature, and one with marks of its own
    says nothing.
    """
    if not may_be_mixed(key, len(holders)):
        return False
    common = Counter(mark for marks in holders for mark in marks)
    most_show = _AGREE * len(holders)
    told = {mark for mark, number in common.items() if number > 1 and mark != key and _tells(mark, number < most_show)}
    sizes = [size for size in _sizes(marks & told for marks in holders) if size > 1]
    least, most = _SEVERAL_ACTORS[KINDS[key[0]].tier]
    return len(sizes) >= least and max(sizes) < most * sum(sizes)


def _tells(mark: Key, rare: bool) -> bool:
    """Return whether a mark tells actors apart: not a server or a list that most show, which was bought, too."""
    return rare or KINDS[mark[0]].family in ("key", "canary")


def is_sold(key: Key, holders: Iterable[Iterable[Key]]) -> bool:
    """Return whether attackers that show a feature have keys or wallets that contradict each other: they bought it.

    Unlike other marks, one that a single attacker shows tells as well: who has a key offers it. An actor may replace a
    key, or two; so there must be several, of which none belongs to most of those who have any.
    """
    owned = ({one for one in marks if one[0] in _OWNED and one != key} for marks in holders)
    sizes = _sizes(owned)
    return len(sizes) >= _SOLD and max(sizes) < _SOLD_PART * sum(sizes)


def is_crews(holders: Iterable[Mapping[Key, Days]]) -> bool:
    """Return whether attackers that show a feature are two actors or more who came in the same days.

    Given is of each when it showed which keys and wallets. Whose keys follow one another is one who replaced them.
    """
    return _are_several(holders, _SOLD_PART)


def _are_several(holders: Iterable[Mapping[Key, Days]], part: float) -> bool:
    """Return whether groups of the same days are several, of which the largest has a smaller part."""
    groups = [(len(group), _span(chain.from_iterable(one.values() for one in group))) for group in _grouped(holders)]
    beside = [
        size
        for place, (size, days) in enumerate(groups)
        if not all(place == other or came_after(days, of_other) for other, (_, of_other) in enumerate(groups))
    ]
    return len(beside) > 1 and max(beside) < part * sum(beside)


def are_users(holders: Iterable[Mapping[Key, Days]]) -> bool:
    """Return whether attackers that show a feature are several actors who came in the same days, by how they work.

    Given is of each when it showed which rare commands and keys. One whose commands changed comes after the others.
    """
    return _are_several(holders, _USERS_PART)


def are_unrelated(holders: Sequence[AbstractSet[Key]]) -> bool:
    """Return whether attackers that show a feature are several actors, given what else tells who each of them is.

    What most show comes with the feature. By the rest they make groups that have nothing in common. One actor's
    addresses show a part of what that actor has each, so a few can also be in different groups by chance.
    """
    common = Counter(chain.from_iterable(holders))
    most_show = _AGREE * len(holders)
    sizes = _sizes({one for one in shown if common[one] < most_show} for shown in holders)
    if len(sizes) < 2 or max(sizes) >= _USERS_PART * sum(sizes):
        return False
    ways = ways_apart = 1
    rest = len(holders)
    for size in sizes:
        ways *= comb(len(holders), size)
        ways_apart *= comb(rest, size)
        rest -= size
    return ways >= _BY_CHANCE * ways_apart


def came_after(one: Days, other: Days) -> bool:
    """Return whether one came after the other; on the day on which a key is replaced, both may be seen."""
    shorter = min(one[1] - one[0], other[1] - other[0])
    common = min(one[1], other[1]) - max(one[0], other[0])
    return common < 0 or (shorter > 0 and common <= _OVERLAP * shorter)


def _span(days: Iterable[Days]) -> Days:
    firsts, lasts = zip(*days, strict=True)
    return min(firsts), max(lasts)


def is_contested(holders: Iterable[Iterable[Key]]) -> bool:
    """Return whether attackers that show a feature have keys or wallets of which two do not go together."""
    return not go_together({one for one in marks if one[0] in _OWNED} for marks in holders)


def go_together(holders: Iterable[AbstractSet[Key]]) -> bool:
    """Return whether marks in common make all attackers who have any one group."""
    return len(_sizes(holders)) < 2


def may_be_sold(key: Key, attackers: int) -> bool:
    """Return whether a feature can be what `is_sold` says."""
    return attackers >= _SOLD and key[0] in _SALES


def _sizes(holders: Iterable[AbstractSet[Key]]) -> list[int]:
    """Return how many each of the groups has that marks in common make; who has no marks is in none."""
    return [len(group) for group in _grouped(holders)]


def _grouped(holders: Iterable[Marks]) -> list[list[Marks]]:
    """Return the groups that marks in common make, also through a third one."""
    groups: list[tuple[set[Key], list[Marks]]] = []
    for marks in holders:
        if not marks:
            continue
        apart, joined, members = [], set(marks), [marks]
        for group, of_group in groups:
            if group.isdisjoint(joined):
                apart.append((group, of_group))
            else:
                joined |= group
                members += of_group
        groups = [*apart, (joined, members)]
    return [members for _, members in groups]


def may_be_worms(attackers: int) -> bool:
    """Return whether so many attackers are too many for one person who does what worms do."""
    return attackers >= _WORMS


def are_worms(attackers: int, infected: int, worms: Collection[Collection[Key]]) -> bool:
    """Return whether so many attackers are devices that malware has infected in good part.

    `infected`: how many certainly are; `worms`: the TCP stacks of each other one that does what worms do. Worms come
    from whatever host they took, so from hosts of many systems; one person's machines are alike.
    """
    stacks = Counter(stack for of_one in worms for stack in of_one)
    alike = max(stacks.values(), default=0) >= max(2, _ONE_SYSTEM * len(worms))
    return infected + (0 if alike else len(worms)) >= _WORMS_PART * attackers


def are_infected(holders: Collection[bool]) -> bool:
    """Return whether attackers that show a feature, given of each whether it is infected, are infected mostly."""
    return sum(holders) >= _AGREE * len(holders)


def may_be_published(key: Key, attackers: int) -> bool:
    """Return whether a feature can be what `is_published` says."""
    return key[0] == "ssh_key" and attackers >= _SOLD


def is_published(clients: Sequence[Collection[Key]], working: int) -> bool:
    """Return whether a key is published, given the clients of each attacker that offers it, and how many do anything.

    One person's machines have one client, mostly, and who owns a key works with it.
    """
    most = max(Counter(chain.from_iterable(clients)).values(), default=len(clients))
    return len(clients) >= _SOLD and most < _AGREE * len(clients) and 2 * working < len(clients)


def is_of_worms(bits: float, alone: float) -> bool:
    """Return whether a feature's attackers are infected devices, given its weight and that by their number alone."""
    return 0 < bits < (_SPREAD + _MIXED) / 2 * alone


def adjusted(bits: float, *, mixed: bool, infected: bool, own_members: float | None) -> float:
    """Return a feature's weight given whether its attackers are several actors or infected, and a set's own members.

    Malware that spreads by itself comes from whatever device it has infected, so it tells nothing of who acts there.
    """
    bits = bits * _SPREAD if infected else bits * _MIXED if mixed else bits
    return bits if own_members is None else bits * min(1.0, own_members / _OWN_MEMBERS)
