# SPDX-License-Identifier: MIT
"""A classic BPF program as one Python function, so that files are filtered as the kernel filters, and quickly.

Interpreting a program costs more than all else that is done for most packets. Jumps only lead forward, so that a
program is a tree of ifs once what several jumps share is written out for each of them. The text that is compiled has
nothing in it but the program's numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from decnet_sniff.sniff.bpf import ANCILLARY, AND, JA, JEQ, JGE, JGT, JSET, RET, SIZES, Program
from decnet_sniff.sniff.link import Buffer

Accept = Callable[[Buffer, int, int], int]
"""(buffer, start, end) of a packet: how many bytes of it are accepted."""

LONGEST: Final = 10_000
"""Lines; a program whose jumps share so much is not worth it."""

_OPERATORS: Final = {JEQ: "==", JGT: ">", JGE: ">=", JSET: "&"}


def compiled(program: Program) -> Accept:
    """Return the program as a function; ValueError when it would be too long."""
    lines = ["def accept(buffer, start, end):", "    a = 0"]
    _write(program, 0, 1, 0, lines)
    scope: dict[str, Any] = {}
    exec(compile("\n".join(lines), "<bpf>", "exec"), scope)  # noqa: S102  # made of numbers, by the lines below
    accept: Accept = scope["accept"]
    return accept


def _write(program: Program, place: int, depth: int, known: int, lines: list[str]) -> None:
    """Write what follows from instruction `place` on; the packet is known to have `known` bytes."""
    indent = "    " * depth
    while True:
        if len(lines) > LONGEST:
            raise ValueError("the program is too entangled to be written as ifs")
        code, true, false, k = program[place]
        place += 1
        if code == RET:
            lines.append(f"{indent}return {k}")
            return
        if code in SIZES:
            if k < ANCILLARY and k + SIZES[code] > known:
                known = k + SIZES[code]
                lines.append(f"{indent}if start + {known} > end: return 0")
            lines.append(f"{indent}a = {_load(k, SIZES[code])}")
        elif code == AND:
            lines.append(f"{indent}a &= {k}")
        elif code == JA:
            place += k
        else:
            lines.append(f"{indent}if a {_OPERATORS[code]} {k}:")
            _write(program, place + true, depth + 1, known, lines)
            place += false


def _load(k: int, size: int) -> str:
    if k >= ANCILLARY:
        return "0"
    terms = [f"buffer[start + {k + at}] << {8 * (size - 1 - at)}" for at in range(size - 1)]
    return " | ".join([*terms, f"buffer[start + {k + size - 1}]"])
