# SPDX-License-Identifier: MIT
"""Attackers whose look-up failed: dead letters of enrich, each under the notice by which the attacker was announced."""

from collections.abc import Iterable

from sqlalchemy import Connection

from decnet_core.net.addresses import canonical
from decnet_models.notices.queries import seqs_of
from decnet_models.progress.queries import add_dead_letter, dead_letters_of, remove_dead_letters

WORKER = "enrich"


def set_aside(connection: Connection, attacker: str, error: str, *, now_ns: int) -> None:
    """Record that an attacker could not be looked up, and why."""
    for seq in seqs_of(connection, _keys([attacker])):
        add_dead_letter(connection, WORKER, seq, f"{attacker}: {error}", now_ns=now_ns)


def attackers_aside(connection: Connection, limit: int) -> dict[str, list[int]]:
    """Return attackers that were set aside, up to so many dead letters, each with the numbers of its own."""
    found: dict[str, list[int]] = {}
    for letter in dead_letters_of(connection, WORKER, limit):
        if (attacker := canonical(letter.error.partition(": ")[0])) is not None:
            found.setdefault(attacker, []).append(letter.seq)
    return found


def take_back(connection: Connection, attackers: Iterable[str]) -> None:
    """Forget that attackers were set aside: they were looked up after all, or are to be."""
    if dead_letters_of(connection, WORKER, 1):
        remove_dead_letters(connection, WORKER, seqs_of(connection, _keys(attackers)))


def _keys(attackers: Iterable[str]) -> list[str]:
    return [f"attacker.observed:{attacker}" for attacker in attackers]
