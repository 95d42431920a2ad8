# SPDX-License-Identifier: MIT
"""A classic BPF program as a Python function, so that files are filtered as the kernel filters, and quickly.

Interpreting a program costs more than all else that is done for most packets. Jumps only lead forward, so that the
program is a tree of ifs; where several jumps lead to the same instructions, these become a function of their own. The
text that is compiled has nothing in it but the program's numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from decnet_sniff.sniff.capture.bpf import ANCILLARY, AND, CONDITIONS, JA, JEQ, JGE, JGT, JSET, RET, SIZES, Program
from decnet_sniff.sniff.packets.link import Buffer

Accept = Callable[[Buffer, int, int], int]
"""(buffer, start, end) of a packet: how many bytes of it are accepted."""

_OPERATORS: Final = {JEQ: "==", JGT: ">", JGE: ">=", JSET: "&"}


def compiled(program: Program) -> Accept:
    """Return the program as a function."""
    shared = _shared(program)
    lines = ["def accept(buffer, start, end, a=0):"]
    _write(program, 0, shared, lines)
    for place in sorted(shared):
        lines.append(f"def from{place}(buffer, start, end, a):")
        _write(program, place, shared, lines)
    scope: dict[str, Any] = {}
    exec(compile("\n".join(lines), "<bpf>", "exec"), scope)  # noqa: S102  # made of numbers, by the lines below
    accept: Accept = scope["accept"]
    return accept


def _shared(program: Program) -> frozenset[int]:
    """Return the instructions that more than one leads to; to end is too short to be shared."""
    reached: Counter[int] = Counter()
    for number, (code, true, false, k) in enumerate(program, 1):
        if code in CONDITIONS:
            reached.update((number + true, number + false))
        elif code != RET:
            reached[number + k if code == JA else number] += 1
    return frozenset(place for place, times in reached.items() if times > 1 and program[place].code != RET)


def _write(program: Program, begin: int, shared: frozenset[int], lines: list[str]) -> None:
    """Write what follows from instruction `begin` on."""
    waiting = [(begin, 1, 0)]
    while waiting:  # the innermost if is finished first; what follows it stands behind it
        place, depth, known = waiting.pop()
        indent = "    " * depth
        while place == begin or place not in shared:
            code, true, false, k = program[place]
            place += 1
            if code == RET:
                lines.append(f"{indent}return {k}")
                break
            if code in SIZES:
                if k < ANCILLARY and k + SIZES[code] > known:  # the packet is not known to be so long
                    known = k + SIZES[code]
                    lines.append(f"{indent}if start + {known} > end: return 0")
                lines.append(f"{indent}a = {_load(k, SIZES[code])}")
            elif code == AND:
                lines.append(f"{indent}a &= {k}")
            elif code == JA:
                place += k
            else:
                lines.append(f"{indent}if a {_OPERATORS[code]} {k}:")
                waiting += [(place + false, depth, known), (place + true, depth + 1, known)]
                break
        else:
            lines.append(f"{indent}return from{place}(buffer, start, end, a)")


def _load(k: int, size: int) -> str:
    if k >= ANCILLARY:
        return "0"
    terms = [f"buffer[start + {k + at}] << {8 * (size - 1 - at)}" for at in range(size - 1)]
    return " | ".join([*terms, f"buffer[start + {k + size - 1}]"])
