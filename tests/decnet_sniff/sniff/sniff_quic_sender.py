# SPDX-License-Identifier: MIT
"""A sender of QUIC Initial packets, with another implementation of AES than those of the reader."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from decnet_sniff.sniff.quic.initial_keys import VERSION_1, VERSION_2, initial_keys


def varint(value: int) -> bytes:
    """RFC 9000, 16, in the shortest form."""
    for size, prefix in ((1, 0x00), (2, 0x40), (4, 0x80), (8, 0xC0)):
        if value < 1 << (8 * size - 2):
            data = bytearray(value.to_bytes(size, "big"))
            data[0] |= prefix
            return bytes(data)
    raise ValueError(value)


def crypto(offset: int, data: bytes) -> bytes:
    """A CRYPTO frame (RFC 9000, 19.6)."""
    return b"\x06" + varint(offset) + varint(len(data)) + data


def initial(
    payload: bytes,
    *,
    first: bytes,
    destination: bytes | None = None,
    source: bytes = b"",
    version: int = VERSION_1,
    server: bool = False,
    number: int = 0,
    token: bytes = b"",
    number_bytes: int = 2,
    fixed_bit: bool = True,
) -> bytes:
    """One protected Initial packet; the keys come from `first`, also the destination unless that is given.

    Without `fixed_bit` the second bit is clear, as RFC 9287 allows.
    """
    keys = initial_keys(version, first, server=server)
    payload = payload.ljust(4, b"\0")
    destination = first if destination is None else destination
    header = bytearray([0x80 | fixed_bit << 6 | (version == VERSION_2) << 4 | number_bytes - 1])
    header += version.to_bytes(4, "big")
    header += bytes([len(destination)]) + destination + bytes([len(source)]) + source + varint(len(token)) + token
    header += varint(number_bytes + len(payload) + 16) + number.to_bytes(number_bytes, "big")
    nonce = (int.from_bytes(keys.iv, "big") ^ number).to_bytes(12, "big")
    sealed = AESGCM(keys.key).encrypt(nonce, payload, bytes(header))
    sample = sealed[4 - number_bytes : 20 - number_bytes]
    mask = Cipher(algorithms.AES(keys.header), modes.ECB()).encryptor().update(sample)  # RFC 9001, 5.4.3
    header[0] ^= mask[0] & 0x0F
    for at in range(number_bytes):
        header[len(header) - number_bytes + at] ^= mask[1 + at]
    return bytes(header) + sealed
