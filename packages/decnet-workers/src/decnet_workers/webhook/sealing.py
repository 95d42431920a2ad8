# SPDX-License-Identifier: MIT
"""Encrypts an endpoint's URL and token with the fleet's webhook key, so that no copy of the database reveals them.

Authenticated encryption of HMAC-SHA256 alone: the text is XORed with HMAC(key, nonce, counter), and a second key
authenticates endpoint, nonce and the result (encrypt-then-MAC). Each sealed text has a fresh nonce of 16 random bytes.
A library of ciphers would cost the worker some MiB, and these texts are short and few.
"""

import base64
import hmac
import secrets

import msgspec

from decnet_workers.errors import WorkersError

_NONCE = 16
_BLOCK = _TAG = 32


class SealError(WorkersError):
    """What was sealed cannot be opened: another key, another endpoint, or changed since."""


class Secrets(msgspec.Struct, frozen=True):
    """What is sealed."""

    url: str
    token: str = ""


def seal(key: bytes, webhook_id: str, kept: Secrets) -> str:
    """Return `kept` encrypted for this endpoint."""
    nonce = secrets.token_bytes(_NONCE)
    hidden = _xored(key, nonce, msgspec.json.encode(kept))
    return base64.b64encode(nonce + _tag(key, webhook_id, nonce + hidden) + hidden).decode("ascii")


def unseal(key: bytes, webhook_id: str, sealed: str) -> Secrets:
    """Return what was sealed; raises SealError."""
    try:
        data = base64.b64decode(sealed, validate=True)
        nonce, tag, hidden = data[:_NONCE], data[_NONCE : _NONCE + _TAG], data[_NONCE + _TAG :]
        if hmac.compare_digest(tag, _tag(key, webhook_id, nonce + hidden)):
            return msgspec.json.decode(_xored(key, nonce, hidden), type=Secrets)
    except ValueError as error:  # also msgspec's
        raise SealError(_REASON) from error
    raise SealError(_REASON)


_REASON = "its URL and token cannot be decrypted with keys/webhook.key: decnet webhook edit them, or restore the key"


def _xored(key: bytes, nonce: bytes, text: bytes) -> bytes:
    encrypting = hmac.digest(key, b"webhook sealing: encrypt", "sha256")
    count = -(-len(text) // _BLOCK)
    stream = b"".join(hmac.digest(encrypting, nonce + number.to_bytes(8, "big"), "sha256") for number in range(count))
    return bytes(one ^ other for one, other in zip(text, stream, strict=False))


def _tag(key: bytes, webhook_id: str, data: bytes) -> bytes:
    authenticating = hmac.digest(key, b"webhook sealing: authenticate", "sha256")
    return hmac.digest(authenticating, webhook_id.encode() + b"\0" + data, "sha256")
