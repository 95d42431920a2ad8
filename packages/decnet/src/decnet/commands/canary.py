# SPDX-License-Identifier: MIT
"""`decnet canary`: make tokens, and see which were used."""

from typing import Annotated

import msgspec
import typer

from decnet.canary.tokens import Planted, new_token, planted
from decnet.cli.options import Json, Limit, application
from decnet.fleet.deployment import find_deployment, transaction
from decnet.show import documents
from decnet.show.columns import columns
from decnet.show.times import moment
from decnet_core.canary import TokenKind
from decnet_models.attackers.profile import TokenHits
from decnet_models.attackers.queries import hits_by_token

app = application("Canary tokens: bait that reports when it is used.")


class Listed(msgspec.Struct, frozen=True):
    """A token and how often it was used."""

    planted: Planted
    hits: TokenHits | None


@app.command()
def new(
    label: Annotated[str, typer.Argument(help="Where it is planted, in your words; shown with each hit.")],
    kind: Annotated[TokenKind, typer.Option(help="What it is.")] = TokenKind.URL,
    as_json: Json = False,
) -> None:
    """Make a token and print what to plant."""
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        made = new_token(connection, deployment, kind, label)
    typer.echo(documents.document(made) if as_json else made.place)


@app.command(name="list")
def list_(limit: Limit = 100, as_json: Json = False) -> None:
    """List tokens, newest first, with their hits."""
    deployment = find_deployment()
    with transaction(deployment) as connection:
        hits = hits_by_token(connection)
        listed = [Listed(one, hits.get(one.token)) for one in planted(connection, deployment, limit)]
    heading, rows = ("place", "kind", "label", "hits", "attackers", "last hit", "made"), [_row(one) for one in listed]
    text = columns(heading, rows) if rows else "none yet; make one with decnet canary new"
    typer.echo(documents.document(listed) if as_json else text)


def _row(one: Listed) -> tuple[object, ...]:
    token, hits = one.planted, one.hits
    used = (hits.hits, hits.attackers, moment(hits.last_seen)) if hits else (0, 0, None)
    return token.place, token.kind, token.label, *used, moment(token.created_at)
