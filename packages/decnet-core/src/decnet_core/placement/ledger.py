# SPDX-License-Identifier: MIT
"""What passes over a fleet are told, and where they write what came of it: a database, or files of a sensor host."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from decnet_core.deckies.orders import Order, Phase
from decnet_core.placement.desired import DesiredDecky
from decnet_core.placement.orders import BadOrder, desired, marks, placeholder
from decnet_core.placement.reconciliation import Outcome
from decnet_core.placement.retry import Failure


class Wanted(msgspec.Struct, frozen=True):
    """Every decky of this host, those that are to go included."""

    deckies: Sequence[DesiredDecky] = ()
    errors: dict[str, str] = {}
    """By name, why a decky cannot be at all; it stands among the others without addresses."""
    spared: frozenset[str] = frozenset()
    """Marks that belong to those, and are no orphans."""
    renew_at: int | None = None
    """When something about them is due though nothing happens, such as a lease (ns)."""


class Ledger(Protocol):
    """Blocking, for a worker's thread."""

    def read(self, waiting: Mapping[str, int]) -> Wanted:
        """Return what is wanted; those `waiting` after a failure are not prepared again."""

    def is_news(self, outcome: Outcome) -> bool:
        """Return whether `record` would say anything that it has not said."""

    def attempts(self, name: str) -> int:
        """Return how often the decky has failed since its last success."""

    def record(self, ended: Sequence[tuple[Outcome, Failure | None]], now_ns: int) -> dict[str, int]:
        """Record outcomes, each with the failure, if it is one; return kinds of notices with the newest number."""


def wanted(orders: Sequence[Order], personas: Mapping[str, dict[str, Any]], errors: Mapping[str, str]) -> Wanted:
    """Return the deckies that the orders mean; `errors` are those that are known already."""
    deckies: list[DesiredDecky] = []
    found = dict(errors)
    for order in orders:
        try:
            deckies.append(desired(order, personas.get(order.persona)))
        except BadOrder as error:
            deckies.append(placeholder(order))
            found[order.name] = str(error)
    found |= errors
    return Wanted(deckies, found, frozenset(mark for one in orders if one.name in found for mark in marks(one)))


def phase(outcome: Outcome) -> Phase:
    """Return the phase that the decky is in afterwards."""
    if outcome.task.decky.wanted:
        return "failed" if outcome.error else "running"
    return "stopping" if outcome.error else "absent"


def differs(outcome: Outcome, *, was: str | None, error: str | None, version: int) -> bool:
    """Return whether the outcome is other than what was recorded last: its phase (None: nothing), error and version."""
    if was != phase(outcome) or error != outcome.error:
        return True
    return outcome.error is not None or version != outcome.task.decky.version
