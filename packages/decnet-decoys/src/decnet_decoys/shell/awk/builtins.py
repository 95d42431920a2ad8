# SPDX-License-Identifier: MIT
"""awk's own functions (POSIX.1-2017, awk, Functions)."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from decnet_decoys.shell.awk.formats import formatted
from decnet_decoys.shell.awk.records import split
from decnet_decoys.shell.awk.tree import Node
from decnet_decoys.shell.awk.values import MAX_TEXT, Value, integer, number, text
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.expansion.regular_expressions import Pattern

if TYPE_CHECKING:
    from decnet_decoys.shell.awk.evaluator import Evaluator

Function = Callable[["Evaluator", list[Node]], Steps[Value]]
MAX_REPLACED = 10_000
MAX_PLACE = 1e9


def _of_texts(function: Callable[..., Value]) -> Function:
    def call(awk: Evaluator, nodes: list[Node]) -> Steps[Value]:
        return function(*[text(value) for value in (yield from awk.values(nodes))])

    return call


def _of_numbers(function: Callable[..., float]) -> Function:
    def call(awk: Evaluator, nodes: list[Node]) -> Steps[Value]:
        values = yield from awk.values(nodes)
        try:
            return float(function(*map(number, values)))
        except (ValueError, OverflowError):
            return float("nan")

    return call


def _length(awk: Evaluator, nodes: list[Node]) -> Steps[Value]:
    if not nodes:
        return float(len(awk.whole()))
    if nodes[0][0] == "variable" and isinstance(awk.memory.globals.get(nodes[0][1]), dict):
        return float(len(awk.memory.array(nodes[0][1])))
    return float(len(encode(text((yield from awk.value(nodes[0]))))))  # mawk counts bytes


def _substr(awk: Evaluator, nodes: list[Node]) -> Steps[Value]:
    values = yield from awk.values(nodes)
    whole = text(values[0])
    start = math.trunc(max(-MAX_PLACE, min(number(values[1]), MAX_PLACE))) if len(values) > 1 else 1
    size = math.trunc(max(-MAX_PLACE, min(number(values[2]), MAX_PLACE))) if len(values) > 2 else len(whole)
    if start < 1:  # mawk 1.3.4 adds what is missing before the text, which POSIX would take away
        start, size = 1, size - start
    return whole[start - 1 : start - 1 + max(0, size)]


def _index(one: str, other: str) -> float:
    return float(one.find(other) + 1)


def _split(awk: Evaluator, nodes: list[Node]) -> Steps[Value]:
    whole = text((yield from awk.value(nodes[0])))
    separator = text(awk.scalar("FS"))
    if len(nodes) > 2:
        separator = nodes[2][1] if nodes[2][0] == "regex" else text((yield from awk.value(nodes[2])))
    array = awk.memory.array(nodes[1][1])
    awk.memory.empty(array)
    parts = yield from split(whole, separator)
    for place, part in enumerate(parts, 1):
        awk.memory.put(array, str(place), part)
        yield from turn()
    return float(len(parts))


def _substitution(times: int) -> Function:
    def call(awk: Evaluator, nodes: list[Node]) -> Steps[Value]:
        pattern = yield from awk.dynamic(nodes[0])
        new = encode(text((yield from awk.value(nodes[1]))))
        target: Node = nodes[2] if len(nodes) > 2 else ("field", ("number", 0.0))
        whole = encode(text((yield from awk.value(target))))
        changed, count = yield from _replaced(pattern, whole, new, times)
        if count:
            yield from awk.assign(target, decode(changed))
        return float(count)

    return call


def _replaced(pattern: Pattern, whole: bytes, new: bytes, times: int) -> Steps[tuple[bytes, int]]:
    found: list[bytes] = []
    at = count = size = 0
    while count < times and at <= len(whole) and size < MAX_TEXT:
        yield from turn()
        match = pattern.search(whole, at)
        if match is None:
            break
        piece = whole[at : match.start] + _filled(new, whole[match.start : match.end])
        count += 1
        at = match.end
        if match.start == match.end:
            piece += whole[at : at + 1]
            at += 1
        found.append(piece)
        size += len(piece)
    return b"".join(found) + whole[at:], count


def _filled(new: bytes, matched: bytes) -> bytes:
    r"""Return the replacement with & filled in; \& stands for itself."""
    times = MAX_TEXT // max(1, len(matched)) + 1
    return b"&".join(part.replace(b"&", matched, times) for part in new.split(rb"\&", times))[:MAX_TEXT]


def _match(awk: Evaluator, nodes: list[Node]) -> Steps[Value]:
    whole = text((yield from awk.value(nodes[0])))
    found = (yield from awk.dynamic(nodes[1])).search(encode(whole))
    start = float(len(decode(encode(whole)[: found.start])) + 1) if found else 0.0
    awk.memory.globals["RSTART"] = start
    awk.memory.globals["RLENGTH"] = float(found.end - found.start) if found else -1.0
    return start


def _sprintf(awk: Evaluator, nodes: list[Node]) -> Steps[Value]:
    values = yield from awk.values(nodes)
    return formatted(text(values[0]), values[1:]) if values else ""


def _system(awk: Evaluator, nodes: list[Node]) -> Steps[Value]:
    command = text((yield from awk.value(nodes[0])))
    return float((yield from awk.call.runner.subshell(command, ["sh"], awk.call.streams._replace(stdin=None))))


def _close(awk: Evaluator, nodes: list[Node]) -> Steps[Value]:
    return float((yield from awk.files.closed(text((yield from awk.value(nodes[0]))))))


def _fflush(_awk: Evaluator, _nodes: list[Node]) -> Steps[Value]:
    yield from ()
    return 0.0


def _rand(awk: Evaluator, _nodes: list[Node]) -> Steps[Value]:
    yield from ()
    awk.seed += 1
    return random.Random(awk.call.shell.pid * 7919 + awk.seed).random()  # noqa: S311  # awk's is none either


def _srand(awk: Evaluator, nodes: list[Node]) -> Steps[Value]:
    old = awk.seed
    awk.seed = integer((yield from awk.value(nodes[0]))) if nodes else awk.call.shell.now
    return float(old)


def _systime(awk: Evaluator, _nodes: list[Node]) -> Steps[Value]:
    yield from ()
    return float(awk.call.shell.now)


def _strftime(awk: Evaluator, nodes: list[Node]) -> Steps[Value]:
    values = yield from awk.values(nodes)
    layout = text(values[0])[:256] if values else "%a %b %e %H:%M:%S %Z %Y"
    moment = min(max(integer(values[1]), 0), 100_000_000_000) if len(values) > 1 else None
    return awk.call.shell.date(layout, moment)


BUILTINS: dict[str, Any] = {
    "length": _length,
    "substr": _substr,
    "index": _of_texts(_index),
    "split": _split,
    "sub": _substitution(1),
    "gsub": _substitution(MAX_REPLACED),
    "match": _match,
    "sprintf": _sprintf,
    "tolower": _of_texts(str.lower),
    "toupper": _of_texts(str.upper),
    "sin": _of_numbers(math.sin),
    "cos": _of_numbers(math.cos),
    "atan2": _of_numbers(math.atan2),
    "exp": _of_numbers(math.exp),
    "log": _of_numbers(lambda x: math.log(x) if x > 0 else -math.inf),
    "sqrt": _of_numbers(math.sqrt),
    "int": _of_numbers(math.trunc),
    "rand": _rand,
    "srand": _srand,
    "system": _system,
    "close": _close,
    "fflush": _fflush,
    "systime": _systime,
    "strftime": _strftime,
}
