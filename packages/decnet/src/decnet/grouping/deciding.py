# SPDX-License-Identifier: MIT
"""Takes decisions on the master that the environment names, or here, and says so.

Here they are taken in a transaction, and the workers that follow them are woken; there the API does that.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import typer
from sqlalchemy import Connection

from decnet.fleet.deployment import find_deployment, transaction
from decnet.grouping import rulings
from decnet.grouping.announcing import announce
from decnet.remote.current import master
from decnet_models.grouping.shape import Grouping

_HERE = MappingProxyType[str, Callable[..., list[int]]](
    {
        "split": rulings.take_out,
        "separate": rulings.separate,
        "join": rulings.join,
        "pin": rulings.pin,
        "undo": rulings.undo,
    }
)
"""What decides, by its name in `remote.groups.RULINGS`; both take the same after the connection or the master."""


def decided(verb: str, g: Grouping[Any], *asked: object) -> None:
    """Take a decision about groups, and print its numbers."""
    if (remote := master()) is not None:
        from decnet.remote.groups import RULINGS

        numbers = RULINGS[verb](remote, g, *asked)
    else:
        numbers = _in_database(lambda connection: _HERE[verb](connection, g, *asked))
    for number in numbers:
        typer.echo(f"decision {number}: followed within seconds; withdraw {number} takes it back")


def withdrawn(g: Grouping[Any], decision: int) -> None:
    """Withdraw a decision, and say so."""
    if (remote := master()) is not None:
        from decnet.remote.groups import withdraw

        withdraw(remote, g, decision)
    else:
        _in_database(lambda connection: _taken_back(connection, g, decision))
    typer.echo(f"decision {decision} is withdrawn")


def _taken_back(connection: Connection, g: Grouping[Any], decision: int) -> list[int]:
    rulings.withdraw(connection, g, decision)
    return [decision]


def _in_database(make: Callable[[Connection], list[int]]) -> list[int]:
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        made = make(connection)
    announce(deployment, len(made))
    return made
