# SPDX-License-Identifier: MIT
"""Takes decisions in a transaction, wakes the workers that follow them, and says so."""

from collections.abc import Callable, Iterable

import typer
from sqlalchemy import Connection

from decnet.fleet.deployment import find_deployment, transaction
from decnet.grouping.announcing import announce


def decided(make: Callable[[Connection], list[int]]) -> None:
    """Take the decisions that `make` writes, and print their numbers."""
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        numbers = make(connection)
    announce(deployment, len(numbers))
    told(numbers)


def told(numbers: Iterable[int]) -> None:
    """Say which decisions were taken."""
    for number in numbers:
        typer.echo(f"decision {number}: followed within seconds; withdraw {number} takes it back")


def taken_back(take_back: Callable[[Connection], None]) -> None:
    """Withdraw a decision by `take_back`."""
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        take_back(connection)
    announce(deployment, 1)
