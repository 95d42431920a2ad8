# SPDX-License-Identifier: MIT
"""Shows what fulfils an operator's wishes and carries it out, in the fleet of this host or of a remote master."""

from collections.abc import Callable

import msgspec
import typer
from sqlalchemy import Connection

from decnet.deckies import plan_digest
from decnet.deckies.excluded import excluded
from decnet.deckies.operations import carry_out
from decnet.deckies.plan import Plan
from decnet.deckies.wishes import Wishes, planned_wishes
from decnet.fleet.deployment import find_deployment, transaction
from decnet.remote.current import master
from decnet.show import documents
from decnet.show.deckies import plan_text


class Source(msgspec.Struct, frozen=True):
    """The document that a whole fleet was read from, and what error messages call it."""

    text: str
    name: str


class Offer(msgspec.Struct, frozen=True):
    """A plan, what else must be done so that its deckies are opened, and what carries it out for a reason."""

    plan: Plan
    hint: str | None
    take: Callable[[str], None]


def offered(wishes: Wishes, source: Source | None = None) -> Offer:
    """Return the plan that fulfils the wishes; raises OperatorError."""
    if (remote := master()) is not None:
        from decnet.remote import deckies as there

        return there.offered(remote, wishes, source)
    deployment, salt = find_deployment(), plan_digest.new_salt()

    def planned(connection: Connection) -> Plan:
        return planned_wishes(deployment, connection, wishes, draw=plan_digest.seeds(salt))

    with transaction(deployment) as connection:
        made = planned(connection)
    return Offer(made, excluded(deployment, made), lambda reason: carry_out(deployment, made, planned, reason=reason))


def tell(offer: Offer, *, as_json: bool) -> None:
    """Print what would be done."""
    typer.echo(documents.document(offer.plan) if as_json else plan_text(offer.plan))
    if offer.hint:
        typer.echo(offer.hint, err=True)
