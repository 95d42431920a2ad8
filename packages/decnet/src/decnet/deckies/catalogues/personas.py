# SPDX-License-Identifier: MIT
"""The personas of a deployment: the shipped ones, and those of the folder that its settings name."""

from pathlib import Path

import msgspec

from decnet.cli.errors import OperatorError
from decnet.fleet.deployment import Deployment
from decnet_decoys.errors import DecoysError
from decnet_decoys.personas.catalog import PersonaFile, files
from decnet_decoys.personas.schema import Persona
from decnet_decoys.settings import DecoysSettings


class ListedPersona(msgspec.Struct, frozen=True):
    """One persona in a list."""

    name: str
    os: str
    summary: str
    services: tuple[str, ...]
    shipped: bool
    file: str


def own_folder(deployment: Deployment) -> Path | None:
    """Return the folder of the operator's own personas, None when the settings name none."""
    folder = deployment.settings.section("decoys", DecoysSettings).personas_dir
    return Path(folder) if folder else None


def known_personas(deployment: Deployment) -> dict[str, PersonaFile]:
    """Return all personas by name; raises PersonaError for a folder that cannot be read."""
    return files(own_folder(deployment))


def readable_personas(deployment: Deployment) -> dict[str, PersonaFile]:
    """Return all personas by name; raises OperatorError for a folder that cannot be read."""
    try:
        return known_personas(deployment)
    except DecoysError as error:
        raise OperatorError(str(error)) from error


def listed(file: PersonaFile) -> ListedPersona:
    """Return what a list says of a persona; raises OperatorError for one that cannot be played."""
    try:
        who: Persona = file.persona()
    except DecoysError as error:
        raise OperatorError(str(error)) from error
    return ListedPersona(who.name, who.os, who.summary or who.os, tuple(who.services), file.shipped, str(file.path))


def problem_of(file: PersonaFile) -> str | None:
    """Return why a persona of the operator's cannot be played; None: it can."""
    if file.name in files():
        return f"{file.path}: there is a shipped persona {file.name}; rename the file"
    try:
        file.persona()
    except DecoysError as error:
        return str(error)
    return None
