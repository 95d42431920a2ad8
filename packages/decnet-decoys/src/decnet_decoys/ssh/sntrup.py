# SPDX-License-Identifier: MIT
"""Streamlined NTRU Prime sntrup761, the encapsulating half: a server's part in sntrup761x25519-sha512@openssh.com.

OpenSSH 8.9 and 9.2 offer this key exchange (draft-josefsson-ntruprime-ssh); a decky that claims to be one and does not
is recognised by its HASSH at once. asyncssh has it only with liboqs. A server never makes a key pair, the
slow part; it multiplies one polynomial, here as one product of big integers (Kronecker substitution): 7 ms in all.
The scheme is that of "NTRU Prime: round 3" (Bernstein et al., 2020). A decoy's session needs no secrecy, so nothing
here is constant-time.
"""

import hashlib
import secrets
from typing import Any

P, Q, W = 761, 4591, 286
PUBLIC_BYTES, CIPHERTEXT_BYTES, SECRET_BYTES = 1158, 1039, 32

_HALF = (Q - 1) // 2
_LIMIT = 16384
_SLOT = 4
"""Bytes of one coefficient in a big integer: no sum of a product exceeds W * Q."""


def encapsulate(public: bytes) -> tuple[bytes, bytes]:
    """Return the shared secret and the ciphertext for a public key; raises ValueError for a wrong length."""
    if len(public) != PUBLIC_BYTES:
        raise ValueError(f"a public key has {PUBLIC_BYTES} bytes, not {len(public)}")
    chosen = random_short()
    key = [value - _HALF for value in decode(public, [Q] * P)]
    rounded = [_nearest_multiple_of_3(value) for value in _product(key, chosen)]
    plain = _small_encoded(chosen)
    hidden = encode([(value + _HALF) // 3 for value in rounded], [(Q + 2) // 3] * P)
    confirmation = _hash(2, _hash(3, plain) + _hash(4, public))
    ciphertext = hidden + confirmation
    return _hash(1, _hash(3, plain) + ciphertext), ciphertext


def random_short() -> list[int]:
    """Return a random polynomial with W coefficients of -1 or 1 and all others 0."""
    chosen = [0] * P
    for place in secrets.SystemRandom().sample(range(P), W):
        chosen[place] = secrets.choice((-1, 1))
    return chosen


def _nearest_multiple_of_3(value: int) -> int:
    return (value + 1) // 3 * 3


def _product(key: list[int], short: list[int]) -> list[int]:
    """Return key * short modulo x^P - x - 1 and Q, coefficients from -HALF to HALF."""
    lifted = _packed([value % Q for value in key])
    plus = _unpacked(lifted * _packed([int(value == 1) for value in short]))
    minus = _unpacked(lifted * _packed([int(value == -1) for value in short]))
    whole = [a - b for a, b in zip(plus, minus, strict=True)]
    for place in range(len(whole) - 1, P - 1, -1):
        whole[place - P] += whole[place]
        whole[place - P + 1] += whole[place]
    return [(value + _HALF) % Q - _HALF for value in whole[:P]]


def _packed(values: list[int]) -> int:
    return int.from_bytes(b"".join(value.to_bytes(_SLOT, "little") for value in values), "little")


def _unpacked(number: int) -> list[int]:
    data = number.to_bytes(2 * P * _SLOT, "little")
    return [int.from_bytes(data[at : at + _SLOT], "little") for at in range(0, len(data), _SLOT)]


def _small_encoded(short: list[int]) -> bytes:
    """Return the coefficients plus one, two bits each."""
    padded = [*(value + 1 for value in short), *[0] * (-P % 4)]
    return bytes(sum(padded[at + k] << 2 * k for k in range(4)) for at in range(0, len(padded), 4))


def _hash(prefix: int, data: bytes) -> bytes:
    return hashlib.sha512(bytes([prefix]) + data).digest()[:32]


def encode(values: list[int], sizes: list[int]) -> bytes:
    """Return `values`, each below its size, as bytes: pairs are merged level by level (paper, "Encode")."""
    found = bytearray()
    while len(values) > 1:
        merged, merged_sizes = [], []
        for at in range(0, len(values) - 1, 2):
            value, size = values[at] + sizes[at] * values[at + 1], sizes[at] * sizes[at + 1]
            while size >= _LIMIT:
                found.append(value & 255)
                value, size = value >> 8, (size + 255) >> 8
            merged.append(value)
            merged_sizes.append(size)
        odd = len(values) - len(values) % 2
        values, sizes = merged + values[odd:], merged_sizes + sizes[odd:]
    value, size = values[0], sizes[0]
    while size > 1:
        found.append(value & 255)
        value, size = value >> 8, (size + 255) >> 8
    return bytes(found)


def decode(data: bytes, sizes: list[int]) -> list[int]:
    """Return the values that `encode` wrote; any bytes of the right length give values below their sizes."""
    if len(sizes) == 1:
        return [int.from_bytes(data, "little") % sizes[0]]
    low, merged_sizes, at = [], [], 0
    for place in range(0, len(sizes) - 1, 2):
        size, value, scale = sizes[place] * sizes[place + 1], 0, 1
        while size >= _LIMIT:
            value, scale, at = value + data[at] * scale, scale << 8, at + 1
            size = (size + 255) >> 8
        low.append((value, scale))
        merged_sizes.append(size)
    odd = len(sizes) - len(sizes) % 2
    high = decode(data[at:], merged_sizes + sizes[odd:])
    values: list[int] = []
    for place, (value, scale) in enumerate(low):
        whole = value + scale * high[place]
        first, second = sizes[2 * place], sizes[2 * place + 1]
        values += [whole % first, whole // first % second]
    return values + high[len(low) :]


class Sntrup761:
    """The key exchange's post-quantum part as asyncssh asks for it."""

    pubkey_bytes = PUBLIC_BYTES
    ciphertext_bytes = CIPHERTEXT_BYTES

    def __init__(self, _name: bytes) -> None:
        pass

    def encaps(self, public: bytes) -> tuple[bytes, bytes]:
        """Return the secret and the ciphertext; raises ValueError."""
        return encapsulate(public)


def register() -> bool:
    """Make asyncssh offer sntrup761x25519-sha512 where it cannot by itself; False when it has no place for it."""
    from asyncssh import kex, kex_dh
    from asyncssh.crypto import Curve25519DH

    names = (b"sntrup761x25519-sha512@openssh.com", b"sntrup761x25519-sha512")
    handler: Any = getattr(kex_dh, "_KexHybridECDH", None)
    if handler is None:
        return False
    for name in names:
        if name not in kex.get_kex_algs():
            arguments = (Sntrup761, b"sntrup761", Curve25519DH)
            kex.register_kex_alg(name, handler, hashlib.sha512, arguments, False)
    return True
