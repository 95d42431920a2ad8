# SPDX-License-Identifier: MIT
"""What a notice tells of an incident: whose it is, what it is about, its decisive line; and an incident's title."""

from collections.abc import Iterator, Mapping, Sequence

from decnet_core.events.notices import (
    AttackerJudged,
    AttackerObserved,
    CanaryTriggered,
    CredentialCaptured,
    IdentityFormed,
    IdentityGrew,
    IdentityMerged,
    SessionEnded,
    TechniqueTagged,
)
from decnet_models.incidents.values import ATTACKER, DECKY, SERVICE, TECHNIQUE, TOKEN
from decnet_workers.webhook.incidents.severity import LOW, of_technique

Attributed = AttackerObserved | CredentialCaptured | SessionEnded | TechniqueTagged | CanaryTriggered | AttackerJudged
"""Notices of one attacker."""
OfIdentity = IdentityFormed | IdentityGrew | IdentityMerged
"""Notices by which several attackers become one actor."""

MAX_LINE = 1024
_MOST_NAMED = 3


def values_in(notice: Attributed) -> Iterator[tuple[str, str]]:
    """Yield what a notice is about, as field and value."""
    yield ATTACKER, notice.attacker
    if decky := getattr(notice, "decky", None):
        yield DECKY, decky
    if service := getattr(notice, "service", None):
        yield SERVICE, service
    if isinstance(notice, TechniqueTagged):
        yield TECHNIQUE, notice.technique
    elif isinstance(notice, CanaryTriggered):
        yield TOKEN, notice.token


def line_of(notice: Attributed) -> str:
    """Return what shows best what happened, at most MAX_LINE characters of what the attacker sent; may be empty."""
    return _line(notice)[:MAX_LINE]


def rank_of(notice: Attributed, severity: int) -> int:
    """Return how much the line of a notice says, given the notice's own severity."""
    if not line_of(notice):
        return 0
    kind = next((10 - place for place, shape in enumerate(_TELLING) if isinstance(notice, shape)), 0)
    grave = isinstance(notice, TechniqueTagged) and of_technique(notice.technique) > LOW
    return severity * 100 + kind * 2 + grave


_TELLING = (CanaryTriggered, TechniqueTagged, CredentialCaptured, SessionEnded, AttackerObserved)
"""Of lines that are equally severe, the first of these says most."""


def _line(notice: Attributed) -> str:
    if isinstance(notice, TechniqueTagged):
        return notice.action
    if isinstance(notice, CanaryTriggered):
        return f"{notice.label}: {notice.target}" if notice.target else notice.label
    if isinstance(notice, CredentialCaptured):
        return notice.username if notice.password is None else f"{notice.username} / {notice.password}"
    if isinstance(notice, SessionEnded):
        commands = f"{notice.commands} command{'' if notice.commands == 1 else 's'}"
        return f"{notice.service} session, {commands}" if notice.commands else ""
    if isinstance(notice, AttackerJudged):
        return "; ".join(notice.reasons)
    return " at ".join(filter(None, (notice.service, notice.decky)))


_DID = (
    ("canary.hit", "used a canary token"),
    ("session.ended", "had a session"),
    ("credential.captured", "tried to log in"),
    ("attacker.observed", "made contact"),
)
"""What people do, most telling first, by the kind of notice."""


def title_of(
    attacker: str, attackers: int, counts: Mapping[str, int], deckies: Sequence[str], techniques: Sequence[str]
) -> str:
    """Return what happened as one sentence."""
    who = attacker if attackers == 1 else f"{attacker} and {attackers - 1} more of the same actor"
    did = [words for kind, words in _DID if counts.get(kind)][:2] or ["was noticed"]
    where = f" on {_named(deckies)}" if deckies else ""
    how = f" ({_named(techniques)})" if techniques else ""
    return f"{who} {' and '.join(did)}{where}{how}"


def _named(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
