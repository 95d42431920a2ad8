# SPDX-License-Identifier: MIT
"""MD5 and SHA-256 as hexadecimal: by the interpreter's own code where it was built with it, else by OpenSSL's.

`hashlib` takes OpenSSL's, whose first use reads a megabyte of libcrypto, and whose MD5 of a few hundred bytes takes 1.6
times as long. The standard library takes its own in the same way, for `random`. MD5 protects nothing here: by it the
field names what it has seen (JA3, HASSH).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

Method = Callable[[bytes], Any]
Digest = Callable[[bytes], str]


def own() -> tuple[Method, Method]:
    """Return the interpreter's MD5 and SHA-256; raises ImportError if it was built without them."""
    from _md5 import md5  # type: ignore[import-not-found]  # typeshed has none of these

    try:
        from _sha2 import sha256  # type: ignore[import-not-found]  # as above
    except ImportError:  # Python 3.11
        from _sha256 import sha256  # type: ignore[import-not-found]  # as above
    return md5, sha256


def openssls() -> tuple[Method, Method]:
    """Return those of hashlib."""
    import hashlib

    return partial(hashlib.md5, usedforsecurity=False), hashlib.sha256


def hexadecimal(method: Method) -> Digest:
    def digest(data: bytes) -> str:
        found: str = method(data).hexdigest()
        return found

    return digest


try:
    _methods = own()
except ImportError:
    _methods = openssls()
md5, sha256 = map(hexadecimal, _methods)
