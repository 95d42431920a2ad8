# SPDX-License-Identifier: MIT
"""Bases of the models of requests and answers."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """What a route returns; `Answer.model_validate(row)` reads the attributes of a row or struct.

    The sentence below a field describes it in the OpenAPI document.
    """

    model_config = ConfigDict(use_attribute_docstrings=True, from_attributes=True)


class Asked(BaseModel):
    """The body of a request: a field that it does not have is refused."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid", str_strip_whitespace=True)
