# SPDX-License-Identifier: MIT
"""Text from a grammar: each symbol has productions, of which one is drawn and its symbols in turn. Pure.

In a production `{symbol}` stands for a symbol, or for what the caller gives by that name; `{3-9}` for a number in that
range, `{x8}` for so many hexadecimal digits.
"""

import random
import re
from collections.abc import Mapping, Sequence

DEEPEST = 16
"""How many productions may be nested; deeper ones are a mistake of their author."""
_SYMBOL = re.compile(r"\{(?:(?P<low>\d+)-(?P<high>\d+)|x(?P<digits>\d+)|(?P<name>[a-z_]+))\}")


class GrammarError(ValueError):
    """A production names a symbol that there is not, or leads back to itself."""


class Grammar:
    def __init__(self, productions: Mapping[str, Sequence[str]]) -> None:
        self._productions = productions

    def text(self, symbol: str, drawing: random.Random, given: Mapping[str, str], depth: int = 0) -> str:
        """Return a text of `symbol`; raises GrammarError."""
        if symbol in given:
            return given[symbol]
        if symbol not in self._productions or depth > DEEPEST:
            raise GrammarError(f"{symbol}: no such symbol" if depth <= DEEPEST else f"{symbol}: nested too deeply")
        return self.filled(drawing.choice(self._productions[symbol]), drawing, given, depth)

    def filled(self, template: str, drawing: random.Random, given: Mapping[str, str], depth: int = 0) -> str:
        """Return `template` with its symbols replaced; raises GrammarError."""

        def replaced(found: re.Match[str]) -> str:
            if found["low"]:
                return str(drawing.randint(int(found["low"]), int(found["high"])))
            if found["digits"]:
                return f"{drawing.getrandbits(4 * int(found['digits'])):0{found['digits']}x}"
            return self.text(found["name"], drawing, given, depth + 1)

        return _SYMBOL.sub(replaced, template)
