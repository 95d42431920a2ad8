# SPDX-License-Identifier: MIT
"""The honeypot images of a deployment: the shipped catalogue, and that which its settings name."""

from pathlib import Path

from decnet.cli.errors import OperatorError
from decnet.fleet.deployment import Deployment
from decnet_core.deckies.images import CatalogueError, Image, catalogue
from decnet_core.placement.settings import ReconcilerSettings


def known_images(deployment: Deployment) -> dict[str, Image]:
    """Return all images by name; raises OperatorError for a catalogue that cannot be read."""
    own = deployment.settings.section("reconciler", ReconcilerSettings).images
    try:
        return catalogue(Path(own) if own else None)
    except CatalogueError as error:
        raise OperatorError(str(error)) from error
