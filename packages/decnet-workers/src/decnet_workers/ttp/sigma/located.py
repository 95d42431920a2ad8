# SPDX-License-Identifier: MIT
"""A value of a rule file with its line, for error messages."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

Scalar: TypeAlias = str | int | float | bool | None


class Located(msgspec.Struct, frozen=True):
    """A value of a rule file and its line, counted from one."""

    data: Scalar | list[Located] | dict[str, Located]
    line: int
