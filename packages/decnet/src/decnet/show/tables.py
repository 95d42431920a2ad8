# SPDX-License-Identifier: MIT
"""A list for whoever asked: columns for a person, JSON or CSV for a program."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import typer

from decnet.cli.errors import WrongUsageError
from decnet.show import documents
from decnet.show.columns import columns

T = TypeVar("T")


def print_table(
    items: Sequence[T],
    heading: Sequence[str],
    row: Callable[[T], Sequence[object]],
    *,
    as_json: bool,
    as_csv: bool,
    nothing: str,
    document: object = None,
) -> None:
    """Print `items`: as JSON whole (or `document`), else by `row`; for a person `nothing` when there are none."""
    if as_json and as_csv:
        raise WrongUsageError("choose --json or --csv")
    if as_json:
        typer.echo(documents.document(items if document is None else document))
    elif as_csv:
        typer.echo(documents.csv_table(heading, map(row, items)))
    else:
        typer.echo(columns(heading, [row(one) for one in items]) if items else nothing)
