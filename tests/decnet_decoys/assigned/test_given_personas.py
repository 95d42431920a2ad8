# SPDX-License-Identifier: MIT
"""The personas of deckies that were handed over: shared by those that have the same document."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from decnet_core.deckies.assignment import AssignedDecky, AssignedService
from decnet_decoys.assigned.given_personas import MOST, GivenPersonas
from decnet_decoys.personas import catalog

DOCUMENT: dict[str, Any] = catalog.found("nas").document()


def decky(name: str, document: dict[str, Any] | None, persona: str = "own") -> AssignedDecky:
    return AssignedDecky(
        name, "shop", ("127.0.0.1",), persona, (AssignedService("http", 80),), 1, 0, persona_document=document
    )


def test_equal_documents_are_kept_once_and_another_one_of_that_name_is_read() -> None:
    personas = GivenPersonas()
    first, second = (decky(name, copy.deepcopy(DOCUMENT)) for name in ("a", "b"))
    changed = decky("c", {**copy.deepcopy(DOCUMENT), "os": "Another 1.0"})
    assert personas.persona(first) is personas.persona(second)
    assert (
        personas.sharing(second).persona_document is personas.sharing(first).persona_document is first.persona_document
    )
    assert personas.sharing(second) == second
    assert personas.persona(changed).os == "Another 1.0"
    assert personas.persona(second).os == DOCUMENT["os"]


def test_a_decky_without_a_document_has_the_shipped_persona() -> None:
    personas, one = GivenPersonas(), decky("a", None, "nas")
    assert personas.persona(one) is catalog.persona("nas")
    assert personas.sharing(one) is one


def test_a_wrong_document_is_refused_each_time_and_the_former_one_stays_right() -> None:
    personas = GivenPersonas()
    for _ in range(2):
        with pytest.raises(catalog.PersonaError, match="oss"):
            personas.persona(decky("a", {**DOCUMENT, "oss": "x"}))
        assert personas.persona(decky("b", DOCUMENT)).os == DOCUMENT["os"]


def test_no_more_personas_are_kept_than_the_limit() -> None:
    personas = GivenPersonas()
    given = [decky("a", copy.deepcopy(DOCUMENT), f"own-{number}") for number in range(MOST + 1)]
    first = personas.persona(given[0])
    assert personas.persona(given[0]) is first
    for one in given:
        personas.persona(one)
    assert personas.persona(given[0]) is not first
