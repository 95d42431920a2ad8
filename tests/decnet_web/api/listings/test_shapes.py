# SPDX-License-Identifier: MIT
"""Rows as JSON: the same as pydantic makes of the model."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, computed_field, field_serializer

from decnet_web.api.listings.shapes import shape_of
from decnet_web.api.models import Answer
from decnet_web.api.moments import Moment, moment_ns, moment_text


class Inner(Answer):
    at: Moment | None
    name: str


class Outer(Answer):
    number: int
    ratio: float
    id: UUID
    at: Moment
    later: Moment | None
    one: Inner | None
    several: list[Inner]
    named: dict[str, Inner]
    moments: list[Moment]
    content: dict[str, Any] = Field(json_schema_extra={"additionalProperties": True})

    @computed_field  # type: ignore[prop-decorator]  # as pydantic documents
    @property
    def text(self) -> str:
        return f"{self.number}"


class Row(msgspec.Struct):
    """A row of a query."""

    at: int | None
    name: str


moments = st.integers(0, 2**63 - 1)
inner = st.builds(Inner.made, at=st.none() | moments, name=st.text())
outer = st.builds(
    Outer.made,
    number=st.integers(-(2**63), 2**63 - 1),
    ratio=st.floats(),
    id=st.uuids(),
    at=moments,
    later=st.none() | moments,
    one=st.none() | inner,
    several=st.lists(inner, max_size=3),
    named=st.dictionaries(st.text(), inner, max_size=2),
    moments=st.lists(moments, max_size=2),
    content=st.dictionaries(st.text(), st.text() | st.integers(0, 9) | st.none() | st.booleans()),
)


@given(outer)
def test_a_model_is_written_as_pydantic_does(answer: Outer) -> None:
    assert json.loads(shape_of(Outer).encode([answer])) == [json.loads(answer.model_dump_json())]


def test_a_row_with_the_same_attributes_is_written_as_the_model() -> None:
    rows = [Row(1_795_478_400_000_000_000, "<b>\x00"), Row(None, "")]
    expected = [Inner.model_validate(row).model_dump(mode="json") for row in rows]
    assert json.loads(shape_of(Inner).encode(rows)) == expected


def test_a_row_that_lacks_a_field_is_an_error() -> None:
    with pytest.raises(AttributeError):
        shape_of(Outer).encode([Row(1, "")])


def test_a_model_that_serialises_by_methods_is_refused() -> None:
    class Methodical(Answer):
        name: str

        @field_serializer("name")
        def _upper(self, value: str) -> str:
            return value.upper()

    with pytest.raises(TypeError, match="Methodical"):
        shape_of(Methodical)


@given(moments)
def test_a_moment_is_read_as_it_was_written(ns: int) -> None:
    assert moment_ns(moment_text(ns)) == ns
