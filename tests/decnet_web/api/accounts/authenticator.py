# SPDX-License-Identifier: MIT
"""A software authenticator: makes credentials and signs with them as a browser would hand it on (WebAuthn, level 3)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

USER_PRESENT, USER_VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


class Authenticator:
    """One device with one credential."""

    def __init__(self, origin: str, *, verifies: bool = True) -> None:
        self.origin = origin
        self.count = 0
        self._verifies = verifies
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._id = secrets.token_bytes(32)
        self._user = b""

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return what `navigator.credentials.create(...)` and `toJSON()` do."""
        self._user = _decoded(options["user"]["id"])
        attested = bytes(16) + len(self._id).to_bytes(2, "big") + self._id + cbor2.dumps(self._public())
        data = self._data(options["rp"]["id"], ATTESTED) + attested
        return {
            "id": _encoded(self._id),
            "rawId": _encoded(self._id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": _encoded(self._client("webauthn.create", options["challenge"])),
                "attestationObject": _encoded(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
                "transports": ["internal", "hybrid"],
            },
        }

    def sign(self, options: dict[str, Any], *, user: bytes | None = None) -> dict[str, Any]:
        """Return what `navigator.credentials.get(...)` and `toJSON()` do."""
        self.count += 1
        data = self._data(options["rpId"])
        client = self._client("webauthn.get", options["challenge"])
        signature = self._key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return {
            "id": _encoded(self._id),
            "rawId": _encoded(self._id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": _encoded(client),
                "authenticatorData": _encoded(data),
                "signature": _encoded(signature),
                "userHandle": _encoded(self._user if user is None else user),
            },
        }

    def _data(self, host: str, flags: int = 0) -> bytes:
        flags |= USER_PRESENT | (USER_VERIFIED if self._verifies else 0)
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _public(self) -> dict[int, Any]:
        numbers = self._key.public_key().public_numbers()
        return {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
