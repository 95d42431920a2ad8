# SPDX-License-Identifier: MIT
"""`decnet export`: findings for other systems."""

from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from sqlalchemy import Connection

from decnet.cli.addresses import canonical_address
from decnet.cli.errors import NotFoundError, WrongUsageError
from decnet.cli.options import application
from decnet.cli.output_file import opened
from decnet.cli.time_options import Since, Until
from decnet.cli.time_window import time_window
from decnet.export import misp, navigator, stix, table
from decnet.export.identifiers import rfc3339
from decnet.export.scope import Scope, addresses_of_campaign, addresses_of_identity, findings, tags
from decnet.fleet.deployment import find_deployment, transaction
from decnet_models.database.window import ALWAYS_SINCE, ALWAYS_UNTIL, Window

T = TypeVar("T")

app = application("Findings for other systems.")


class Format(StrEnum):
    """What can be written."""

    STIX = "stix"
    MISP = "misp"
    NAVIGATOR = "navigator"
    CSV = "csv"


@app.command()
def export(
    *,
    form: Annotated[Format, typer.Option("--format", help="STIX 2.1 bundle, MISP event, Navigator layer, CSV.")],
    attacker: Annotated[str | None, typer.Option(help="Only of this address.")] = None,
    identity: Annotated[UUID | None, typer.Option(help="Only of the addresses of this identity.")] = None,
    campaign: Annotated[UUID | None, typer.Option(help="Only of the addresses of this campaign.")] = None,
    since: Since = None,
    until: Until = None,
    output: Annotated[Path | None, typer.Option(help="File to write; default: standard output.")] = None,
) -> None:
    """Write what rules recognised, of an attacker, an identity, a campaign or everybody, in a span of time."""
    if sum(one is not None for one in (attacker, identity, campaign)) > 1:
        raise WrongUsageError("name one of --attacker, --identity, --campaign")
    window = time_window(since, until)
    with transaction(find_deployment()) as connection:
        scope = _scope(connection, attacker, identity, campaign, window)
        pieces = _pieces(connection, scope, form)
        with opened(output) as file:
            for piece in pieces:
                file.write(piece)


def _scope(
    connection: Connection, attacker: str | None, identity: UUID | None, campaign: UUID | None, window: Window
) -> Scope:
    if attacker is not None:
        address = canonical_address(attacker)
        return Scope("attacker", address, window, (address,))
    if identity is not None:
        return Scope("identity", str(identity), window, _known(addresses_of_identity(connection, identity), identity))
    if campaign is not None:
        return Scope("campaign", str(campaign), window, _known(addresses_of_campaign(connection, campaign), campaign))
    return Scope("time range", _span(window), window)


def _span(window: Window) -> str:
    since = "the beginning" if window.since == ALWAYS_SINCE else rfc3339(window.since)
    return f"{since} to {'now' if window.until == ALWAYS_UNTIL else rfc3339(window.until)}"


def _known(addresses: tuple[str, ...] | None, name: UUID) -> tuple[str, ...]:
    if addresses is None:
        raise NotFoundError(f"there is no {name}")
    return addresses


def _pieces(connection: Connection, scope: Scope, form: Format) -> Iterator[str]:
    """Return the document in pieces; raises NotFoundError before the first when there is nothing."""
    if form is Format.CSV:
        found_tags = tags(connection, scope)
        return table.table(chain([_first(found_tags, scope)], found_tags))
    found = findings(connection, scope)
    whole = chain([_first(found, scope)], found)
    match form:
        case Format.STIX:
            return stix.bundle(scope, whole)
        case Format.MISP:
            return misp.event(scope, whole)
        case _:
            return navigator.layer(scope, whole)


def _first(found: Iterator[T], scope: Scope) -> T:
    for one in found:
        return one
    raise NotFoundError(f"no technique was recognised of {scope.kind} {scope.name}")
