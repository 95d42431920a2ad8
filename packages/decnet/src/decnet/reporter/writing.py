# SPDX-License-Identifier: MIT
"""A report as a notice: bounded, because it is stored, and because mail servers refuse what is large."""

from sqlalchemy import Connection

from decnet.history.report import html_report
from decnet.history.sections import headline, text_page
from decnet.history.summary import Summary, summary_of
from decnet_core.events.notices import ReportWritten
from decnet_models.database.window import Window
from decnet_models.notices import queries as notices

MAX_CHARACTERS = 128 * 1024
"""Of the page, and of the plain text: a mail is at most four times that in base64 and UTF-8."""


def written_report(connection: Connection, window: Window, rows: int, now_ns: int) -> ReportWritten:
    """Return the report of a span of time with lists as long as fit, at most `rows`."""
    summary = summary_of(connection, window, rows)
    text, html = text_page(summary), html_report(summary)
    while max(len(text), len(html)) > MAX_CHARACTERS and rows > 1:
        rows //= 2
        summary = summary_of(connection, window, rows)
        text, html = text_page(summary), html_report(summary)
    return _notice(summary, text[:MAX_CHARACTERS], html, now_ns)


def add(connection: Connection, key: str, report: ReportWritten, now_ns: int) -> int:
    """Write the notice unless there is one of that key; return the newest notice's `seq`."""
    notices.add(connection, key, report, now_ns)
    return notices.last_seq(connection)


def _notice(summary: Summary, text: str, html: str, now_ns: int) -> ReportWritten:
    return ReportWritten(
        ts=now_ns,
        since=summary.window.since,
        until=summary.window.until,
        headline=headline(summary),
        events=summary.events,
        attackers=summary.attackers,
        new_attackers=summary.new_attackers,
        text=text,
        html=html,
    )
