# SPDX-License-Identifier: MIT
"""A value of a rule file with its line, for error messages."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

Scalar: TypeAlias = str | int | float | bool | None


class Located(msgspec.Struct, frozen=True):
    """A value of a rule file and its line, counted from one."""

    data: Scalar | list[Located] | dict[str, Located]
    line: int

    @property
    def plain(self) -> Any:
        """The value without lines."""
        if isinstance(self.data, dict):
            return {key: one.plain for key, one in self.data.items()}
        return [one.plain for one in self.data] if isinstance(self.data, list) else self.data
