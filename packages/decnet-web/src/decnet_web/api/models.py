# SPDX-License-Identifier: MIT
"""Bases of the models of requests and answers."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class Answer(BaseModel):
    """What a route returns; `Answer.model_validate(row)` reads the attributes of a row or struct.

    The sentence below a field describes it in the OpenAPI document.
    """

    model_config = ConfigDict(use_attribute_docstrings=True, from_attributes=True)

    @classmethod
    def made(cls, **values: Any) -> Self:
        """Return an answer of values that are right, all of its fields: `model_construct` takes ten times as long."""
        answer = cls.__new__(cls)
        object.__setattr__(answer, "__dict__", values)
        object.__setattr__(answer, "__pydantic_fields_set__", set(values))
        object.__setattr__(answer, "__pydantic_extra__", None)
        object.__setattr__(answer, "__pydantic_private__", None)
        return answer


class Asked(BaseModel):
    """The body of a request: a field that it does not have is refused."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid", str_strip_whitespace=True)


Whole = Annotated[str, StringConstraints(strip_whitespace=False)]
"""A text in a body that is taken as it is, spaces and line feeds at its ends included."""

RowNumber = Annotated[int, Field(ge=1, le=2**53)]
"""What numbers a row in a request: databases take 64 bits at most, and JavaScript is exact up to here."""

PortNumber = Annotated[int, Field(ge=1, le=65535)]
