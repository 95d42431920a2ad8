# SPDX-License-Identifier: MIT
"""Prints groups in the form that was asked for."""

from collections.abc import Iterable
from typing import Any

import typer
from sqlalchemy import Connection

from decnet.cli.errors import WrongUsageError
from decnet.fleet.deployment import find_deployment, transaction
from decnet.grouping.graphml import graphml
from decnet.grouping.naming import group_named
from decnet.grouping.page import page
from decnet.grouping.whole import whole
from decnet.remote.current import master
from decnet.show import documents
from decnet_models.grouping.shape import Grouping
from decnet_models.grouping.values import Group

_MOST = 100_000


def print_group(g: Grouping[Any], name: str, limit: int, *, as_json: bool, as_graphml: bool) -> None:
    """Print the group of that name, of each of its lists at most `limit`."""
    if as_json and as_graphml:
        raise WrongUsageError("choose --json or --graphml")
    if (remote := master()) is not None:
        from decnet.remote import groups as there

        found = there.whole(remote, g, name, limit)
    else:
        with transaction(find_deployment()) as connection:
            found = whole(connection, g, group_named(connection, g, name), limit)
    if as_graphml:
        typer.echo(graphml([found], g))
    else:
        typer.echo(documents.document(found) if as_json else page(found, g))


def print_graph(connection: Connection, g: Grouping[Any], groups: Iterable[Group]) -> None:
    """Print whole groups as one graph."""
    typer.echo(graphml((whole(connection, g, one.id, _MOST) for one in groups), g))
