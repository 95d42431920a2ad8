# SPDX-License-Identifier: MIT
"""Hashes of passwords as crypt(5) has them: MD5 ($1$, $apr1$), SHA-256 ($5$) and SHA-512 ($6$), a turn at a time.

By the descriptions of Poul-Henning Kamp (md5crypt) and Ulrich Drepper (SHA-crypt, version 0.6), with 5,000 rounds.
"""

import hashlib
import os
from typing import Any

from decnet_decoys.shell.effects import Steps, turn

_ALPHABET = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ROUNDS = 5000
_ROUNDS_OF_MD5 = 1000
_AT_ONCE = 100
"""Rounds in one go: some tenths of a millisecond."""


def drawn_salt(kind: str) -> str:
    """Return a random salt of the length that programs choose for a kind of hash."""
    return "".join(chr(_ALPHABET[byte & 63]) for byte in os.urandom(16 if kind in ("5", "6") else 8))


def crypted(password: bytes, salt: bytes, kind: str) -> Steps[str]:
    """Return the field of a password; `kind` is what stands between its first dollar signs."""
    if kind in ("1", "apr1"):
        return (yield from _by_md5(password, salt[:8], kind.encode()))
    return (yield from _by_sha(password, salt[:16], hashlib.sha512 if kind == "6" else hashlib.sha256, kind.encode()))


def _by_md5(password: bytes, salt: bytes, kind: bytes) -> Steps[str]:
    magic = b"$" + kind + b"$"
    inner = hashlib.md5(password + salt + password).digest()  # noqa: S324  # what md5crypt is made of
    first = hashlib.md5(password + magic + salt + _repeated(inner, len(password)))  # noqa: S324
    length = len(password)
    while length:
        first.update(b"\0" if length & 1 else password[:1])
        length >>= 1
    digest = first.digest()
    for number in range(_ROUNDS_OF_MD5):
        digest = hashlib.md5(_mixed(number, digest, password, salt)).digest()  # noqa: S324
        if number % _AT_ONCE == 0:
            yield from turn()
    order = [(0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5)]
    text = b"".join(_digits(bytes(digest[at] for at in three), 4) for three in order)
    return (magic + salt + b"$" + text + _digits(b"\0\0" + digest[11:12], 2)).decode("latin-1")


def _by_sha(password: bytes, salt: bytes, digest_of: Any, kind: bytes) -> Steps[str]:
    inner = digest_of(password + salt + password).digest()
    first = digest_of(password + salt + _repeated(inner, len(password)))
    length = len(password)
    while length:
        first.update(inner if length & 1 else password)
        length >>= 1
    digest = first.digest()
    own = _repeated(digest_of(password * len(password)).digest(), len(password))
    salted = _repeated(digest_of(salt * (16 + digest[0])).digest(), len(salt))
    for number in range(_ROUNDS):
        digest = digest_of(_mixed(number, digest, own, salted)).digest()
        if number % _AT_ONCE == 0:
            yield from turn()
    return (b"$" + kind + b"$" + salt + b"$" + _ordered(digest)).decode("latin-1")


def _mixed(number: int, digest: bytes, password: bytes, salt: bytes) -> bytes:
    """Return what a round digests."""
    odd = number & 1
    middle = (salt if number % 3 else b"") + (password if number % 7 else b"")
    return (password if odd else digest) + middle + (digest if odd else password)


def _repeated(data: bytes, size: int) -> bytes:
    return (data * (size // len(data) + 1))[:size]


def _ordered(digest: bytes) -> bytes:
    """Return a digest's digits in the order of SHA-crypt: three bytes at a time, from each third."""
    size = len(digest)
    third, last = size // 3, size % 3
    turns = [(0, third, 2 * third), (third, 2 * third, 0), (2 * third, 0, third)]
    found = b""
    for number in range(third):
        order = turns[number % 3] if size == 64 else turns[-number % 3]
        found += _digits(bytes(digest[at + number] for at in order), 4)
    rest = digest[-last:][::-1]
    return found + _digits(b"\0" * (3 - last) + rest, 2 if last == 1 else 3)


def _digits(three: bytes, count: int) -> bytes:
    value = int.from_bytes(three, "big")
    return bytes(_ALPHABET[value >> 6 * place & 63] for place in range(count))
