# SPDX-License-Identifier: MIT
"""Plants bait on deckies, and looks whether tokens can report to us."""

import time
from pathlib import Path
from typing import Annotated

import typer

from decnet.canary.certificates import AuthorityError, make_authority
from decnet.canary.delegation import check_delegation, system_resolver
from decnet.canary.planting import plant as plant_on
from decnet.canary.token_argument import TokenName
from decnet.canary.token_names import known_token
from decnet.cli.commands import RecordedCommand, changed_outside
from decnet.cli.errors import OperatorError
from decnet.cli.options import Json
from decnet.fleet.deployment import find_deployment, transaction
from decnet.remote.current import master
from decnet.show import documents
from decnet_workers.canary.settings import CanarySettings


def add_to(app: typer.Typer) -> None:
    """Add the commands to those of `decnet canary`."""
    app.command(cls=RecordedCommand)(plant)
    app.command(cls=RecordedCommand)(authority)
    app.command(name="check-dns")(check_dns)


def plant(
    token: TokenName,
    decky: Annotated[str, typer.Argument(help="The decky's name; it is played on this host.")],
    path: Annotated[str, typer.Argument(help="Where on its machine; default: where its kind belongs.")] = "",
) -> None:
    """Put a token's file on a decky: its shell shows it, and what is below /var/www/html its web server."""
    if (remote := master()) is not None:
        from decnet.remote import canaries as there

        where, put = there.plant(remote, token, decky, path)
    else:
        deployment = find_deployment()
        with transaction(deployment, write=True) as connection:
            planted = plant_on(connection, deployment, known_token(connection, token), decky, path)
        where, put = planted.decky, planted.path
    typer.echo(f"planted on {where}: {put}")


def authority(
    file: Annotated[Path, typer.Argument(help="Where its certificate is to be; the key is put beside it (.key).")],
) -> None:
    """Make the authority for client certificates in kubeconfig tokens."""
    try:
        make_authority(file)
    except AuthorityError as error:
        raise OperatorError(str(error)) from error
    except OSError as error:
        raise OperatorError(f"cannot write {error.filename or file}: {error.strerror}") from error
    changed_outside()
    typer.echo(f'write client_authority = "{file.absolute()}" below [canary] and restart the worker canary')


def check_dns(
    resolver: Annotated[str, typer.Option(help="ADDRESS[:PORT] of a resolver; default: this host's.")] = "",
    as_json: Json = False,
) -> None:
    """Check that the zone's delegation reaches the DNS receiver; exit code 1 when it does not, with what to do."""
    if (remote := master()) is not None:
        from decnet.remote import canaries as there

        steps = there.check_dns(remote, resolver)
    else:
        settings = find_deployment().settings.section("canary", CanarySettings)
        steps = check_delegation(settings, resolver or system_resolver(), name=f"check{time.time_ns():x}")
    if as_json:
        typer.echo(documents.document(steps))
    for step in () if as_json else steps:
        typer.echo(f"{'ok  ' if step.ok else 'FAIL'} {step.what}" + ("" if step.ok else f"\n     {step.remedy}"))
    if not all(step.ok for step in steps):
        raise typer.Exit(1)
