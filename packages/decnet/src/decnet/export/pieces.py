# SPDX-License-Identifier: MIT
"""An export in one of the formats, in pieces: of an attacker, an identity, a campaign or everybody."""

from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection

from decnet.cli.errors import NotFoundError
from decnet.export import misp, navigator, stix, table
from decnet.export.identifiers import rfc3339
from decnet.export.scope import Scope, addresses_of_campaign, addresses_of_identity, findings, tags
from decnet_models.database.window import ALWAYS_SINCE, ALWAYS_UNTIL, Window

T = TypeVar("T")


class Format(StrEnum):
    """What can be written."""

    STIX = "stix"
    MISP = "misp"
    NAVIGATOR = "navigator"
    CSV = "csv"


def scope_of(
    connection: Connection,
    window: Window,
    *,
    attacker: str | None = None,
    identity: UUID | None = None,
    campaign: UUID | None = None,
) -> Scope:
    """Return the scope of one of these, or of everybody; `attacker` is canonical text. Raises NotFoundError."""
    if attacker is not None:
        return Scope("attacker", attacker, window, (attacker,))
    if identity is not None:
        return Scope("identity", str(identity), window, _known(addresses_of_identity(connection, identity), identity))
    if campaign is not None:
        return Scope("campaign", str(campaign), window, _known(addresses_of_campaign(connection, campaign), campaign))
    return Scope("time range", _span(window), window)


def pieces_of(connection: Connection, scope: Scope, form: Format) -> Iterator[str]:
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


def _span(window: Window) -> str:
    since = "the beginning" if window.since == ALWAYS_SINCE else rfc3339(window.since)
    return f"{since} to {'now' if window.until == ALWAYS_UNTIL else rfc3339(window.until)}"


def _known(addresses: tuple[str, ...] | None, name: UUID) -> tuple[str, ...]:
    if addresses is None:
        raise NotFoundError(f"there is no {name}")
    return addresses


def _first(found: Iterator[T], scope: Scope) -> T:
    for one in found:
        return one
    raise NotFoundError(f"no technique was recognised of {scope.kind} {scope.name}")
