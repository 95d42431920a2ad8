# SPDX-License-Identifier: MIT
"""Perl's matches, substitutions, transliterations and `split`, by RE2: in time linear in the text (perlre(1))."""

from __future__ import annotations

import re

from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.expansion.regular_expressions import BadPatternError, Match, Pattern, compiled
from decnet_decoys.shell.perl.assignment import Assignment
from decnet_decoys.shell.perl.memory import Part
from decnet_decoys.shell.perl.syntax.tree import Node
from decnet_decoys.shell.perl.values import MAX_ITEMS, Ref, Value, integer, of_bytes, text, to_bytes

MAX_REPLACED = 5000
MAX_SET = 300
"""Characters of a set of tr///."""
_SPACED = re.compile(r"(\\.|\[(?:\\.|[^\]\\])*+\]?)|\s+|#[^\n]*", re.DOTALL)
_NAMED = re.compile(r"\(\?<(\w+)>")
_RANGE = re.compile(r"(\\.|.)-(\\.|.)|(\\.|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\", "-": "-"}


class Patterns(Assignment):
    """What has to do with patterns."""

    def __init__(self) -> None:
        super().__init__()
        self._places: dict[int, tuple[str, int]] = {}
        """Where a match with /g in scalar context goes on, by the variable."""
        self._parts = {name: Part(self.memory) for name in "&`'"}
        self.memory.globals.update((f"${name}", part) for name, part in self._parts.items())

    def _pattern(self, node: Node, flags: str) -> Steps[Pattern]:
        source = _condensed(text((yield from self.scalar(node))), flags)
        source = source.replace("\\Z", "\\n?\\z").replace("\\h", "[ \\t]").replace("\\R", "\\r?\\n")
        names = _NAMED.findall(source)
        source = _NAMED.sub(r"(?P<\1>", source)
        options = "".join(one for one in "ms" if one in flags)
        whole = source if "m" in flags else _line_end(source)
        whole = f"(?{options}){whole}" if options else whole
        try:
            found = compiled(to_bytes(whole), extended=True, ignore_case="i" in flags, perl=True)
        except BadPatternError as error:
            raise self.died(
                f"Invalid regular expression ({error}) in regex; marked by <-- HERE in m/{source[:200]}/"
            ) from error
        self._group_names = names
        return found

    def _s_compiled(self, node: Node) -> Steps[Value]:
        source = _condensed(text((yield from self.scalar(node[1]))), node[2])
        flags = "".join(one for one in "msi" if one in node[2])
        return Ref("Regexp", f"(?{flags}:{source})", "Regexp")

    def _keep_groups(self, data: bytes, found: Match, node_names: list[str]) -> list[Value]:
        """Set $1 and the following, $& and %+; returns the groups."""
        made = self.memory.made
        groups: list[Value] = [None, *(made(of_bytes(data[a:b])) if a >= 0 else None for a, b in found.spans[1:])]
        for place in range(1, max(10, len(groups))):
            self.memory.scalar(str(place)).value = groups[place] if place < len(groups) else None
        for name, start, end in (("&", *found.spans[0]), ("`", 0, found.start), ("'", found.end, len(data))):
            self._parts[name].set(data, start, end)
        table = self.memory.table("+")
        table.clear()
        table.update({name: groups[at] for at, name in enumerate(node_names, 1) if at < len(groups)})
        return groups[1:]

    def _target(self, node: Node | None) -> Steps[bytes]:
        value = self.memory.scalar("_").value if node is None else (yield from self.scalar(node))
        return to_bytes(text(value))

    def _s_match(self, node: Node) -> Steps[Value]:
        _, target, source, flags, negated = node
        data = yield from self._target(target)
        pattern = yield from self._pattern(source, flags)
        names = self._group_names
        start, key = 0, place_of(target)
        if "g" in flags:
            before, start = self._places.get(key, ("", 0))
            start = start if before == data.decode("latin-1") else 0
        found = pattern.search(data, start, groups=True) if start <= len(data) else None
        if found is not None:
            self._keep_groups(data, found, names)
        if "g" in flags:
            self._places.pop(key, None)
            if found is not None and len(self._places) < 100:
                self._places[key] = (data.decode("latin-1"), max(found.end, found.start + (found.end == found.start)))
        return 1 if (found is not None) != negated else ""

    def _l_match(self, node: Node) -> Steps[list[Value]]:
        _, target, source, flags, negated = node
        if negated:
            return [(yield from self._s_match(node))]
        data = yield from self._target(target)
        pattern = yield from self._pattern(source, flags)
        names, found_all, at = self._group_names, list[Value](), 0
        while at <= len(data) and len(found_all) < MAX_ITEMS:
            yield from turn()
            self.memory.step()
            found = pattern.search(data, at, groups=True)
            if found is None:
                break
            groups = self._keep_groups(data, found, names)
            whole = self.memory.scalar("&").value if "g" in flags and not groups else 1
            found_all += groups or [whole]
            if "g" not in flags:
                break
            at = found.end + (found.end == found.start)
        return found_all

    def _changed(self, target: Node | None) -> Steps[Node]:
        """Return what is to be changed: of `(my $x = $y)` the variable, once it has its value."""
        where: Node = ("scalar", "_") if target is None else target
        inner: Node = where[1][0] if where[0] == "list" and len(where[1]) == 1 else where
        if inner[0] != "assign":
            return inner
        yield from self.scalar(inner)
        changed: Node = inner[2]
        return changed[1] if changed[0] in ("my", "our", "local") else changed

    def _s_replace(self, node: Node) -> Steps[Value]:
        _, target, source, new, flags, _ = node
        where = yield from self._changed(target)
        data = to_bytes(text((yield from self.scalar(where))))
        pattern = yield from self._pattern(source, flags)
        names, pieces, at, count = self._group_names, list[bytes](), 0, 0
        while at <= len(data) and count < MAX_REPLACED:
            yield from turn()
            found = pattern.search(data, at, groups=True)
            if found is None:
                break
            count += 1
            self._keep_groups(data, found, names)
            fresh = text((yield from self.scalar(new)))
            if "ee" in flags:
                fresh = text((yield from self.scalar(("evaluated", ("str", fresh)))))
            pieces += [data[at : found.start], to_bytes(self.memory.made(fresh))]
            at = found.end
            if "g" not in flags:
                break
            if found.end == found.start:
                pieces.append(data[at : at + 1])
                at += 1
        whole = self.memory.made(of_bytes(b"".join([*pieces, data[at:]])))
        if "r" in flags:
            return whole
        if count:
            yield from self.assign(where, whole)
        return count or ""

    def _s_translate(self, node: Node) -> Steps[Value]:
        _, target, old, new, flags, _ = node
        where = yield from self._changed(target)
        whole = text((yield from self.scalar(where)))
        one, other = _spread(old), _spread(new)
        last_new = other[-1:]
        table: dict[str, str | None] = {}
        if "d" not in flags:
            other = other or one
            other += other[-1:] * (len(one) - len(other))
        for place, character in enumerate(one):
            table.setdefault(character, other[place] if place < len(other) else None)
        pieces: list[str] = []
        count, last = 0, ""
        for place, character in enumerate(whole):
            if place % 1024 == 0:
                yield from turn()
            is_in = (character in table) != ("c" in flags)
            if not is_in:
                pieces.append(character)
                last = ""
                continue
            count += 1
            fresh = table.get(character) if "c" not in flags else (None if "d" in flags else last_new or character)
            if fresh is not None and not ("s" in flags and fresh == last):
                pieces.append(fresh)
                last = fresh
        changed = "".join(pieces)
        if "r" in flags:
            return self.memory.made(changed)
        if changed != whole:
            yield from self.assign(where, self.memory.made(changed))
        return count

    def split(self, arguments: list[Node]) -> Steps[list[Value]]:  # noqa: C901  # the cases of perlfunc
        """Return the pieces of a text (perlfunc, split)."""
        data = yield from self._target(arguments[1] if len(arguments) > 1 else None)
        self.memory.made(of_bytes(data))
        most = integer((yield from self.scalar(arguments[2]))) if len(arguments) > 2 else 0
        first = arguments[0] if arguments else ("text", ("str", " "))
        if first[0] == "match":
            pattern = yield from self._pattern(first[2], first[3])
            plain = False
        else:
            separator = yield from self.scalar(first)
            plain = text(separator) == " "
            pattern = yield from self._pattern(("str", r"\s+" if plain else text(separator)), "")
        if plain:
            data = data.lstrip()
        found, at, start = list[Value](), 0, 0
        while start < len(data) and len(found) < MAX_ITEMS and not 0 < most <= len(found) + 1:
            yield from turn()
            match = pattern.search(data, start, groups=True)
            if match is None:
                break
            if match.end == match.start:
                start = match.start + (match.start == at)
                if match.start == at:
                    again = pattern.search(data, start, groups=True)
                    if again is None or start >= len(data):
                        break
                    match = again
                    if match.start >= len(data):
                        break
            if match.end > 0 or match.start > 0:
                found.append(of_bytes(data[at : match.start]))
                made = self.memory.made
                found += [made(of_bytes(data[a:b])) if a >= 0 else None for a, b in match.spans[1:]]
            at = start = match.end
        if data:
            found.append(of_bytes(data[at:]))
        while not most and found and found[-1] in ("", None):
            found.pop()
        return found


def place_of(target: Node | None) -> int:
    """Return what a variable is known by, wherever it stands; of a node that has no hash, the node."""
    try:
        return 0 if target in (None, ("scalar", "_")) else hash(target)
    except TypeError:
        return id(target)


def _condensed(source: str, flags: str) -> str:
    """Return a pattern without what /x leaves out of it."""
    return _SPACED.sub(lambda found: found[1] or "", source) if "x" in flags else source


def _line_end(source: str) -> str:
    """Return a pattern in which a last `$` fits before a line feed at the end, too."""
    is_end = source.endswith("$") and not source.endswith("\\$")
    return source[:-1] + "(?=\\n?\\z)" if is_end and "|" not in source else source


def _spread(text_of_set: str) -> str:
    """Return the characters that a set of tr/// names."""
    found: list[str] = []
    for match in _RANGE.finditer(text_of_set[:MAX_SET]):
        first, last, alone = (None if one is None else _character(one) for one in match.groups())
        if alone is not None:
            found.append(alone)
        elif first is not None and last is not None:
            found += [chr(code) for code in range(ord(first), min(ord(last), ord(first) + 256) + 1)]
    return "".join(found[:1000])


def _character(unit: str) -> str:
    return _ESCAPES.get(unit[1:2], unit[1:2]) if unit[0] == "\\" and len(unit) > 1 else unit
