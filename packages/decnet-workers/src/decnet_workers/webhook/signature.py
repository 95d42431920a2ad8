# SPDX-License-Identifier: MIT
"""Standard Webhooks signatures (standardwebhooks.com, symmetric scheme `v1`), and the secrets of these.

A secret is HMAC-SHA256(fleet's webhook key, endpoint id and generation). So none is stored in the database, a backup of
it reveals none, and a leaked one is replaced by incrementing the generation.
"""

import base64
import hmac
from pathlib import Path

from decnet_core.keys import read_or_create

_PREFIX = "whsec_"


def webhook_key(keys: Path) -> bytes:
    """Return the fleet's webhook key from the directory `keys`; raises decnet_core.keys.KeyFileError."""
    return read_or_create(keys / "webhook.key")


def secret_of(key: bytes, webhook_id: str, generation: int) -> bytes:
    """Return an endpoint's secret (32 bytes)."""
    return hmac.digest(key, f"webhook secret|{webhook_id}|{generation}".encode(), "sha256")


def written(secret: bytes) -> str:
    """Return the secret in the form given to receivers: `whsec_` and base64."""
    return _PREFIX + base64.b64encode(secret).decode("ascii")


def sign(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`; `timestamp` is seconds since the Unix epoch."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode("ascii")
