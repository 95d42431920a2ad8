# SPDX-License-Identifier: MIT
"""`decnet attacker ADDRESS`: everything that is known about one address."""

from typing import Annotated

import msgspec
import typer

from decnet.cli.addresses import canonical_address
from decnet.cli.errors import NotFoundError
from decnet.cli.options import Json, Limit, application
from decnet.fleet.deployment import find_deployment, transaction
from decnet.remote.current import master
from decnet.show import documents
from decnet.show.profile import page
from decnet_models.attackers.analysis import Analysis, analysis
from decnet_models.attackers.profile import AttackerProfile
from decnet_models.attackers.queries import attacker as profile_of
from decnet_models.intel.queries import Finding, findings
from decnet_models.ttp.queries import TechniqueSeen, techniques_of

app = application("One attacker.")


@app.command()
def attacker(
    address: Annotated[str, typer.Argument(help="IPv4 or IPv6 address.")], limit: Limit = 100, as_json: Json = False
) -> None:
    """Show an address's score with its terms, its sessions in words, credentials, commands, techniques, canary hits.

    Also its way through the kill chain and the deckies, who typed, which password list it walks, and what others say.
    """
    attacker_address = canonical_address(address)
    profile, techniques, meaning, intel = _known(attacker_address, limit)
    whole = {
        **msgspec.structs.asdict(profile),
        **msgspec.structs.asdict(meaning),
        "techniques": techniques,
        "intel": intel,
    }
    typer.echo(documents.document(whole) if as_json else page(profile, meaning, techniques, intel))


def _known(address: str, limit: int) -> tuple[AttackerProfile, list[TechniqueSeen], Analysis, list[Finding]]:
    """Return what is known of an address, here or on a remote master; raises NotFoundError."""
    if (remote := master()) is not None:
        from decnet.remote import findings as remote_findings

        return remote_findings.attacker(remote, address, limit)
    with transaction(find_deployment()) as connection:
        profile = profile_of(connection, address, limit=limit)
        if profile is None:
            raise NotFoundError(f"{address} was never seen; decnet attackers lists those that were")
        meaning = analysis(connection, address, limit)
        return profile, techniques_of(connection, address), meaning, findings(connection, address)
