# SPDX-License-Identifier: MIT
"""Digests of what was shown: who changes or removes something sends the digest of the state that he saw."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import msgspec

from decnet_web.api.problems import Problem


def digest_of(value: Any) -> str:
    """Return the digest of a struct."""
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()[:32]


def refuse_changed(value: Any, digest: str, what: str) -> None:
    """Raise Problem 409 unless `digest` is that of the value as it is now."""
    if not hmac.compare_digest(digest_of(value).encode(), digest.encode("utf-8", "replace")):
        raise Problem(409, "Changed meanwhile", f"{what} is not as you have seen it any more; look at it again")
