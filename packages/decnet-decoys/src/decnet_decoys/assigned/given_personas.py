# SPDX-License-Identifier: MIT
"""The personas of deckies that were handed over, each with its document: what hundreds of them share is kept once."""

from typing import Any

from msgspec.structs import replace

from decnet_core.deckies.assignment import AssignedDecky
from decnet_decoys.personas import catalog
from decnet_decoys.personas.schema import Persona

MOST = 64
"""Personas that are known for the next decky; of another the document is read again."""


class GivenPersonas:
    """Its methods raise PersonaError, UnknownPersonaError."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[dict[str, Any], Persona]] = {}

    def persona(self, decky: AssignedDecky) -> Persona:
        """Return what the decky's document says, or the shipped persona of that name for one without."""
        if decky.persona_document is None:
            return catalog.persona(decky.persona)
        return self._read(decky.persona, decky.persona_document)[1]

    def sharing(self, decky: AssignedDecky) -> AssignedDecky:
        """Return the decky with the document that others of its persona have, where theirs says the same."""
        if decky.persona_document is None:
            return decky
        return replace(decky, persona_document=self._read(decky.persona, decky.persona_document)[0])

    def _read(self, name: str, document: dict[str, Any]) -> tuple[dict[str, Any], Persona]:
        known = self._known.get(name)
        if known is None or known[0] != document:
            self._known.pop(name, None)
            while len(self._known) >= MOST:
                del self._known[next(iter(self._known))]
            known = self._known[name] = document, catalog.converted(name, document)
        return known
