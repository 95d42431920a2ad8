# SPDX-License-Identifier: MIT
"""The personas of a deployment: the shipped ones, and those of the folder that its settings name."""

from pathlib import Path

from decnet.fleet.deployment import Deployment
from decnet_decoys.personas.catalog import PersonaFile, files
from decnet_decoys.settings import DecoysSettings


def own_folder(deployment: Deployment) -> Path | None:
    """Return the folder of the operator's own personas, None when the settings name none."""
    folder = deployment.settings.section("decoys", DecoysSettings).personas_dir
    return Path(folder) if folder else None


def known_personas(deployment: Deployment) -> dict[str, PersonaFile]:
    """Return all personas by name; raises PersonaError for a folder that cannot be read."""
    return files(own_folder(deployment))
