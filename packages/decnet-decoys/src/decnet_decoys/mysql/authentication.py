# SPDX-License-Identifier: MIT
"""The responses with which clients prove that they know a password; pure.

What a client sends is made of the password and of the server's challenge, so a password is found only by trying it. A
response for which none is known is kept in the form that password crackers read.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable

NATIVE, CACHING_SHA2 = "mysql_native_password", "caching_sha2_password"
SALT_BYTES = 20
NATIVE_BYTES = hashlib.sha1().digest_size  # noqa: S324  # the protocol's
"""Of a response of mysql_native_password that is not empty."""


def challenge() -> bytes:
    """Return a salt: printable, without NUL, as the real servers'."""
    return bytes(secrets.choice(range(0x21, 0x7F)) for _ in range(SALT_BYTES))


def response(plugin: str, password: bytes, salt: bytes) -> bytes:
    """Return what a client that knows the password answers; nothing for an empty one."""
    if not password:
        return b""
    if plugin == CACHING_SHA2:
        once = hashlib.sha256(password).digest()
        mask = hashlib.sha256(hashlib.sha256(once).digest() + salt).digest()
    else:
        once = hashlib.sha1(password).digest()  # noqa: S324  # the protocol's
        mask = hashlib.sha1(salt + hashlib.sha1(once).digest()).digest()  # noqa: S324
    return bytes(one ^ two for one, two in zip(once, mask, strict=True))


def hashed(password: bytes) -> str:
    """Return what mysql_native_password keeps of a password, as PASSWORD() makes it; nothing of an empty one."""
    return "*" + hashlib.sha1(hashlib.sha1(password).digest()).hexdigest().upper() if password else ""  # noqa: S324


def is_hash(word: str) -> bool:
    """Whether it is what mysql_native_password keeps of a password."""
    return re.fullmatch(r"\*[0-9A-Fa-f]{40}", word) is not None


def kept(password: str) -> str:
    """Return what is kept of the password of an account, which may have been made with that alone."""
    return password.upper() if is_hash(password) else hashed(password.encode("utf-8", "surrogateescape"))


def proves(salt: bytes, given: bytes, kept: str) -> bool:
    """Whether a response of mysql_native_password was made of the password of which this is kept."""
    if len(given) != NATIVE_BYTES or not is_hash(kept):
        return False
    twice = bytes.fromhex(kept[1:])
    mask = hashlib.sha1(salt + twice).digest()  # noqa: S324
    once = bytes(one ^ two for one, two in zip(given, mask, strict=True))
    return secrets.compare_digest(hashlib.sha1(once).digest(), twice)  # noqa: S324


def found(plugin: str, salt: bytes, given: bytes, passwords: Iterable[str]) -> str | None:
    """Return the password that a response was made of, or what is kept of it; None if it is none of these."""
    for password in passwords:
        if secrets.compare_digest(response(plugin, password.encode(), salt), given):
            return password
        if plugin == NATIVE and proves(salt, given, password):
            return password
    return None


def for_crackers(plugin: str, salt: bytes, given: bytes) -> str:
    """Return challenge and response: as `$mysqlna$`, which john and hashcat (11200) read, or in that form."""
    kind = "mysqlna" if plugin == NATIVE else plugin
    return f"${kind}${salt.hex()}*{given.hex()}"


def unmasked(encrypted: bytes, salt: bytes) -> bytes:
    """Return the password of a decrypted answer of caching_sha2_password: masked by the salt, and ended by NUL."""
    mask = (salt + b"\0") * (len(encrypted) // (len(salt) + 1) + 1)
    return bytes(one ^ two for one, two in zip(encrypted, mask, strict=False)).partition(b"\0")[0]
