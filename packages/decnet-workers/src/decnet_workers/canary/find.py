# SPDX-License-Identifier: MIT
"""Finds a token in a request: a segment of the path, or a label of the host name."""

from collections.abc import Iterable

from decnet_core.canary import SLUG_LENGTH, Slug, verify

MAX_CANDIDATES = 32
"""Texts of a token's length that are verified per request; each costs two MACs."""


def in_http(key: bytes, target: str, host: str | None, zone: str) -> Slug | None:
    """Return the first token of a request to `target` (any form of RFC 9112 §3.2) and Host `host`."""
    path, _, query = target.partition("?")
    words = [segment.partition(".")[0] for segment in path.split("/")]
    words += [value for pair in query.split("&") for value in pair.split("=")]
    return _first(key, [*labels_below(zone, (host or "").rpartition(":")[0] or host or ""), *words])


def in_name(key: bytes, name: str, zone: str) -> Slug | None:
    """Return the token among the labels of `name` below `zone`."""
    return _first(key, labels_below(zone, name))


def labels_below(zone: str, name: str) -> list[str]:
    """Return the labels of `name` to the left of `zone`; none for a name outside it."""
    suffix, folded = "." + zone.strip(".").lower(), name.rstrip(".").lower()
    return folded.removesuffix(suffix).split(".") if folded.endswith(suffix) else []


def _first(key: bytes, words: Iterable[str]) -> Slug | None:
    candidates = [word for word in words if len(word) == SLUG_LENGTH][:MAX_CANDIDATES]
    return next((slug for word in candidates if (slug := verify(key, word))), None)
