# SPDX-License-Identifier: MIT
"""Perl's map, grep, sort and print: what goes through a list."""

from __future__ import annotations

from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.perl.builtins import Builtins
from decnet_decoys.shell.perl.formats import formatted
from decnet_decoys.shell.perl.syntax.tree import Node
from decnet_decoys.shell.perl.values import (
    MAX_ITEMS,
    Value,
    is_true,
    number,
    text,
    to_bytes,
)

MAX_SORTED = 1 << 20
"""Characters that are sorted at once: to compare long texts takes long."""


class Lists(Builtins):
    """Goes through lists; what each is done with is a node."""

    ending = ""
    """What follows each print (-l)."""

    def _s_map(self, node: Node) -> Steps[Value]:
        return len((yield from self._l_map(node)))

    def _l_map(self, node: Node) -> Steps[list[Value]]:
        return (yield from self._over(node, keeps=False))

    def _over(self, node: Node, *, keeps: bool) -> Steps[list[Value]]:
        """Do what map or grep says with $_ as each value."""
        values = yield from self.items(node[2])
        found: list[Value] = []
        topic = self.memory.scalar("_")
        kept = topic.value
        try:
            for value in values:
                topic.value = value
                if keeps:
                    if is_true((yield from self.scalar(node[1]))):
                        found.append(value)
                else:
                    found += yield from self.items(node[1])
                if len(found) > MAX_ITEMS:
                    break
        finally:
            topic.value = kept
        return found

    def _l_grep(self, node: Node) -> Steps[list[Value]]:
        return (yield from self._over(node, keeps=True))

    def _s_grep(self, node: Node) -> Steps[Value]:
        return len((yield from self._over(node, keeps=True)))

    def _l_sort(self, node: Node) -> Steps[list[Value]]:
        values = yield from self.items(node[2])
        if node[1] is None:
            if sum(map(len, map(text, values))) <= MAX_SORTED:
                return sorted(values, key=text)
            return (yield from self._merged(values, ("binary", "cmp", ("scalar", "a"), ("scalar", "b"))))
        return (yield from self._merged(values, node[1]))

    def _s_sort(self, node: Node) -> Steps[Value]:
        return len((yield from self._l_sort(node)))

    def _merged(self, values: list[Value], node: Node) -> Steps[list[Value]]:
        """Sort by merging: the comparison is a program of its own, and takes turns."""
        if len(values) < 2:
            return values
        half = len(values) // 2
        left, right = (yield from self._merged(values[:half], node)), (yield from self._merged(values[half:], node))
        one, other = self.memory.scalar("a"), self.memory.scalar("b")
        found: list[Value] = []
        at = place = 0
        while at < len(left) and place < len(right):
            one.value, other.value = left[at], right[place]
            if number((yield from self.scalar(node))) <= 0:
                found.append(left[at])
                at += 1
            else:
                found.append(right[place])
                place += 1
        return [*found, *left[at:], *right[place:]]

    def _s_print(self, node: Node) -> Steps[Value]:
        _, kind, where, given = node
        handle = self.selected if where is None else self.handle((yield from self.scalar(where)))
        values = yield from self.items(given)
        if given == ("list", ()):
            values = [self.memory.scalar("_").value]
        if kind == "printf":
            shown = formatted(values)
        else:
            separator = text(self.memory.scalar(",").value)
            end = "\n" if kind == "say" else self.ending or text(self.memory.scalar("\\").value)
            shown = self.memory.joined(separator, values) + end
        if handle is None or handle.out is None or not handle.is_open:
            return self.failed(9)
        handle.out.write(to_bytes(self.memory.made(shown)))
        return 1
