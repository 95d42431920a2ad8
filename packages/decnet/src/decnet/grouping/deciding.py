# SPDX-License-Identifier: MIT
"""Takes decisions on the master that the commands work on, wakes the workers that follow them, and says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from sqlalchemy import Connection

from decnet.fleet.deployment import find_deployment, transaction
from decnet.grouping import rulings
from decnet.grouping.announcing import announce
from decnet.remote.current import master
from decnet_models.grouping.shape import Grouping

if TYPE_CHECKING:
    from decnet.remote.groups import RemoteGroups

T = TypeVar("T")


def separate(g: Grouping[Any], names: tuple[str, str], reason: str) -> None:
    """Decide that two subjects are not together."""
    _tell(_take(g, lambda there: there.separate(names, reason), lambda here: rulings.separate(here, g, names, reason)))


def take_out(g: Grouping[Any], names: Sequence[str], reason: str) -> None:
    """Take members out of their group."""
    _tell(_take(g, lambda there: there.split(names, reason), lambda here: rulings.take_out(here, g, names, reason)))


def join(g: Grouping[Any], names: Sequence[str], reason: str) -> None:
    """Make groups one."""
    _tell(_take(g, lambda there: there.join(names, reason), lambda here: rulings.join(here, g, names, reason)))


def pin(g: Grouping[Any], name: str, to: str, reason: str) -> None:
    """Decide that a subject is in a group, whatever evidence says."""
    _tell(_take(g, lambda there: there.pin(name, to, reason), lambda here: rulings.pin(here, g, name, to, reason)))


def undo(g: Grouping[Any], change: int, reason: str) -> None:
    """Undo a merge or a split for good."""
    _tell(_take(g, lambda there: there.undo(change, reason), lambda here: rulings.undo(here, g, change, reason)))


def withdraw(g: Grouping[Any], decision: int) -> None:
    """Withdraw a decision: evidence decides again."""
    _take(g, lambda there: there.withdraw(decision), lambda here: rulings.withdraw(here, g, decision))
    typer.echo(f"decision {decision} is withdrawn")


def _take(g: Grouping[Any], there: Callable[[RemoteGroups], T], here: Callable[[Connection], T]) -> T:
    """Take a decision on a remote master, or in this host's database."""
    if (remote := master()) is not None:
        from decnet.remote.groups import RemoteGroups

        return there(RemoteGroups(remote, g))
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        taken = here(connection)
    announce(deployment, len(taken) if isinstance(taken, list) else 1)
    return taken


def _tell(numbers: list[int]) -> None:
    for number in numbers:
        typer.echo(f"decision {number}: followed within seconds; withdraw {number} takes it back")
