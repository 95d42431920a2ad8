# SPDX-License-Identifier: MIT
"""The results of a match: tags and notices with stable ids and keys, however often the event is handled.

There is one notice per attacker, rule, technique and session; for events without a session, one per UTC day of the
event. A scanner that sends 10,000 requests causes 10,000 tags and one notice.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b, sha1
from uuid import UUID

import msgspec

from decnet_core.events.catalogue import Payload
from decnet_core.events.envelope import Event
from decnet_core.events.notices import TechniqueTagged
from decnet_core.timing.durations import DAY_NS
from decnet_models.events.queries import StoredEvent
from decnet_models.ttp.queries import TagRow
from decnet_workers.ttp.sigma.rule import About

NAMESPACE = UUID("0c6c3f0a-5f0e-5a33-9a53-8f6c1a5f4d21")
_NAMESPACE = NAMESPACE.bytes
_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_MAX_TITLE = 256
_MAX_ACTION = 1024
_ORDERED = 20
"""Characters of a session's id by which the keys of its notices are in order."""
_SHORT = 255
"""Characters of a text whose digest is remembered."""


def tags_of(stored: StoredEvent, attacker: str, about: About) -> list[TagRow]:
    """Return one tag for each technique of the rule, as a row."""
    event = stored.event
    event_id = id_text(event.id)
    named = f"{about.key}|{event_id}"
    rule_id, event_id = about.key.replace("-", ""), event_id.replace("-", "")
    title = about.title[:_MAX_TITLE]
    return [
        (
            *(stored.seq, rule_id, technique, _named_id(f"{named}|{technique}"), title, about.level),
            *(attacker, event_id, event.ts, event.session, event.decky),
        )
        for technique in about.techniques
    ]


def occasion_of(event: Event) -> str:
    """Return the occasion of an event, within which a finding is told once."""
    return _of_session(event.session) if event.session else f"day {day_of(event.ts)}"


def notice_key(about: About, attacker: str, technique: str, occasion: str) -> str:
    """Return the idempotency key of the notice of a tag.

    The occasion comes first: findings of one session come together, so they are on one page of the index of keys.
    """
    return f"ttp.tagged|{occasion}|{attacker}|{about.key}|{technique}"


def notice_of(stored: StoredEvent, attacker: str, about: About, technique: str, payload: Payload) -> TechniqueTagged:
    """Return the notice of a tag; `payload` is what of the event satisfied the rule."""
    event = stored.event
    return TechniqueTagged(
        ts=event.ts,
        attacker=attacker,
        technique=technique,
        rule=about.key,
        title=about.title[:_MAX_TITLE],
        level=about.level,
        session=event.session,
        decky=event.decky,
        event=id_text(event.id),
        action=payload.summary()[:_MAX_ACTION],
    )


def day_of(ts: int) -> str:
    """Return the UTC day of a time, `2026-11-23`; a day number beyond the calendar."""
    return _day(ts // DAY_NS)


@lru_cache(maxsize=64)
def _day(number: int) -> str:
    try:
        return datetime.fromtimestamp(number * 86_400, UTC).date().isoformat()
    except (OverflowError, ValueError):
        return str(number)


@lru_cache(maxsize=4096)
def _of_session(session: str) -> str:
    """Return the occasion of a session; it begins as its id does, by which those of our decoys are in order of time."""
    begins = session[:_ORDERED]
    return f"session {begins if begins.isascii() and begins.isalnum() else ''}/{group_digest(session)}"


@lru_cache(maxsize=4096)
def group_digest(group: str) -> str:
    """Return a correlation group's digest: attacker input is no key of a table."""
    return _digest(group)


def counted_values(values: Iterable[object]) -> list[str]:
    """Return what a correlation counts of a field's values: their digests."""
    return [group_digest(text) if len(text := str(value)) <= _SHORT else _digest(text) for value in values]


def counted_events(event: Event, count: int, least: int) -> list[str]:
    """Return what a correlation that counts to `least` counts of an event that stands for `count`: a digest for each.

    Of very many they are as many as leave the window as all of them would.
    """
    if count == 1:
        return [_digest(id_text(event.id))]
    enough = count if count < 2 * least else least + count % least
    return [_digest(f"{event.id}/{number}") for number in range(enough)]


def id_text(id_: UUID) -> str:
    """Return `str(id_)`, in a third of the time."""
    text: str = msgspec.to_builtins(id_)
    return text


def _named_id(name: str) -> str:
    """Return `uuid5(NAMESPACE, name).hex`, in a third of the time."""
    digits = sha1(_NAMESPACE + name.encode(), usedforsecurity=False).hexdigest()
    return f"{digits[:12]}5{digits[13:16]}{_VARIANTS[digits[16]]}{digits[17:32]}"


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()
