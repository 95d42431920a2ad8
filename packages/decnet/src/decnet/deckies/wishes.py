# SPDX-License-Identifier: MIT
"""What somebody asks for: a whole fleet, or deckies to add, change and remove; and the plan of it."""

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection

from decnet.cli.errors import OperatorError, WrongUsageError
from decnet.deckies import commit
from decnet.deckies.operations import changed, planned, planned_removal, wanted_decky
from decnet.deckies.plan import Plan
from decnet.deckies.resolve import drawn_seed
from decnet.deckies.wanted import Wanted
from decnet.fleet.deployment import Deployment


class DeckyEdit(msgspec.Struct, frozen=True):
    """A change of one decky: the fields that replace what it has, by their names in `Wanted`."""

    name: str
    fields: dict[str, object]
    version: int | None = None
    """Of the row that it is a change of; None: of the current one."""


class Wishes(msgspec.Struct, frozen=True):
    """All that one plan is about. With `fleet`, which may be empty, deckies that it does not name are removed."""

    fleet: tuple[Wanted, ...] | None = None
    add: tuple[Wanted, ...] = ()
    change: tuple[DeckyEdit, ...] = ()
    remove: tuple[str, ...] = ()


def planned_wishes(
    deployment: Deployment, connection: Connection, wishes: Wishes, *, draw: Callable[[], int] = drawn_seed
) -> Plan:
    """Return the plan that fulfils the wishes; raises OperatorError."""
    single = wishes.add or wishes.change or wishes.remove
    if wishes.fleet is not None:
        if single:
            raise WrongUsageError("a whole fleet says everything: it cannot be combined with single deckies")
        return planned(deployment, connection, wishes.fleet, whole=True, draw=draw)
    if not single:
        raise WrongUsageError("say what to do: a document, or deckies to add, change or remove")
    removed = planned_removal(connection, wishes.remove) if wishes.remove else None
    wanted = [*_added(connection, wishes), *(_changed(connection, each) for each in wishes.change)]
    if not wanted and removed is not None:
        return removed
    made = planned(deployment, connection, wanted, whole=False, draw=draw)
    if removed is None:
        return made
    _refuse_both({step.decky.name for step in made.steps}, wishes.remove)
    steps = tuple(sorted((*made.steps, *removed.steps), key=lambda step: step.decky.name))
    return Plan(steps, made.personas, made.unchanged - len(removed.steps))


def _added(connection: Connection, wishes: Wishes) -> list[Wanted]:
    current = commit.current_deckies(connection)
    for one in wishes.add:
        before = current.get(one.name)
        if before is not None and before.wanted:
            raise OperatorError(f"there is a decky {one.name}; decnet decky change {one.name} changes it")
    return [*wishes.add]


def _changed(connection: Connection, wish: DeckyEdit) -> Wanted:
    current = wanted_decky(commit.current_deckies(connection), wish.name)
    if wish.version not in (None, current.version):
        raise commit.ChangedMeanwhileError(f"decky {wish.name} has been changed meanwhile; look at it again")
    given = {"persona": current.persona, "addresses": (), **wish.fields, "name": wish.name}
    return changed(current, msgspec.convert(given, Wanted), frozenset(wish.fields))


def _refuse_both(changed_names: set[str], removed: tuple[str, ...]) -> None:
    if both := changed_names.intersection(removed):
        raise WrongUsageError(f"decky {min(both)} is to be removed and to be changed")
