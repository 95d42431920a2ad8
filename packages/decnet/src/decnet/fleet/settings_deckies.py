# SPDX-License-Identifier: MIT
"""The deckies of the settings, or of the default fleet: `decoys` plays them, and they are in no table."""

from decnet.fleet.deployment import Deployment
from decnet_decoys.decky import Decky as Played
from decnet_decoys.errors import DecoysError
from decnet_decoys.fleet import deckies
from decnet_decoys.services import service_registry
from decnet_decoys.settings import DecoysSettings
from decnet_models.fleet.queries import Address, Decky, Service


def deckies_of_settings(deployment: Deployment) -> list[Decky]:
    """Return them by name, with version 0; none where those cannot be played."""
    settings = deployment.settings.section("decoys", DecoysSettings)
    try:
        found = deckies(settings)
    except DecoysError:  # `decoys` does not start, and says why
        return []
    return sorted((_decky(one) for one in found), key=lambda one: one.name)


def _decky(one: Played) -> Decky:
    return Decky(
        name=one.name,
        addresses=(Address(one.address),),
        host_name=one.host_name or one.name,
        runtime="loopback",
        persona=one.persona,
        services=tuple(
            Service(service, port, service_registry.load(service).transport) for service, port in one.services
        ),
        mac=one.mac,
        seed=one.seed,
    )
