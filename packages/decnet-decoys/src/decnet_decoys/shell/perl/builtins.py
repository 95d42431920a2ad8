# SPDX-License-Identifier: MIT
"""Perl's functions that change variables, read and write files, or run programs (perlfunc(1))."""

from __future__ import annotations

import random
from itertools import islice
from typing import Any

from decnet_decoys.shell.control_flow import ExitShell
from decnet_decoys.shell.effects import Pause, Steps
from decnet_decoys.shell.perl.functions import FUNCTIONS, in_list
from decnet_decoys.shell.perl.input_output.file_functions import FileFunctions
from decnet_decoys.shell.perl.patterns import place_of
from decnet_decoys.shell.perl.syntax.tree import Node
from decnet_decoys.shell.perl.values import (
    MAX_ITEMS,
    DiedError,
    Ref,
    Value,
    integer,
    number,
    of_bytes,
    real,
    text,
    to_bytes,
    to_shell,
)

MAX_SLEEP = 3600.0


class Builtins(FileFunctions):
    """A function `x` is done by `_f_x`, which is given the nodes of its arguments."""

    def _s_builtin(self, node: Node) -> Steps[Value]:
        found = yield from self._called(node, wants_list=False)
        return found[-1] if isinstance(found, list) and found else None if isinstance(found, list) else found

    def _l_builtin(self, node: Node) -> Steps[list[Value]]:
        found = yield from self._called(node, wants_list=True)
        return found if isinstance(found, list) else [found]

    def _called(self, node: Node, *, wants_list: bool) -> Steps[Any]:
        """Return what a function returns: a value, or a list where it gives one."""
        _, name, given, _ = node
        arguments = list(given[1]) if given[0] == "list" else [given]
        method = getattr(self, f"_f_{name}", None)
        if method is not None:
            try:
                return (yield from method(arguments, wants_list))
            except IndexError:
                raise self.died(f"Not enough arguments for {name}") from None
        if name in (
            "uc",
            "lc",
            "length",
            "ord",
            "chr",
            "int",
            "hex",
            "oct",
            "ucfirst",
            "lcfirst",
            "abs",
            "ref",
            "quotemeta",
        ):
            values = [(yield from self.scalar(arguments[0]))] if arguments else []
        else:
            values = yield from self.items(given)
        return self.plain(name, values, wants_list=wants_list)

    def plain(self, name: str, values: list[Value], *, wants_list: bool) -> Any:
        """Return what a function of plain values returns."""
        several = in_list(self, name, values) if wants_list or name not in FUNCTIONS else None
        if several is not None:
            if wants_list or name not in ("reverse", "unpack", "getpwnam", "getpwuid"):
                return several
            if name == "reverse":
                return self.memory.made(self.memory.joined("", values or [self.memory.scalar("_").value])[::-1])
            return (several[2] if name == "getpwnam" else several[0]) if several else None
        function = FUNCTIONS.get(name)
        try:
            found = None if function is None else function(self, values)
        except IndexError:
            raise self.died(f"Not enough arguments for {name}") from None
        return self.memory.made(found) if isinstance(found, str) else found

    # arrays and hashes

    def _row(self, arguments: list[Node]) -> Steps[list[Value]]:
        inner = arguments[0]
        is_array = inner[0] in ("array", "array_of", "my")
        found: list[Value] = yield from self.container(inner if is_array else ("array_of", inner))
        return found

    def _f_push(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        row = yield from self._row(arguments)
        values = yield from self.items(("list", tuple(arguments[1:])))
        row += self.memory.kept(values)[: MAX_ITEMS - len(row)]
        return len(row)

    def _f_unshift(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        row = yield from self._row(arguments)
        row[:0] = self.memory.kept((yield from self.items(("list", tuple(arguments[1:])))))
        del row[MAX_ITEMS:]
        return len(row)

    def _f_pop(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        row = yield from self._row(arguments or [self._default_row()])
        return row.pop() if row else None

    def _f_shift(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        row = yield from self._row(arguments or [self._default_row()])
        return row.pop(0) if row else None

    def _default_row(self) -> Node:
        return ("array", "_" if self.depth else "ARGV")

    depth = 0

    def _f_splice(self, arguments: list[Node], _wants: bool) -> Steps[list[Value]]:
        row = yield from self._row(arguments)
        values = yield from self.items(("list", tuple(arguments[1:])))
        start = integer(values[0], MAX_ITEMS) if values else 0
        start = max(0, start + len(row)) if start < 0 else min(start, len(row))
        size = integer(values[1], MAX_ITEMS) if len(values) > 1 else len(row)
        end = start + size if size >= 0 else len(row) + size
        gone = row[start : max(start, end)]
        row[start : max(start, end)] = self.memory.kept(values[2:])
        return gone

    def _f_scalar(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        return (yield from self.scalar(arguments[0] if len(arguments) == 1 else ("list", tuple(arguments))))

    def _table(self, arguments: list[Node]) -> Steps[Any]:
        inner = arguments[0]
        if inner[0] in ("hash", "hash_of", "array", "array_of"):
            return (yield from self.container(inner))
        return (yield from self.container(("hash_of", inner)))

    def _f_keys(self, arguments: list[Node], wants: bool) -> Steps[Any]:
        table = yield from self._table(arguments)
        self._places.pop(id(table), None)
        found = list(table) if isinstance(table, dict) else list(range(len(table)))
        return found if wants else len(found)

    def _f_values(self, arguments: list[Node], wants: bool) -> Steps[Any]:
        table = yield from self._table(arguments)
        found = list(table.values()) if isinstance(table, dict) else list(table)
        return found if wants else len(found)

    def _f_each(self, arguments: list[Node], _wants: bool) -> Steps[list[Value]]:
        table = yield from self._table(arguments)
        place = self._places.get(id(table), ("", 0))[1]
        if place >= len(table):
            self._places.pop(id(table), None)
            return []
        self._places[id(table)] = ("", place + 1)
        if not isinstance(table, dict):
            return [place, table[place]]
        return list(next(islice(table.items(), place, None)))

    def _f_delete(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        kind, base, key = (*arguments[0], None, None)[:3]
        if kind == "value":
            table = yield from self.container(base)
            return table.pop(text((yield from self.scalar(key))), None)
        if kind == "hash_slice":
            table = yield from self.container(base)
            return [table.pop(text(one), None) for one in (yield from self.items(key))]
        if kind == "local":
            return (yield from self._f_delete([base], False))
        return None

    def _f_exists(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        kind, base, key = (*arguments[0], None, None)[:3]
        if kind == "value":
            table = yield from self.container(base)
            return 1 if text((yield from self.scalar(key))) in table else ""
        if kind == "element":
            row = yield from self.container(base)
            return 1 if -len(row) <= integer((yield from self.scalar(key))) < len(row) else ""
        name = arguments[0][1] if kind in ("code", "user", "bareword") else ""
        return 1 if f"&{name}" in self.memory.globals else ""

    def _f_defined(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        inner = arguments[0] if arguments else ("scalar", "_")
        if inner[0] == "code":
            return 1 if f"&{inner[1]}" in self.memory.globals else ""
        if inner[0] in ("array", "hash"):
            return 1 if (yield from self.container(inner)) else ""
        return 1 if (yield from self.scalar(inner)) is not None else ""

    def _f_undef(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        if arguments and arguments[0][0] in ("array", "array_of", "hash", "hash_of"):
            (yield from self.container(arguments[0])).clear()
        elif arguments:
            yield from self.assign(arguments[0], None)
        return None

    def _f_wantarray(self, _arguments: list[Node], _wants: bool) -> Steps[Value]:
        yield from ()
        return self.wanted

    wanted: Value = None

    def _f_split(self, arguments: list[Node], wants: bool) -> Steps[Any]:
        found = yield from self.split(arguments)
        return self.memory.kept(found) if wants else len(found)

    def _f_chomp(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        count = 0
        for target in arguments or [("scalar", "_")]:
            inner = target
            if inner[0] == "assign" or inner[0] == "my":
                yield from (
                    self.items(inner) if inner[0] == "assign" and inner[2][0] in ("array", "my") else self.scalar(inner)
                )
                inner = inner[2] if inner[0] == "assign" else inner
                inner = inner[1] if inner[0] in ("my", "our", "local") else inner
            if inner[0] in ("array", "array_of"):
                row = yield from self.container(inner)
                row[:] = [text(one).removesuffix("\n") for one in row]
                continue
            value = text((yield from self.scalar(inner)))
            if value.endswith("\n"):
                count += 1
                yield from self.assign(inner, self.memory.made(value[:-1]))
        return count

    def _f_chop(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        target = arguments[0] if arguments else ("scalar", "_")
        value = text((yield from self.scalar(target)))
        yield from self.assign(target, self.memory.made(value[:-1]))
        return value[-1:]

    def _f_bless(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        values = yield from self.items(("list", tuple(arguments)))
        if not values or not isinstance(values[0], Ref):
            raise self.died("Can't bless non-reference value")
        values[0].package = text(values[1]) if len(values) > 1 else self.package
        return values[0]

    def _f_pos(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        target = arguments[0] if arguments else ("scalar", "_")
        value = text((yield from self.scalar(target)))
        searched, place = self._places.get(place_of(target), ("", None))
        return place if searched == of_bytes(to_bytes(value)) else None

    # what ends or waits

    def _f_die(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        raise DiedError(self.message((yield from self.items(("list", tuple(arguments)))), "Died"))

    _f_croak = _f_confess = _f_die

    def message(self, values: list[Value], nothing: str) -> Value:
        """Return what die and warn say: with the place, unless it ends its line."""
        if len(values) == 1 and isinstance(values[0], Ref):
            return values[0]
        said = self.memory.joined("", values) or nothing
        where = (
            f", <{self.last_read or 'STDIN'}> line {text(self.memory.scalar('.').value)}"
            if self.memory.scalar(".").value
            else ""
        )
        return said if said.endswith("\n") else f"{said} at {self.title} line {self.line}{where}.\n"

    last_read = ""

    def _f_warn(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        said = self.message((yield from self.items(("list", tuple(arguments)))), "Warning: something's wrong")
        self.call.print_error(to_shell(said), end="")
        return 1

    _f_carp = _f_warn

    def _f_exit(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        raise ExitShell(integer((yield from self.scalar(arguments[0])) if arguments else 0) & 255)

    def _f_sleep(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        seconds = max(0, integer((yield from self.scalar(arguments[0])) if arguments else 1 << 20))
        yield from self.call.runner.flush()
        yield Pause(min(float(seconds), MAX_SLEEP))
        return seconds

    def _f_select(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        values = yield from self.items(("list", tuple(arguments)))
        if len(values) == 4:
            yield Pause(min(real(values[3]), MAX_SLEEP) if values[3] is not None and number(values[3]) > 0 else 0.0)
            return 0
        old = self.selected
        handle = self.handle(values[0]) if values else None
        self.selected = handle or old
        return old

    def _f_rand(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        most = real((yield from self.scalar(arguments[0]))) if arguments else 1.0
        return random.random() * (most or 1.0)  # noqa: S311  # no secret

    def _f_srand(self, _arguments: list[Node], _wants: bool) -> Steps[Value]:
        yield from ()
        return 42

    def _f_fork(self, _arguments: list[Node], _wants: bool) -> Steps[Value]:
        """Go on as the child: what it does is what an intruder wants done, and what is worth recording."""
        yield from ()
        return 0

    def _f_wait(self, _arguments: list[Node], _wants: bool) -> Steps[Value]:
        yield from ()
        self.failed(10)
        return -1

    _f_waitpid = _f_wait
