# SPDX-License-Identifier: MIT
"""The URL of a redirect token names where it leads, with a MAC: nobody can make it lead elsewhere. Pure."""

import base64
import binascii
import hmac

LONGEST = 1500
"""Characters of a target."""
_MAC_BYTES = 7


def redirect_segment(key: bytes, slug: str, target: str) -> str:
    """Return the path segment that follows the slug."""
    raw = target.encode("utf-8")
    return base64.urlsafe_b64encode(_mac(key, slug, raw) + raw).decode("ascii").rstrip("=")


def redirect_target(key: bytes, slug: str, path: str) -> str | None:
    """Return where a request's path leads; None when it was not made with `key` for this slug."""
    for segment in path.partition("?")[0].split("/")[-2:]:
        try:
            raw = base64.urlsafe_b64decode(segment[: 2 * LONGEST] + "=" * (-len(segment) % 4))
        except (binascii.Error, ValueError):
            continue
        mac, target = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if target and hmac.compare_digest(mac, _mac(key, slug, target)):
            return target.decode("utf-8", "replace")
    return None


def _mac(key: bytes, slug: str, target: bytes) -> bytes:
    return hmac.digest(key, b"canary redirect" + slug.encode("ascii") + target, "sha256")[:_MAC_BYTES]
