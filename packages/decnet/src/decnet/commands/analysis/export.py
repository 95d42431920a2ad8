# SPDX-License-Identifier: MIT
"""`decnet export`: findings for other systems."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from decnet.cli.addresses import canonical_address
from decnet.cli.errors import WrongUsageError
from decnet.cli.options import application
from decnet.cli.output_file import opened
from decnet.cli.time_options import Since, Until
from decnet.cli.time_window import time_window
from decnet.export.pieces import Format, pieces_of, scope_of
from decnet.fleet.deployment import find_deployment, transaction
from decnet.remote.current import master

app = application("Findings for other systems.")


@app.command()
def export(
    *,
    form: Annotated[Format, typer.Option("--format", help="STIX 2.1 bundle, MISP event, Navigator layer, CSV.")],
    attacker: Annotated[str | None, typer.Option(help="Only of this address.")] = None,
    identity: Annotated[UUID | None, typer.Option(help="Only of the addresses of this identity.")] = None,
    campaign: Annotated[UUID | None, typer.Option(help="Only of the addresses of this campaign.")] = None,
    since: Since = None,
    until: Until = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; default: print it.")] = None,
) -> None:
    """Write what rules recognised, of an attacker, an identity, a campaign or everybody, in a span of time."""
    if sum(one is not None for one in (attacker, identity, campaign)) > 1:
        raise WrongUsageError("name one of --attacker, --identity, --campaign")
    window, address = time_window(since, until), None if attacker is None else canonical_address(attacker)
    if (remote := master()) is not None:
        from decnet.remote import findings

        written = findings.export(remote, form.value, window, attacker=address, identity=identity, campaign=campaign)
        with opened(output) as file:
            file.write(written)
        return
    with transaction(find_deployment()) as connection:
        scope = scope_of(connection, window, attacker=address, identity=identity, campaign=campaign)
        pieces = pieces_of(connection, scope, form)
        with opened(output) as file:
            for piece in pieces:
                file.write(piece)
