# SPDX-License-Identifier: MIT
"""AES-128 for the Initial packets of QUIC: OpenSSL's libcrypto through `ctypes` (1.1.1 and 3, EVP_EncryptInit(3)).

One block for the header's mask, GCM to open the payload. Two ways were measured (CPython 3.13, x86-64, a process that
holds asyncio and hashlib; a packet of 1,200 bytes):

| way                        | resident  | time per packet |
|----------------------------|-----------|-----------------|
| libcrypto through `ctypes` | + 0.2 MiB | 23 us           |
| the package `cryptography` | + 7.0 MiB | 19 us           |

So it is libcrypto, the very library that `hashlib` already has in memory. Where the interpreter has its OpenSSL built
in and the machine has no library, QUIC is not read: the worker says so when it starts and counts the packets.
"""

import ctypes
from ctypes import byref, c_char_p, c_int, c_void_p

LIBRARIES = ("libcrypto.so.3", "libcrypto.so.1.1")
"""Names under which the loader finds it, newest first; `find_library` would run a compiler."""

TAG_BYTES = 16

_SET_TAG = 0x11  # EVP_CTRL_AEAD_SET_TAG


class Aes:
    """AES-128 with one context per cipher, used again for each packet: a worker is one thread."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        library.EVP_CIPHER_CTX_new.restype = c_void_p
        library.EVP_aes_128_ecb.restype = c_void_p
        library.EVP_aes_128_gcm.restype = c_void_p
        for start in (library.EVP_EncryptInit_ex, library.EVP_DecryptInit_ex):
            start.argtypes = (c_void_p, c_void_p, c_void_p, c_char_p, c_char_p)
        for step in (library.EVP_EncryptUpdate, library.EVP_DecryptUpdate):
            step.argtypes = (c_void_p, c_char_p, c_void_p, c_char_p, c_int)
        library.EVP_CIPHER_CTX_ctrl.argtypes = (c_void_p, c_int, c_int, c_char_p)
        library.EVP_DecryptFinal_ex.argtypes = (c_void_p, c_char_p, c_void_p)
        self._ecb, self._gcm = library.EVP_aes_128_ecb(), library.EVP_aes_128_gcm()
        self._block, self._opener = library.EVP_CIPHER_CTX_new(), library.EVP_CIPHER_CTX_new()

    def encrypt_block(self, key: bytes, block: bytes) -> bytes:
        """Return the block of 16 bytes, encrypted with a key of 16."""
        out, size = ctypes.create_string_buffer(32), c_int()
        self._library.EVP_EncryptInit_ex(self._block, self._ecb, None, key, None)
        self._library.EVP_EncryptUpdate(self._block, out, byref(size), block, len(block))
        return out.raw[:16]

    def open_gcm(self, key: bytes, nonce: bytes, sealed: bytes, associated: bytes) -> bytes | None:
        """Return the plaintext of `sealed` (tag: last 16 bytes; nonce: 12 bytes), None if the tag does not match."""
        length = len(sealed) - TAG_BYTES
        if length < 0:
            return None
        library, context = self._library, self._opener
        out, size = ctypes.create_string_buffer(length + TAG_BYTES), c_int()
        library.EVP_DecryptInit_ex(context, self._gcm, None, key, nonce)
        library.EVP_DecryptUpdate(context, None, byref(size), associated, len(associated))
        library.EVP_DecryptUpdate(context, out, byref(size), sealed, length)
        library.EVP_CIPHER_CTX_ctrl(context, _SET_TAG, TAG_BYTES, sealed[length:])
        fits = library.EVP_DecryptFinal_ex(context, None, byref(size)) == 1
        return out.raw[:length] if fits else None


def load() -> Aes | None:
    """Return AES from the first library of this machine that has these functions, None without one."""
    for name in LIBRARIES:
        try:
            return Aes(ctypes.CDLL(name))
        except (OSError, AttributeError):
            continue
    return None
