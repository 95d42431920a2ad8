# SPDX-License-Identifier: MIT
"""A value of a rule file that knows its line, so that a refusal can name it."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

Scalar: TypeAlias = str | int | float | bool | None


class Located(msgspec.Struct, frozen=True):
    """A value of a rule file and the line, from one, where it stands."""

    data: Scalar | list[Located] | dict[str, Located]
    line: int
