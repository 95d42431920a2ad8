# SPDX-License-Identifier: MIT
"""AES-128 (FIPS 197) and opening GCM (NIST SP 800-38D) in plain Python, where no libcrypto is to be had.

Only the encrypting direction exists: counter mode needs no other. Tables are made at import, in two milliseconds.
"""

from __future__ import annotations

import hmac
import struct
from functools import lru_cache

_WORDS = struct.Struct(">4I")
_ROUND_KEYS = 44


class PythonAes:
    """AES-128 in about two milliseconds a packet."""

    def encrypt_block(self, key: bytes, block: bytes) -> bytes:
        """Return the block, encrypted."""
        return _encrypt(_expanded(key), *_WORDS.unpack(block))

    def open_gcm(self, key: bytes, nonce: bytes, sealed: bytes, associated: bytes) -> bytes | None:
        """Return what `sealed` holds, None if its tag does not fit."""
        if len(sealed) < 16:
            return None
        text, tag = sealed[:-16], sealed[-16:]
        words = _expanded(key)
        a, b, c = struct.unpack(">3I", nonce)
        mask = int.from_bytes(_encrypt(words, a, b, c, 1), "big")
        expected = mask ^ _ghash(_encrypt(words, 0, 0, 0, 0), associated, text)
        if not hmac.compare_digest(expected.to_bytes(16, "big"), tag):
            return None
        blocks = -(-len(text) // 16)
        stream = b"".join(_encrypt(words, a, b, c, number) for number in range(2, blocks + 2))
        plain = int.from_bytes(text, "big") ^ int.from_bytes(stream[: len(text)], "big")
        return plain.to_bytes(len(text), "big")


def _doubled(value: int) -> int:
    """Multiply by x in the field of AES."""
    return value << 1 ^ 0x11B if value & 0x80 else value << 1


def _substitution() -> list[int]:
    """Return the S-box, from its definition (FIPS 197, 5.1.1): walk the field by 3 and by its inverse at once."""
    box = [0x63] * 256
    power = inverse = 1
    while True:
        power ^= _doubled(power)
        for shift in (1, 2, 4):
            inverse ^= inverse << shift
        inverse &= 0xFF
        inverse ^= 0x09 if inverse & 0x80 else 0
        spread = inverse * 0x0101
        box[power] = (inverse ^ spread >> 7 ^ spread >> 6 ^ spread >> 5 ^ spread >> 4) & 0xFF ^ 0x63
        if power == 1:
            return box


_BOX = _substitution()
_T0 = [_doubled(s) << 24 | s << 16 | s << 8 | (_doubled(s) ^ s) for s in _BOX]
_T1 = [t >> 8 | (t & 0xFF) << 24 for t in _T0]
_T2 = [t >> 8 | (t & 0xFF) << 24 for t in _T1]
_T3 = [t >> 8 | (t & 0xFF) << 24 for t in _T2]
"""SubBytes, ShiftRows and MixColumns of one byte in one look-up (Daemen and Rijmen, "AES Proposal", 5.2.1)."""


@lru_cache(maxsize=64)
def _expanded(key: bytes) -> tuple[int, ...]:
    words = list(_WORDS.unpack(key))
    constant = 1
    for at in range(4, _ROUND_KEYS):
        word = words[-1]
        if at % 4 == 0:
            word = (word << 8 | word >> 24) & 0xFFFFFFFF
            word = _substituted(word, word, word, word) ^ constant << 24
            constant = _doubled(constant)
        words.append(words[at - 4] ^ word)
    return tuple(words)


def _substituted(a: int, b: int, c: int, d: int) -> int:
    """Return the S-box of the first byte of `a`, the second of `b`, ..."""
    return _BOX[a >> 24] << 24 | _BOX[b >> 16 & 255] << 16 | _BOX[c >> 8 & 255] << 8 | _BOX[d & 255]


def _encrypt(words: tuple[int, ...], a: int, b: int, c: int, d: int) -> bytes:
    a, b, c, d = a ^ words[0], b ^ words[1], c ^ words[2], d ^ words[3]
    for at in range(4, 40, 4):
        a, b, c, d = (
            _T0[a >> 24] ^ _T1[b >> 16 & 255] ^ _T2[c >> 8 & 255] ^ _T3[d & 255] ^ words[at],
            _T0[b >> 24] ^ _T1[c >> 16 & 255] ^ _T2[d >> 8 & 255] ^ _T3[a & 255] ^ words[at + 1],
            _T0[c >> 24] ^ _T1[d >> 16 & 255] ^ _T2[a >> 8 & 255] ^ _T3[b & 255] ^ words[at + 2],
            _T0[d >> 24] ^ _T1[a >> 16 & 255] ^ _T2[b >> 8 & 255] ^ _T3[c & 255] ^ words[at + 3],
        )
    return _WORDS.pack(
        _substituted(a, b, c, d) ^ words[40],
        _substituted(b, c, d, a) ^ words[41],
        _substituted(c, d, a, b) ^ words[42],
        _substituted(d, a, b, c) ^ words[43],
    )


def _ghash(subkey: bytes, associated: bytes, text: bytes) -> int:
    """Return GHASH (SP 800-38D, 6.4) of associated data and ciphertext, as a number whose first bit is the highest."""
    powers = _multiples(subkey)
    lengths = struct.pack(">2Q", 8 * len(associated), 8 * len(text))
    state = 0
    for part in (associated, text, lengths):
        for at in range(0, len(part), 16):
            state = _product(powers, state ^ int.from_bytes(part[at : at + 16].ljust(16, b"\0"), "big"))
    return state


def _multiples(subkey: bytes) -> list[int]:
    """Return the subkey times each element of four bits (Shoup's table; McGrew and Viega, "GCM", 4.1)."""
    table = [0] * 16
    value = int.from_bytes(subkey, "big")
    for bit in (8, 4, 2, 1):
        table[bit] = value
        value = value >> 1 ^ (0xE1 << 120 if value & 1 else 0)
    for index in range(16):
        table[index] = table[index & 8] ^ table[index & 4] ^ table[index & 2] ^ table[index & 1]
    return table


def _reductions() -> list[int]:
    """Return what must be added for each four bits that a shift by four drops."""
    table = []
    for value in range(16):
        for _ in range(4):
            value = value >> 1 ^ (0xE1 << 120 if value & 1 else 0)  # noqa: PLW2901  # shifted in place
        table.append(value)
    return table


_REDUCED = _reductions()


def _product(table: list[int], value: int) -> int:
    """Return `value` times the subkey of the table."""
    result = 0
    for _ in range(32):
        result = result >> 4 ^ _REDUCED[result & 15] ^ table[value & 15]
        value >>= 4
    return result
