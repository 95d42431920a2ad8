# SPDX-License-Identifier: MIT
"""The files that people keep on a decky, and their mail: when each grows, and what is then in it. Pure.

A document is written anew each time that it grows, from the same seed, so that all but its last entry stays as it was
and writing it twice is writing it once. Of what grew before the orchestrator came only the last state is planned.
"""

import datetime as dt
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from decnet_core.deckies.messages import PlacedFile
from decnet_core.timing.durations import DAY_NS, SECOND_NS
from decnet_models.realism.queries import Action
from decnet_workers.orchestrator.genres import Period, genres, grammar
from decnet_workers.orchestrator.plan import Host, action_id, drawing_of, is_there, moments
from decnet_workers.orchestrator.scripts import accounts
from decnet_workers.orchestrator.working_hours import local_day, local_time, shift_on

HISTORY_NS = 40 * DAY_NS
"""How far back documents go that were there before the orchestrator."""
SPOOL_ENTRIES = 20
"""Mails in a spool; older ones have been read and deleted."""
LARGEST = 48 * 1024
"""Bytes; of a longer document the oldest entries are left out."""
MAIL = "mail"
BODY = "body"
"""The symbol that stands for the prose of an entry."""
_EVER = "1970-01-01"
"""Of what has no period."""


class Document(msgspec.Struct, frozen=True):
    """What an action writes."""

    genre: str
    user: str
    home: str
    begins: str
    """The first day of its period (ISO 8601)."""
    moments: tuple[int, ...]
    """When it grew, in ns since the Unix epoch; it was last changed at the last one."""
    url: str = ""
    """Of a canary token."""


def documents_between(
    hosts: Sequence[Host], baits: Mapping[str, tuple[str, str]], now: int, until: int
) -> list[Action]:
    """Return what is written before `until`: of the past the last state of each document, then each time it grows.

    `baits` are token and URL by decky. Raises UnknownZoneError.
    """
    return [action for host in hosts for action in _on(host, baits.get(host.decky.name), now, until)]


def prose(host: Host, document: Document, moment: int) -> str:
    """Return what the grammar writes at one moment, where a text endpoint may write something else.

    Raises GrammarError, UnknownZoneError.
    """
    about = (document.genre, document.user, document.begins, moment, BODY)
    return _text(host, document, f"{{{BODY}}}", drawing_of(host.decky, *about), moment)


def growths(host: Host, document: Document) -> dict[int, UUID]:
    """Return the action of each of the document's moments."""
    return {moment: _id(host, document, moment) for moment in document.moments}


def written(host: Host, document: Document, texts: Mapping[int, str] | None = None) -> PlacedFile:
    """Return the document as it is after its last moment. Raises GrammarError, UnknownZoneError.

    `texts` are what a text endpoint wrote at some moments.
    """
    genre, about = genres()[document.genre], (document.genre, document.user, document.begins)
    path = _text(host, document, genre.path, drawing_of(host.decky, *about, "path"), document.moments[0])
    head = _text(host, document, "{head}", drawing_of(host.decky, *about, "head"), document.moments[0])
    entries = [
        _text(host, document, "{entry}", drawing_of(host.decky, *about, moment), moment, body=(texts or {}).get(moment))
        for moment in document.moments
    ]
    while len(entries) > 1 and len(head) + sum(map(len, entries)) > LARGEST:
        del entries[0]
    content = "".join((head, *entries)).encode("utf-8")[:LARGEST]
    return PlacedFile(path, content, document.user, genre.mode, document.moments[-1] // SECOND_NS)


def _on(host: Host, bait: tuple[str, str] | None, now: int, until: int) -> Iterator[Action]:
    for user, home in _homes(host):
        for name, genre in genres().items():
            if genre.bait and bait is None:
                continue
            for days in _periods(genre.period, *_span(host, now, until)):
                begins = _EVER if genre.period == "spool" else days[0].isoformat()
                yield from _of(
                    host, Document(name, user, home, begins, ()), _grown(host, name, user, days), bait, (now, until)
                )


def _of(
    host: Host, document: Document, grown: Sequence[int], bait: tuple[str, str] | None, window: tuple[int, int]
) -> Iterator[Action]:
    genre, (now, until) = genres()[document.genre], window
    first = max(0, sum(moment < now for moment in grown) - 1)
    kept = SPOOL_ENTRIES if genre.period == "spool" else len(grown)
    token, url = bait if bait is not None and genre.bait else (None, "")
    for index in range(first, len(grown)):
        if now - HISTORY_NS <= grown[index] < until:
            moments_now = tuple(grown[max(0, index + 1 - kept) : index + 1])
            yield _action(host, msgspec.structs.replace(document, moments=moments_now, url=url), token)


def _action(host: Host, document: Document, token: str | None) -> Action:
    return Action(
        id=_id(host, document, document.moments[-1]),
        kind="mail" if document.genre == MAIL else "file",
        decky=host.decky.name,
        peer=None,
        persona=host.persona.name,
        protocol=None,
        token=token,
        body=msgspec.to_builtins(document),
        due_at=document.moments[-1],
    )


def _id(host: Host, document: Document, moment: int) -> UUID:
    day = dt.datetime.fromtimestamp(moment / SECOND_NS, dt.UTC).date()
    return action_id(host.decky, f"{document.genre}/{document.user}/{moment}", day, 0)


def _grown(host: Host, genre: str, user: str, days: tuple[dt.date, dt.date]) -> list[int]:
    """Return when the user's document grows in all of its period, in order."""
    found: list[int] = []
    rate, (day, last) = genres()[genre].per_day, days
    while day <= last:
        shift = shift_on(host.persona, day)
        if shift is not None:
            grown = moments(drawing_of(host.decky, day, genre, user), shift, rate)
            found += grown if grown and is_there(host, day) else ()
        day += dt.timedelta(days=1)
    return sorted(found)


def _span(host: Host, now: int, until: int) -> tuple[dt.date, dt.date]:
    return local_day(host.persona, now - HISTORY_NS), local_day(host.persona, until)


def _periods(period: Period, first: dt.date, last: dt.date) -> Iterator[tuple[dt.date, dt.date]]:
    """Yield first and last day of each period that has a day of the span."""
    day = first
    while day <= last:
        begins, end = _period_of(period, day, first, last)
        yield begins, end
        day = end + dt.timedelta(days=1)


def _period_of(period: Period, day: dt.date, first: dt.date, last: dt.date) -> tuple[dt.date, dt.date]:
    match period:
        case "week":
            monday = day - dt.timedelta(days=day.weekday())
            return monday, monday + dt.timedelta(days=6)
        case "month":
            begins = day.replace(day=1)
            return begins, (begins + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
        case "spool":
            return first, last


def _homes(host: Host) -> list[tuple[str, str]]:
    """Return the people of a machine and their directories, at most two of them."""
    homes = {user["name"]: user["home"] for user in host.persona.body.get("users", [])}
    return [(name, homes[name]) for name in accounts(host.persona)][:2]


def _text(
    host: Host, document: Document, template: str, drawing: random.Random, moment: int, *, body: str | None = None
) -> str:
    local = local_time(host.persona, moment)
    begins = dt.date.fromisoformat(document.begins)
    iso = begins.isocalendar()
    given: dict[str, Any] = {
        "user": document.user,
        "home": document.home.rstrip("/"),
        "host": host.decky.host_name,
        "url": document.url,
        "date": f"{local:%Y-%m-%d}",
        "time": f"{local:%H:%M}",
        "stamp": f"{local:%b} {local.day:2} {local:%H:%M:%S} {host.decky.host_name}",
        "mbox_date": f"{local:%a %b} {local.day:2} {local:%H:%M:%S %Y}",
        "mail_date": f"{local:%a, %d %b %Y %H:%M:%S %z}",
        "year": str(iso.year if genres()[document.genre].period == "week" else begins.year),
        "month": f"{begins.month:02}",
        "week": f"{iso.week:02}",
    }
    if body is not None:
        given[BODY] = body
    return grammar(document.genre).filled(template, drawing, given)
