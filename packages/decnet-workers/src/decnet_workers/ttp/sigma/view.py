# SPDX-License-Identifier: MIT
"""An event as seen by all rules: each field is read and case-folded once, however many rules name it.

Case is folded by `str.casefold`, not `lower`: it goes character by character, so that the fold of a part is always a
part of the fold (`lower` writes a final sigma differently), and `contains` means the same on both sides.
"""

from __future__ import annotations

from msgspec.structs import replace

from decnet_core.events.envelope import Event
from decnet_workers.ttp.sigma.expression import Expressions
from decnet_workers.ttp.sigma.fields import Field, Values, texts_of
from decnet_workers.ttp.sigma.logs.shell_words import simple_commands


class View:
    """An event with the fields that rules have read so far."""

    __slots__ = ("_commands", "_folded", "_found", "_texts", "_values", "event")

    def __init__(self, event: Event) -> None:
        self.event = event
        self._values: dict[str, Values] = {}
        self._folded: dict[str, tuple[str, ...]] = {}
        self._found: dict[Expressions, frozenset[int]] = {}
        self._texts: tuple[str, ...] | None = None
        self._commands: list[View] | None = None

    def values(self, field: Field) -> Values:
        """Return the field's values unchanged."""
        values = self._values.get(field.name)
        if values is None:
            values = self._values[field.name] = field.read(self.event)
        return values

    def folded(self, field: Field) -> tuple[str, ...]:
        """Return the field's texts case-folded; numbers and flags as Sigma writes them."""
        texts = self._folded.get(field.name)
        if texts is None:
            texts = self._folded[field.name] = tuple(str(value).casefold() for value in self.values(field))
        return texts

    def found(self, field: Field, expressions: Expressions) -> frozenset[int]:
        """Return which of the field's regular expressions are found in its texts."""
        found = self._found.get(expressions)
        if found is None:
            texts = (str(value).encode("utf-8", "backslashreplace") for value in self.values(field))
            found = self._found[expressions] = expressions.found(texts)
        return found

    def commands(self) -> list[View]:
        """Return the event once for each program that its command line starts."""
        if self._commands is None:
            payload = self.event.payload
            self._commands = [
                View(replace(self.event, payload=replace(payload, command=command.text)))
                for command in simple_commands(str(getattr(payload, "command", "")))
            ]
        return self._commands

    def texts(self) -> tuple[str, ...]:
        """Return every text of the payload case-folded, for keyword searches."""
        if self._texts is None:
            self._texts = tuple(text.casefold() for text in texts_of(self.event.payload))
        return self._texts
