# SPDX-License-Identifier: MIT
"""What the deckies of a remote master can be: personas and images."""

from typing import Any

from decnet.cli.errors import OperatorError
from decnet.deckies.catalogues.personas import ListedPersona
from decnet.remote.client import Remote, place
from decnet.remote.converting import struct_of, structs_of
from decnet_core.deckies.images import Image


def personas(remote: Remote) -> list[ListedPersona]:
    """Return all personas; raises OperatorError where one, or their folder, cannot be read."""
    found = remote.get("/personas")
    problems = [found["problem"], *(row["problem"] for row in found["items"])]
    for problem in filter(None, problems):
        raise OperatorError(problem)
    return structs_of(found["items"], ListedPersona)


def persona(remote: Remote, name: str) -> tuple[str, dict[str, Any]]:
    """Return a persona as it is written, and as a document; raises NotFoundError."""
    found = remote.get(f"/personas/{place(name)}")
    return found["text"], found["document"]


def images(remote: Remote) -> dict[str, Image]:
    """Return all images by name."""
    return {row["name"]: struct_of(row, Image) for row in remote.get("/images")["items"]}
