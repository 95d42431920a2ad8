# SPDX-License-Identifier: MIT
"""Which notices an endpoint receives.

An endpoint for programs receives every notice of its kinds. One for people receives incidents, with every notice that
belongs to none: what the fleet tells of itself. What an endpoint selects by attackers does not apply to the latter.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import get_args

import msgspec

from decnet_core.events.notices import (
    NOTICE_KINDS,
    IncidentDigest,
    IncidentNotice,
    Notice,
    TestNotice,
    decode_notice,
    notice_kind,
)
from decnet_models.notices.queries import OutboxLine
from decnet_models.webhooks.queries import Webhook
from decnet_workers.webhook.incidents.content import Attributed, OfIdentity
from decnet_workers.webhook.incidents.hours import is_within
from decnet_workers.webhook.incidents.selection import INCIDENTS, Facts, Selection, selection_of
from decnet_workers.webhook.incidents.severity import NUMBERS, severity

TEST = notice_kind(TestNotice)

_OF_INCIDENTS = frozenset(notice_kind(shape) for shape in (*get_args(IncidentNotice), IncidentDigest))
_EVERYTHING = (Selection(), Selection(sends=INCIDENTS))
_DIGEST = notice_kind(IncidentDigest)
_IN_INCIDENTS = frozenset(notice_kind(shape) for shape in get_args(Attributed | OfIdentity))

_INCIDENT_KINDS = _OF_INCIDENTS | _IN_INCIDENTS
"""What a digest of incidents may stand for."""


class Offer:
    """A notice that endpoints are offered; what it is about is read when the first one asks."""

    def __init__(self, line: OutboxLine, scores: Mapping[str, int]) -> None:
        self.line = line
        self._scores = scores
        self._notice: Notice | None = None

    @property
    def notice(self) -> Notice:
        if self._notice is None:
            self._notice = decode_notice(self.line.body)
        return self._notice

    def facts(self) -> Facts | None:
        """Return what it is about; None: no attacker."""
        notice = self.notice
        if isinstance(notice, IncidentNotice):
            return Facts(
                severity=NUMBERS[notice.severity],
                score=notice.score,
                attackers=(notice.attacker,),
                deckies=notice.deckies,
                techniques=notice.techniques,
                tags=(notice.line,),
            )
        return _facts_of(notice, self._scores) if isinstance(notice, Attributed) else None


def wants(webhook: Webhook, offer: Offer, now: int) -> bool:
    """Return whether `webhook` receives the notice `now`: newer than itself and selected; a test only if its own."""
    line, selection = offer.line, selection_of(webhook.filter)
    if line.seq <= webhook.since_seq:
        return False
    if line.kind == TEST:
        return msgspec.json.decode(line.body, type=TestNotice).webhook == webhook.id
    incidents = selection.sends == INCIDENTS
    if not (_as_incidents(webhook.kinds, offer) if incidents else _each(webhook.kinds, line.kind)):
        return False
    if selection == _EVERYTHING[incidents]:
        return line.kind != _DIGEST or _digest_is_for(webhook, offer.notice, selection, now)
    return _is_selected(webhook, selection, offer, now)


def _is_selected(webhook: Webhook, selection: Selection, offer: Offer, now: int) -> bool:
    if selection.hours and not is_within(selection.hours, now):
        return False
    if offer.line.kind == _DIGEST:
        return _digest_is_for(webhook, offer.notice, selection, now)
    if offer.line.kind in _OF_INCIDENTS and _is_kept_back(selection, offer.notice, now):
        return False
    facts = offer.facts()
    return facts is None or selection.admits(facts)


def _each(globs: Sequence[str], kind: str) -> bool:
    """Return whether an endpoint that receives every notice of some kinds receives one of `kind`.

    It receives notices of incidents only if it names them, for everything in them was sent already.
    """
    if kind in _OF_INCIDENTS:
        globs = [glob for glob in globs if glob.startswith("incident.")]
        return _matches(globs, (kind,))
    return not globs or _matches(globs, (kind,))


def _as_incidents(globs: Sequence[str], offer: Offer) -> bool:
    """Return whether an endpoint that receives incidents with notices of some kinds receives the notice."""
    kind, notice = offer.line.kind, offer.notice if globs else None
    if kind in _IN_INCIDENTS:
        return False
    inside = tuple(notice.counts) if isinstance(notice, IncidentNotice) else ()
    return not globs or _matches(globs, tuple(_INCIDENT_KINDS) if kind == _DIGEST else (kind, *inside))


def idle_globs(globs: Sequence[str]) -> list[str]:
    """Return those of `globs` that match no known kind: a mistake."""
    return [glob for glob in globs if not _matches((glob,), tuple(NOTICE_KINDS))]


def _matches(globs: Sequence[str], kinds: Sequence[str]) -> bool:
    return any(fnmatchcase(kind, glob) for kind in kinds for glob in globs)


def _digest_is_for(webhook: Webhook, notice: Notice, selection: Selection, now: int) -> bool:
    assert isinstance(notice, IncidentDigest)
    if notice.webhook is not None:
        return notice.webhook == webhook.id
    worst = max((NUMBERS[word] for word in notice.severities), default=0)
    quiet = is_within(selection.quiet, now) and worst < selection.breaks_quiet
    return worst >= selection.severity and not quiet


def _is_kept_back(selection: Selection, notice: Notice, now: int) -> bool:
    """Return whether quiet hours keep an incident back for their digest."""
    severe = isinstance(notice, IncidentNotice) and NUMBERS[notice.severity] >= selection.breaks_quiet
    return not severe and is_within(selection.quiet, now)


def _facts_of(notice: Attributed, scores: Mapping[str, int]) -> Facts:
    score = scores.get(notice.attacker, 0)
    decky, technique = getattr(notice, "decky", None), getattr(notice, "technique", None)
    tags = (getattr(notice, name, None) for name in ("token", "label", "title"))
    return Facts(
        severity=severity(notice, score),
        score=score,
        attackers=(notice.attacker,),
        deckies=() if decky is None else (decky,),
        techniques=() if technique is None else (technique,),
        tags=tuple(tag for tag in tags if tag is not None),
    )
