# SPDX-License-Identifier: MIT
"""A compact set of port numbers: 8 KiB for all 65,536, where a set of integers would take 6 MB."""

FEW = 64
"""Up to this size a plain set is smaller than the bit set."""
BITS_COUNT = 128
"""The bit set takes as much memory as this many numbers."""


class Ports:
    """The ports that one source has probed."""

    __slots__ = ("_bits", "_count", "_few")

    def __init__(self) -> None:
        self._few: set[int] = set()
        self._bits: bytearray | None = None
        self._count = 0

    def __len__(self) -> int:
        return len(self._few) if self._bits is None else self._count

    @property
    def kept(self) -> int:
        """Its size, counted in numbers."""
        return len(self._few) if self._bits is None else BITS_COUNT

    def add(self, port: int) -> None:
        if self._bits is None:
            self._few.add(port)
            if len(self._few) > FEW:
                few, self._few, self._bits = self._few, set(), bytearray(8192)
                for number in few:
                    self._set(self._bits, number)
        else:
            self._set(self._bits, port)

    def _set(self, bits: bytearray, port: int) -> None:
        place, mask = port >> 3, 1 << (port & 7)
        if not bits[place] & mask:
            bits[place] |= mask
            self._count += 1

    def lowest(self, limit: int) -> tuple[int, ...]:
        if self._bits is None:
            return tuple(sorted(self._few)[:limit])
        ports: list[int] = []
        for place, byte in enumerate(self._bits):
            if len(ports) >= limit:
                break
            if byte:
                ports += [place << 3 | bit for bit in range(8) if byte >> bit & 1]
        return tuple(ports[:limit])
