# SPDX-License-Identifier: MIT
"""Which addresses several actors use: exits of a VPN, of Tor, of a network with address translation.

What such an address shows is of whoever passed through it, so it must not connect those whose marks it shows.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, func, select

from decnet_models.database.rows.row_select import RowSelect, listed, literals
from decnet_models.database.statements import parts
from decnet_models.identities.tables import IDENTITIES

ONE_EACH = ("ssh_key", "certificate", "hassh", "tcp_stack")
"""Kinds of which one machine of one actor shows one; an address that differs from itself in two of them is shared."""


_shown = IDENTITIES.evidence.c
_NUMBERS = RowSelect(
    lambda connection: (
        select(_shown.attacker, _shown.kind, func.count())
        .where(listed(connection, _shown.attacker, "attackers"), _shown.kind.in_(literals(ONE_EACH)))
        .group_by(_shown.attacker, _shown.kind)
    )
)


def differs_from_itself(numbers: Mapping[str, int]) -> bool:
    """Return whether an address is shared, given how many features of each kind it shows."""
    return sum(numbers.get(kind, 0) > 1 for kind in ONE_EACH) > 1


def gateways(connection: Connection, attackers: Iterable[str]) -> set[str]:
    """Return those of the addresses that are shared."""
    numbers: dict[str, dict[str, int]] = {}
    for part in parts(attackers):
        for attacker, kind, number in _NUMBERS.rows(connection, attackers=part):
            numbers.setdefault(attacker, {})[kind] = number
    return {attacker for attacker, found in numbers.items() if differs_from_itself(found)}
