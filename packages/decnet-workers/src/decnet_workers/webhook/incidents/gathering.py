# SPDX-License-Identifier: MIT
"""Puts a batch of notices into incidents, in memory; `intake` reads what it needs before and writes what it made.

An attacker's notices belong to its open incident. Addresses that the clusterer takes for one actor share the incident
of the one that came first: as soon as that is known, open incidents of one actor are merged into the oldest. When an
operator splits an identity, what was gathered stays where it is, and the address that left begins an incident of its
own with its next notice, unless its new identity has one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec

from decnet_core.text import for_column
from decnet_models.incidents.values import Counted, Incident
from decnet_workers.webhook.incidents import policy as policies
from decnet_workers.webhook.incidents.content import Attributed, OfIdentity, line_of, rank_of, values_in
from decnet_workers.webhook.incidents.policy import Policy
from decnet_workers.webhook.incidents.severity import severity

_MAX_VALUE = 255


class Numbered(msgspec.Struct, frozen=True):
    """A notice with its number and when it was written."""

    seq: int
    kind: str
    created_at: int
    notice: Attributed | OfIdentity


class Known(msgspec.Struct, frozen=True):
    """What is known before the batch: open incidents by number, and whose they are."""

    incidents: dict[int, Incident]
    current: Mapping[str, int]
    """By attacker and by identity, as text."""
    identities: Mapping[str, UUID]
    """The identity of each attacker of the batch, and of those with whom incidents began."""
    scores: Mapping[str, int]
    last_number: int


class Gathering:
    """The incidents that a batch touches, and what is to be written of them."""

    def __init__(self, known: Known, policy: Policy, now: int) -> None:
        self.changed: dict[int, Incident] = {}
        self.links: list[tuple[int, int]] = []
        self.merges: list[tuple[int, int]] = []
        """Source and target."""
        self.current: dict[str, int] = {}
        """What has changed of `Known.current`."""
        self._values: dict[tuple[int, str, str], list[int]] = {}
        self._open = known.incidents
        self._current = dict(known.current)
        self._identities = known.identities
        self._scores = known.scores
        self._last = known.last_number
        self._policy = policy
        self._now = now

    def add(self, numbered: Iterable[Numbered]) -> None:
        """Put notices into incidents, in their order."""
        for one in numbered:
            if isinstance(one.notice, OfIdentity):
                self._unite(one, one.notice)
            else:
                self._attribute(one, one.notice)

    def values(self) -> list[tuple[int, Counted]]:
        """Return what is to be added to the counts of values."""
        return [
            (number, Counted(field, value, notices, first, last))
            for (number, field, value), (notices, first, last) in self._values.items()
        ]

    def _attribute(self, one: Numbered, notice: Attributed) -> None:
        incident = self._incident_of(notice.attacker, one, notice.ts)
        score = self._scores.get(notice.attacker, 0)
        own = severity(notice)
        incident.score = max(incident.score, score)
        incident.severity = max(incident.severity, severity(notice, score))
        rank = rank_of(notice, own)
        if rank > incident.line_rank:
            incident.line, incident.line_kind, incident.line_rank = for_column(line_of(notice)), one.kind, rank
        self._count(incident, one, notice.ts)
        for field, value in values_in(notice):
            self._value(incident.id, field, for_column(value, _MAX_VALUE), notice.ts)

    def _unite(self, one: Numbered, notice: OfIdentity) -> None:
        """Merge the open incidents of an identity; the notice belongs to the one that is left, if there is any."""
        identity = UUID(notice.identity)
        subjects = [notice.identity, getattr(notice, "source", "")]
        subjects += [who for who, mine in self._identities.items() if mine == identity]
        found = {each.id: each for subject in subjects if (each := self._live(subject, one.created_at))}
        if not found:
            return
        oldest, *others = (found[number] for number in sorted(found))
        for other in others:
            self._merge(other, oldest)
        self._belongs(oldest, identity)
        self._count(oldest, one, notice.ts)

    def _incident_of(self, attacker: str, one: Numbered, ts: int) -> Incident:
        identity = self._identities.get(attacker)
        mine = self._live(attacker, one.created_at)
        if mine is not None and mine.attacker != attacker and not self._same_actor(mine, identity):
            mine = None  # an operator has split the identity
        theirs = self._live(str(identity), one.created_at) if identity else None
        if mine and theirs and mine is not theirs:
            mine, second = sorted((mine, theirs), key=lambda each: each.id)
            self._merge(second, mine)
        incident = mine or theirs or self._begun(attacker, one, ts)
        if self._current.get(attacker) != incident.id:
            incident.attackers += 1
            self._current[attacker] = self.current[attacker] = incident.id
        if identity is not None:
            self._belongs(incident, identity)
        return incident

    def _belongs(self, incident: Incident, identity: UUID) -> None:
        incident.identity = identity
        if self._current.get(str(identity)) != incident.id:
            self._current[str(identity)] = self.current[str(identity)] = incident.id

    def _same_actor(self, incident: Incident, identity: UUID | None) -> bool:
        return identity is not None and self._identities.get(incident.attacker, incident.identity) == identity

    def _live(self, subject: str, at: int) -> Incident | None:
        """Return the subject's last incident if it is still open at a time."""
        found = self._open.get(self._current.get(subject, 0))
        return found if found is not None and policies.is_live(found, at, self._policy) else None

    def _begun(self, attacker: str, one: Numbered, ts: int) -> Incident:
        self._last += 1
        begun = Incident(
            id=self._last,
            attacker=attacker,
            identity=None,
            merged_into=None,
            severity=1,
            score=0,
            first_seen=ts,
            last_seen=ts,
            opened_at=self._now,
            touched_at=one.created_at,
            notices=0,
            attackers=0,
            counts={},
            line="",
            line_kind="",
            line_rank=0,
        )
        self._open[begun.id] = begun
        return begun

    def _count(self, incident: Incident, one: Numbered, ts: int) -> None:
        incident.notices += 1
        incident.counts[one.kind] = incident.counts.get(one.kind, 0) + 1
        incident.first_seen, incident.last_seen = min(incident.first_seen, ts), max(incident.last_seen, ts)
        incident.touched_at = one.created_at
        incident.due_at = policies.touched(incident, self._policy, self._now)
        self.changed[incident.id] = incident
        self.links.append((one.seq, incident.id))

    def _value(self, number: int, field: str, value: str, ts: int) -> None:
        counted = self._values.setdefault((number, field, value), [0, ts, ts])
        counted[0] += 1
        counted[1], counted[2] = min(counted[1], ts), max(counted[2], ts)

    def _merge(self, source: Incident, target: Incident) -> None:
        """Give all of `source` to `target`."""
        target.notices += source.notices
        target.counts = dict(Counter(target.counts) + Counter(source.counts))
        target.first_seen = min(target.first_seen, source.first_seen)
        target.last_seen = max(target.last_seen, source.last_seen)
        target.touched_at = max(target.touched_at, source.touched_at)
        target.score = max(target.score, source.score)
        target.severity = max(target.severity, source.severity)
        target.attackers += source.attackers
        if source.line_rank > target.line_rank:
            target.line, target.line_kind, target.line_rank = source.line, source.line_kind, source.line_rank
        target.due_at = policies.touched(target, self._policy, self._now)
        source.merged_into, source.identity, source.due_at, source.held = target.id, None, None, 0
        self.merges.append((source.id, target.id))
        self.changed |= {source.id: source, target.id: target}
        self._open.pop(source.id)
        self._renumber(source.id, target.id)

    def _renumber(self, source: int, target: int) -> None:
        """Let what the batch has given to `source` so far be `target`'s."""
        self.links = [(seq, target if number == source else number) for seq, number in self.links]
        for key in [key for key in self._values if key[0] == source]:
            notices, first, last = self._values.pop(key)
            into = self._values.setdefault((target, *key[1:]), [0, first, last])
            into[0] += notices
            into[1], into[2] = min(into[1], first), max(into[2], last)
        for subject in [subject for subject, number in self._current.items() if number == source]:
            self._current[subject] = target
        self.current |= {subject: target for subject, number in self.current.items() if number == source}
