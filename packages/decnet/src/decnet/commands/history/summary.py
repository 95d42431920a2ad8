# SPDX-License-Identifier: MIT
"""`decnet summary`: what happened in a span of time, on one page."""

from collections.abc import Sequence

import typer

from decnet.cli.options import Json, Limit, application
from decnet.cli.time_window import Since, Until, time_window
from decnet.commands.history import credentials, sessions, techniques
from decnet.fleet.deployment import find_deployment, transaction
from decnet.history.summary import Summary, Used, summary_of
from decnet.show import documents
from decnet.show.columns import columns
from decnet.show.times import moment, size
from decnet_models.database.window import ALWAYS_SINCE, ALWAYS_UNTIL, Window

app = application("What happened.")


@app.command()
def summary(since: Since = "24h", until: Until = None, limit: Limit = 10, as_json: Json = False) -> None:
    """Sum up what happened: attackers, techniques, credentials, commands, requests, sessions, files, canary tokens."""
    window = time_window(since, until)
    with transaction(find_deployment()) as connection:
        found = summary_of(connection, window, limit)
    typer.echo(documents.document(found) if as_json else page(found))


def page(summary: Summary) -> str:
    """Return the summary for a terminal, attacker text escaped."""
    sections: tuple[tuple[str, tuple[str, ...], Sequence[Sequence[object]]], ...] = (
        ("events", ("kind", "events"), list(summary.kinds.items())),
        (
            "attackers, highest score first",
            ("attacker", "score", "events in all", "first seen", "last seen"),
            [(a.ip, a.score, a.events, moment(a.first_seen), moment(a.last_seen)) for a in summary.highest_scores],
        ),
        ("techniques", techniques.HEADING, [techniques.row(one) for one in summary.techniques]),
        ("credentials", credentials.HEADING, [credentials.row(one) for one in summary.credentials]),
        ("commands", ("times", "attackers", "command"), _used(summary.commands)),
        ("HTTP requests", ("times", "attackers", "request"), _used(summary.requests)),
        ("sessions", sessions.HEADING, [sessions.row(one) for one in summary.sessions]),
        (
            "files",
            ("last seen", "size", "SHA-256"),
            [(moment(f.last_seen), None if f.size is None else size(f.size), f.sha256) for f in summary.files],
        ),
        ("canary tokens", ("hits", "attackers", "token"), _used(summary.canary_tokens)),
        ("deckies", ("decky", "events"), list(summary.deckies.items())),
    )
    shown = [f"{title}\n{columns(heading, rows)}" for title, heading, rows in sections if rows]
    return "\n\n".join([_headline(summary), *shown])


def _headline(summary: Summary) -> str:
    events = f"{summary.events:,} events from {summary.attackers:,} attackers, {summary.new_attackers:,} of them new"
    more = f"; {summary.not_counted:,} occurrences of further values are not counted" if summary.not_counted else ""
    return f"{_span(summary.window)}: {events}{more}"


def _span(window: Window) -> str:
    since = "the beginning" if window.since == ALWAYS_SINCE else moment(window.since)
    until = "now" if window.until == ALWAYS_UNTIL else moment(window.until)
    return f"{since} to {until}"


def _used(uses: Sequence[Used]) -> list[tuple[object, ...]]:
    return [(one.times, one.attackers, one.value) for one in uses]
