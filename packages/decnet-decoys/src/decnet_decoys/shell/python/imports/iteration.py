# SPDX-License-Identifier: MIT
"""itertools: each function gives the list of what its iterator would, which may not have more than MAX_ITEMS."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.python.imports.functions import natives
from decnet_decoys.shell.python.values import MAX_ITEMS, NativeKind, RaisedError, weighed

if TYPE_CHECKING:
    from decnet_decoys.shell.python.program import Program

ENDLESS = 1 << 60
ITEM_BYTES = 64
MAX_HELD = 4 * MAX_ITEMS
"""Values that all tuples of a list hold together."""


def _tuples(program: Program, count: int, length: int, made: Callable[[], Iterable[Any]]) -> list[Any]:
    """Return tuples after it is known that they are few; raises MemoryError of the program."""
    if count > MAX_ITEMS or count * (length + 1) > MAX_HELD:
        raise RaisedError(MemoryError())
    program.count_made(count * (length + 1) * ITEM_BYTES)
    return list(made())


def _number(value: Any) -> int:
    """Return a length of tuples; raises errors of the program."""
    if not isinstance(value, int):
        raise TypeError(f"'{type(value).__name__}' object cannot be interpreted as an integer")
    if value < 0:
        raise ValueError("r must be non-negative")
    return min(value, MAX_ITEMS + 1)


def _chain(program: Program, *sources: Any) -> Steps[list[Any]]:
    found: list[Any] = []
    for one in sources:
        found += yield from program.items(one)
        if len(found) > MAX_ITEMS:
            raise RaisedError(MemoryError())
    return found


def _chained(program: Program, sources: Any) -> Steps[list[Any]]:
    return (yield from _chain(program, *(yield from program.items(sources))))


def _product(program: Program, *sources: Any, repeat: Any = 1) -> Steps[list[Any]]:
    pools = []
    for one in sources:
        pools.append((yield from program.items(one)))  # noqa: PERF401
    times = _number(repeat)
    if len(pools) * times > MAX_ITEMS:
        raise RaisedError(MemoryError())
    pools *= times
    count = 1
    for pool in pools:
        count = min(count * len(pool), MAX_ITEMS + 1) if pool else 0
    return _tuples(program, count, len(pools), lambda: itertools.product(*pools) if count else ())


def _chosen(count: Callable[[int, int], int], choose: Callable[..., Iterable[Any]]) -> Callable[..., Steps[list[Any]]]:
    def play(program: Program, source: Any, r: Any = None) -> Steps[list[Any]]:
        pool = yield from program.items(source)
        length = len(pool) if r is None else _number(r)
        if length > len(pool) and choose is not itertools.combinations_with_replacement:
            return []
        return _tuples(program, count(len(pool), length), length, lambda: choose(pool, length))

    return play


def _repeated(count: int, length: int) -> int:
    return math.comb(count + length - 1, length) if count else int(not length)


def _ordered(count: int, length: int) -> int:
    return math.perm(count, length) if length < MAX_BIG else MAX_ITEMS + 1


MAX_BIG = 64
"""Of fewer values there are more orders than may be held."""


def _count(_program: Program, start: Any = 0, step: Any = 1) -> range:
    first, by = int(start), int(step) or 1
    return range(first, first + by * ENDLESS, by)


def _repeat(_program: Program, value: Any, times: Any = MAX_ITEMS) -> list[Any]:
    return [value] * min(max(0, int(times)), MAX_ITEMS)


def _cycle(program: Program, source: Any) -> Steps[list[Any]]:
    items = yield from program.items(source)
    return items * (MAX_ITEMS // len(items)) if items else []


def _islice(program: Program, source: Any, *bounds: Any) -> Steps[list[Any]]:
    whole = source if isinstance(source, range) else (yield from program.items(source))
    part = slice(*bounds[:3])
    if any(one is not None and (not isinstance(one, int) or one < 0) for one in bounds):
        raise ValueError("Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.")
    return (yield from program.items(whole[part]))


def _accumulate(program: Program, source: Any, func: Any = None, **_named: Any) -> Steps[list[Any]]:
    found: list[Any] = []
    for one in (yield from program.items(source)):
        if not found:
            found.append(one)
        elif func is not None:
            found.append((yield from program.called(func, [found[-1], one], {})))
        elif isinstance(one, int | float) and isinstance(found[-1], int | float):
            found.append(found[-1] + one)
        else:
            raise TypeError("unsupported operand type(s) for +")
    return found


def _star_map(program: Program, function: Any, source: Any) -> Steps[list[Any]]:
    found = []
    for one in (yield from program.items(source)):
        found.append((yield from program.called(function, (yield from program.items(one)), {})))  # noqa: PERF401
    return found


def _while(*, take: bool) -> Callable[..., Steps[list[Any]]]:
    def play(program: Program, function: Any, source: Any) -> Steps[list[Any]]:
        items = yield from program.items(source)
        at = 0
        while at < len(items) and (yield from program.called(function, [items[at]], {})):
            at += 1
        return items[:at] if take else items[at:]

    return play


def _group_by(program: Program, source: Any, key: Any = None) -> Steps[list[Any]]:
    groups: list[tuple[Any, list[Any]]] = []
    for one in (yield from program.items(source)):
        mark = one if key is None else (yield from program.called(key, [one], {}))
        if groups:
            weighed(groups[-1][0], mark)
        if groups and groups[-1][0] == mark:
            groups[-1][1].append(one)
        else:
            program.count_made(2 * ITEM_BYTES)
            groups.append((mark, [one]))
    return groups


def _zip_longest(program: Program, *sources: Any, fillvalue: Any = None) -> Steps[list[Any]]:
    columns = []
    for one in sources:
        columns.append((yield from program.items(one)))  # noqa: PERF401
    longest = max(map(len, columns), default=0)
    return _tuples(program, longest, len(columns), lambda: itertools.zip_longest(*columns, fillvalue=fillvalue))


def _itertools(_program: Program) -> dict[str, Any]:
    return natives(
        product=_product, count=_count, repeat=_repeat, cycle=_cycle, islice=_islice, accumulate=_accumulate,
        combinations=_chosen(math.comb, itertools.combinations), permutations=_chosen(_ordered, itertools.permutations),
        combinations_with_replacement=_chosen(_repeated, itertools.combinations_with_replacement),
        starmap=_star_map, takewhile=_while(take=True), dropwhile=_while(take=False), groupby=_group_by,
        zip_longest=_zip_longest,
    ) | {"chain": NativeKind("chain", _chain, natives(from_iterable=_chained))}  # fmt: skip


MODULES: dict[str, Callable[[Any], dict[str, Any]]] = {"itertools": _itertools}
