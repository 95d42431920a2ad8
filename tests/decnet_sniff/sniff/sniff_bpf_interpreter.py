# SPDX-License-Identifier: MIT
"""Classic BPF as the kernel runs it, instruction by instruction: what the filter for capture files is held against."""

from __future__ import annotations

from decnet_sniff.sniff.capture.bpf import ANCILLARY, AND, JA, JEQ, LD_B, LD_H, LD_W, RET, Program

SIZES = {LD_W: 4, LD_H: 2, LD_B: 1}


def interpret(program: Program, packet: bytes) -> int:
    """Return how many bytes of the packet the program accepts; 0: none.

    Ancillary loads are answered as for a packet that came in.
    """
    accumulator, place = 0, 0
    while True:
        code, true, false, k = program[place]
        place += 1
        if code == RET:
            return k
        if code in SIZES:
            if k >= ANCILLARY:
                accumulator = 0
            elif k + SIZES[code] > len(packet):
                return 0
            else:
                accumulator = int.from_bytes(packet[k : k + SIZES[code]], "big")
        elif code == AND:
            accumulator &= k
        elif code == JA:
            place += k
        else:
            assert code == JEQ
            place += true if accumulator == k else false
