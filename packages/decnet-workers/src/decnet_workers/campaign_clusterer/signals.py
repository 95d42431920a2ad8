# SPDX-License-Identifier: MIT
"""What an identity shows of a campaign: its infrastructure, its malware and its methods, with the times of events.

Each is kept as evidence of the identity, so the profile of an identity is a range of `campaign_evidence`, and what two
identities share is found there too. How much is kept of one identity is limited: of its features those that it showed
first, of the weeks in which it aimed at deckies the latest.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from uuid import UUID

from decnet_core.timing.durations import DAY_NS
from decnet_models.grouping.values import Evidence, Times, widened

APPLET, WALLET, WORM = "applet", "wallet", "worm"
SHARED = ("host", "url", "image", "payload", "command", "credential", "planted_key", WALLET, APPLET, WORM)
"""Kinds of evidence of attackers that are evidence of their identity too."""
FAMILY, DECKY, METHODS = "family", "decky", "methods"
INFECTED = "infected"
"""That an identity is an infected device, as a published word for an applet says, or that it acts as worms do."""
TARGET, AIMING = "target", "aiming"
"""A decky at which an identity aimed in a week, and that it aimed at any in that week."""

WEEK = 7 * DAY_NS
MOST_TARGETS = 6
"""Who visits more deckies looks around, and aims at none."""
MOST_WEEKS = 12
"""Weeks of one identity that are kept, the latest: it is found by what it aims at now."""
_STRAY, _CONCENTRATED = 12, 0.75
"""A decky that one visit in so many went to, or fewer, is none of the targets, which got at least this part of all."""
LEAST_COMMAND = 20
"""Characters of a command; shorter ones are everybody's."""

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
    found: dict[tuple[str, str], Times] = {}
    for one in evidence:
        if one.kind == "command" and len(one.value) < LEAST_COMMAND:
            continue
        names = ((FAMILY, name) for name in families(one.value)) if one.kind == "url" else ()
        times = one.first_seen, one.last_seen
        for key in ((one.kind, one.value), *names):
            found[key] = widened(found.get(key, times), times)
    return [Evidence(identity, kind, value, *times) for (kind, value), times in _kept(found)]


def targets(identity: UUID, visits: Collection[tuple[str, str, int]]) -> list[Evidence[UUID]]:
    """Return at which deckies an identity aimed in which weeks, from visits: address, decky, time (ns).

    Those count that got about as many visits as the others: a stray address behind which others are, too, or a look at
    the neighbours does not hide at which few somebody aims. A visit counts for the week before and after it too, so
    that it does not matter where weeks begin.
    """
    often = Counter(decky for _, decky, _ in {(address, decky, ts // DAY_NS) for address, decky, ts in visits})
    few = {decky for decky, number in often.items() if number * _STRAY > often.total()}
    if not 2 <= len(few) <= MOST_TARGETS or sum(often[decky] for decky in few) < _CONCENTRATED * often.total():
        return []
    seen: dict[tuple[str, int], Times] = {}
    for _, decky, ts in visits:
        if decky in few:
            seen[decky, ts // WEEK] = widened(seen.get((decky, ts // WEEK), (ts, ts)), (ts, ts))
    weeks = sorted({week + near for _, week in seen for near in (-1, 0, 1)})[-MOST_WEEKS:]
    found: dict[tuple[str, str], Times] = {}
    for (decky, of_visit), times in seen.items():
        for week in range(max(weeks[0], of_visit - 1), of_visit + 2):
            for key in ((TARGET, f"{decky} {week}"), (AIMING, str(week))):
                found[key] = widened(found.get(key, times), times)
    return [Evidence(identity, kind, value, *times) for (kind, value), times in sorted(found.items())]


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


def _kept(found: dict[tuple[str, str], Times]) -> Iterator[tuple[tuple[str, str], Times]]:
    number: dict[str, int] = {}
    for key, times in sorted(found.items(), key=lambda item: (item[1][0], item[0])):
        number[key[0]] = number.get(key[0], 0) + 1
        if number[key[0]] <= KEPT:
            yield key, times
