# SPDX-License-Identifier: MIT
"""What the deckies of a remote master can be: personas and images."""

from pathlib import Path
from typing import Any

from decnet.cli.errors import OperatorError
from decnet.deckies.catalogues.personas import ListedPersona
from decnet.remote.client import Remote, place
from decnet.remote.converting import struct_of, structs_of
from decnet_core.deckies.images import Image
from decnet_core.text import why_unreadable


def personas(remote: Remote) -> list[ListedPersona]:
    """Return all personas; raises OperatorError where one, or their folder, cannot be read."""
    found = remote.get("/personas")
    for problem in _problems(found, found["items"]):
        raise OperatorError(problem)
    return structs_of(found["items"], ListedPersona)


def persona(remote: Remote, name: str) -> tuple[str, dict[str, Any]]:
    """Return a persona as it is written, and as a document; raises NotFoundError."""
    found = remote.get(f"/personas/{place(name)}")
    return found["text"], found["document"]


def problem_of(remote: Remote, file: Path) -> str | None:
    """Return why a persona of this host could not be played there; None: it could. Raises OperatorError."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return f"persona {file.stem}: {file} cannot be read: {why_unreadable(error)}"
    found = remote.send("POST", "/personas/check", {"name": file.stem, "text": text})
    return None if found["good"] else str(found["problem"]).replace(file.stem, f"{file.stem} ({file})", 1)


def problems_of_own(remote: Remote) -> tuple[int, list[str]]:
    """Return how many personas of its own the master has, and why some of them cannot be played."""
    found = remote.get("/personas")
    own = [row for row in found["items"] if not row["shipped"]]
    return len(own), _problems(found, own)


def images(remote: Remote) -> dict[str, Image]:
    """Return all images by name."""
    return {row["name"]: struct_of(row, Image) for row in remote.get("/images")["items"]}


def _problems(found: dict[str, Any], rows: list[dict[str, Any]]) -> list[str]:
    """Return what is wrong with the folder of personas, and with these."""
    return [*filter(None, (found["problem"], *(row["problem"] for row in rows)))]
