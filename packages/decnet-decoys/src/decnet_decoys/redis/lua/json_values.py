# SPDX-License-Identifier: MIT
"""What a script finds in `cjson`."""

import json
import math
from typing import Any, Final

from decnet_decoys.redis.lua.checks import Checks
from decnet_decoys.redis.lua.values import Table, Value, shown

_MOST_DEPTH: Final = 8
"""Of tables within tables."""


class JsonValues(Checks):
    """The functions of one run."""

    def encode(self, value: Value = None, *_: Value) -> Value:
        text = json.dumps(self._plain(value, _MOST_DEPTH), separators=(",", ":")).encode()
        self.run.made(len(text))
        return text

    def decode(self, text: Value = None, *_: Value) -> Value:
        whole = self.text(text)
        self.run.made(len(whole))
        self.run.step(1 + len(whole) // 8)
        try:
            return self._lua(json.loads(whole.decode("latin-1")), _MOST_DEPTH)
        except (ValueError, RecursionError):
            raise self.run.fail("Expected value but found invalid token at character 1") from None

    def _lua(self, value: Any, depth: int) -> Value:
        """Return what `json` has read as a script gets it."""
        self.run.step()
        self.run.made(64)
        if not depth or value is None or isinstance(value, bool):
            return value if isinstance(value, bool) else None
        if isinstance(value, str):
            return value.encode("latin-1", "replace")
        if isinstance(value, list):
            return Table.of([self._lua(one, depth - 1) for one in value])
        if isinstance(value, dict):
            pairs = {key.encode("latin-1", "replace"): self._lua(one, depth - 1) for key, one in value.items()}
            return Table({key: one for key, one in pairs.items() if one is not None})
        return float(value)

    def _plain(self, value: Value, depth: int) -> Any:
        """Return a value as `json` takes it."""
        self.run.step()
        if isinstance(value, float):
            return int(value) if math.isfinite(value) and value == int(value) else value
        if isinstance(value, bytes):
            self.run.made(len(value))
            return value.decode("latin-1")
        if not isinstance(value, Table) or not depth:
            return value if isinstance(value, bool) else None
        count = value.length()
        if count == len(value.items) and count:
            return [self._plain(value.items[float(at)], depth - 1) for at in range(1, count + 1)]
        return {
            (shown(key) if isinstance(key, float) else key).decode("latin-1"): self._plain(one, depth - 1)
            for key, one in value.items.items()
            if isinstance(key, float | bytes)
        }
