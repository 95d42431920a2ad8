# SPDX-License-Identifier: MIT
"""What an identity shows of a campaign: its infrastructure, its malware and its methods, with the times of events.

Each is kept as evidence of the identity, so the profile of an identity is a range of `campaign_evidence`, and what two
identities share is found there too. How much is kept of one identity is limited: what it showed first.
"""

import re
from collections.abc import Iterable, Iterator
from uuid import UUID

from decnet_models.grouping.values import Evidence

INFRASTRUCTURE = ("host", "url", "payload")
"""Kinds of evidence of attackers that are evidence of their identity too."""
FAMILY, DECKY, METHODS = "family", "decky", "methods"

KEPT = 32
"""Features of a kind that are kept of one identity."""
MOST_METHODS = 24

_PATH = re.compile(r"^[a-z][a-z0-9+.-]*://[^/?#]*/([^?#]*)", re.IGNORECASE)
_NAME = re.compile(r"[a-z][a-z_-]{3,31}")
_STOCK_NAMES = frozenset(
    (
        *("bins", "binaries", "files", "file", "download", "downloads", "install", "installer", "update"),
        *("updates", "latest", "release", "releases", "raw", "master", "main", "scripts", "script", "static"),
        *("public", "uploads", "images", "assets", "content", "wp-content", "wp-includes", "index", "linux"),
        *("windows", "mips", "mipsel", "armv", "payload", "shell", "bash", "loader", "malware", "config"),
        *("setup", "init", "tools", "plugins", "modules", "vendor", "node_modules"),
    )
)
_STOCK_METHODS = frozenset(("T1059", "T1059.004", "T1078", "T1078.001", "T1105", "T1110.001", "T1110.003", "T1222.002"))
"""What nearly every break-in consists of; its order says nothing."""


def of_identity(identity: UUID, evidence: Iterable[Evidence[str]]) -> list[Evidence[UUID]]:
    """Return the identity's evidence from that of its attackers, with the families that its URLs name."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for one in evidence:
        names = ((FAMILY, name) for name in families(one.value)) if one.kind == "url" else ()
        for key in ((one.kind, one.value), *names):
            first, last = found.get(key, (one.first_seen, one.last_seen))
            found[key] = min(first, one.first_seen), max(last, one.last_seen)
    return [Evidence(identity, kind, value, *times) for (kind, value), times in _kept(found)]


def families(url: str) -> Iterator[str]:
    """Yield the names in a URL's path that may be a malware family's: folders, and the file without its ending."""
    path = _PATH.match(url)
    for part in path.group(1).lower().split("/")[:8] if path else ():
        name = part.partition(".")[0].strip("_-0123456789")
        if _NAME.fullmatch(name) and name not in _STOCK_NAMES:
            yield name


def methods(techniques: Iterable[str]) -> tuple[str, ...]:
    """Return the techniques in their order, each where it was first used, without those of every break-in."""
    return tuple(one for one in dict.fromkeys(techniques) if one not in _STOCK_METHODS)[:MOST_METHODS]


def _kept(found: dict[tuple[str, str], tuple[int, int]]) -> Iterator[tuple[tuple[str, str], tuple[int, int]]]:
    number: dict[str, int] = {}
    for key, times in sorted(found.items(), key=lambda item: (item[1][0], item[0])):
        number[key[0]] = number.get(key[0], 0) + 1
        if number[key[0]] <= KEPT:
            yield key, times
