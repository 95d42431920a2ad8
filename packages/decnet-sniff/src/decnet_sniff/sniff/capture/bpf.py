# SPDX-License-Identifier: MIT
"""Classic BPF, the kernel's packet filter (Linux: Documentation/networking/filter.rst; McCanne and Jacobson 1993).

A program is written as a list of instructions whose jumps name labels, and assembled to the four numbers per
instruction that SO_ATTACH_FILTER takes. A load beyond the packet's end rejects the packet. Only the instructions that
our filter needs are here.
"""

import struct
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

LD_W, LD_H, LD_B = 0x20, 0x28, 0x30
"""A = packet[k : k + 4, 2, 1], big-endian."""
AND = 0x54
"""A &= k."""
JEQ = 0x15
"""Jump by A == k."""
JA = 0x05
RET = 0x06
"""Accept k bytes of the packet; 0 rejects it."""

WHOLE: Final = 0x40000
"""More bytes than a packet has."""

ANCILLARY: Final = 0xFFFFF000
"""Loads from here on query packet metadata (SKF_AD_OFF)."""
PACKET_TYPE: Final = ANCILLARY + 4
OUTGOING: Final = 4
"""The packet type of outgoing packets (PACKET_OUTGOING)."""

LARGEST: Final = 4096
"""Instructions the kernel takes (BPF_MAXINSNS)."""


class Instruction(NamedTuple):
    """One assembled instruction: struct sock_filter."""

    code: int
    true: int
    """How many instructions to skip when the condition holds."""
    false: int
    k: int


class Statement(NamedTuple):
    """One instruction as written: jumps name labels, an empty label is the next instruction."""

    code: int
    k: int = 0
    true: str = ""
    false: str = ""
    label: str = ""


Program = tuple[Instruction, ...]


def assemble(steps: Sequence[Statement]) -> Program:
    """Return the program; ValueError for an unknown label, a jump backwards or too far, or too many instructions."""
    places = {step.label: number for number, step in enumerate(steps) if step.label}
    if len(steps) > LARGEST:
        raise ValueError(f"{len(steps)} instructions are more than the kernel takes")
    return tuple(_instruction(number, step, places) for number, step in enumerate(steps))


def _instruction(number: int, step: Statement, places: dict[str, int]) -> Instruction:
    def distance(label: str) -> int:
        if not label:
            return 0
        if (target := places.get(label, -1)) <= number:
            raise ValueError(f"{label!r} is no label behind instruction {number}")
        return target - number - 1

    if step.code == JA:
        return Instruction(JA, 0, 0, distance(step.true))
    true, false = distance(step.true), distance(step.false)
    if max(true, false) > 255:
        raise ValueError(f"instruction {number} jumps further than 255")
    return Instruction(step.code, true, false, step.k)


def packed(program: Iterable[Instruction]) -> bytes:
    """Return the array of struct sock_filter."""
    return b"".join(struct.pack("HBBI", *instruction) for instruction in program)
