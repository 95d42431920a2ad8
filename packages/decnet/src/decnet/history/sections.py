# SPDX-License-Identifier: MIT
"""A summary as sections of a page: for a terminal, for a document in Markdown, for a browser."""

from collections.abc import Sequence

import msgspec

from decnet.history import rows
from decnet.history.summary import Summary
from decnet.show.columns import columns
from decnet.show.times import moment
from decnet_models.database.window import ALWAYS_SINCE, ALWAYS_UNTIL, Window


class Section(msgspec.Struct, frozen=True):
    """A table with its title; attacker text in it is not escaped yet."""

    title: str
    heading: tuple[str, ...]
    rows: Sequence[Sequence[object]]


def sections_of(summary: Summary) -> list[Section]:
    """Return the sections of a page that have anything to say, what matters most first."""
    all_of_them = (
        Section("Attackers, highest score first", rows.ATTACKER, [*map(rows.attacker, summary.highest_scores)]),
        Section("Techniques", rows.TECHNIQUE, [*map(rows.technique_used, summary.techniques)]),
        Section("Canary tokens", ("hits", "attackers", "token"), [*map(rows.used, summary.canary_tokens)]),
        Section("Sessions", rows.SESSION, [*map(rows.session, summary.sessions)]),
        Section("Files", rows.ARTIFACT, [*map(rows.artifact, summary.files)]),
        Section("Credentials", rows.CREDENTIAL, [*map(rows.credential, summary.credentials)]),
        Section("Commands", ("times", "attackers", "command"), [*map(rows.used, summary.commands)]),
        Section("HTTP requests", ("times", "attackers", "request"), [*map(rows.used, summary.requests)]),
        Section("Deckies", ("decky", "events"), list(summary.deckies.items())),
        Section("Events", ("kind", "events"), list(summary.kinds.items())),
    )
    return [section for section in all_of_them if section.rows]


def headline(summary: Summary) -> str:
    """Return what happened in one sentence."""
    attackers = f"{_number(summary.attackers, 'attacker')}, {summary.new_attackers:,} of them new"
    events = f"{_number(summary.events, 'event')} from {attackers}"
    more = f"; {summary.not_counted:,} occurrences of further values are not counted" if summary.not_counted else ""
    return f"{span(summary.window)}: {events}{more}{made_known(summary)}"


def made_known(summary: Summary) -> str:
    """Return that events are counted of sources that are no attackers any more; empty when there are none."""
    if not summary.made_known:
        return ""
    return f"; counts include what came from {_number(summary.made_known, 'known source')} before being added"


def _number(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def span(window: Window) -> str:
    since = "the beginning" if window.since == ALWAYS_SINCE else moment(window.since)
    until = "now" if window.until == ALWAYS_UNTIL else moment(window.until)
    return f"{since} to {until}"


def text_page(summary: Summary) -> str:
    """Return the page for a terminal, attacker text escaped."""
    shown = [f"{one.title}\n{columns(one.heading, one.rows)}" for one in sections_of(summary)]
    return "\n\n".join([headline(summary), *shown])
