# SPDX-License-Identifier: MIT
"""The result of a command line, for the tests of the operator's command."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple


class CommandResult(NamedTuple):
    """What a command printed and returned."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """The JSON documents, one per line."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., CommandResult]
