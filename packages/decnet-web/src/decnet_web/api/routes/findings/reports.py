# SPDX-License-Identifier: MIT
"""Summaries of spans of time, reports to send on, and exports for other systems, as the commands write them.

Documents are attachments: none is shown by the browser within the dashboard's origin.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.responses import Response

from decnet.cli.addresses import canonical_address
from decnet.cli.errors import WrongUsageError
from decnet.export.pieces import Format, pieces_of, scope_of
from decnet.findings.techniques import named
from decnet.history.report import html_report, markdown_report
from decnet.history.summary import Summary, summary_of
from decnet.reporter.sending import send
from decnet.show import documents
from decnet_core.timing.durations import HOUR_NS
from decnet_models.database.window import ALWAYS_SINCE, ALWAYS_UNTIL
from decnet_web.api.audit import audited
from decnet_web.api.dependencies import Analyst, InFleet, InWindow, Viewer
from decnet_web.api.listings.exports import Streamed, prepended
from decnet_web.api.models import Answer
from decnet_web.api.moments import Moment
from decnet_web.api.routes.findings.answers import SessionItem, TechniqueItem
from decnet_web.api.routes.findings.attacker_items import AttackerItem, with_origins
from decnet_web.api.routes.findings.credentials import LoginTried
from decnet_web.api.routes.findings.files import FileItem, file_item
from decnet_web.api.routes.findings.overview import ActivityHour

router = APIRouter(tags=["reports"])


class SentValue(Answer):
    """Something that attackers sent, with how often and by how many addresses."""

    value: str
    times: int
    attackers: int


class SummaryAnswer(Answer):
    """What happened in a span of time, exactly; each list is bounded by `limit`."""

    since: Moment | None
    """Null: from the beginning."""
    until: Moment | None
    """Null: until now."""
    events: int
    attackers: int
    new_attackers: int
    accepted_logins: int
    kinds: dict[str, int]
    hours: list[ActivityHour]
    deckies: dict[str, int]
    highest_scores: list[AttackerItem]
    technique_count: int
    techniques: list[TechniqueItem]
    credentials: list[LoginTried]
    commands: list[SentValue]
    requests: list[SentValue]
    sessions: list[SessionItem]
    files: list[FileItem]
    canary_tokens: list[SentValue]
    not_counted: int
    """Occurrences of values beyond the number of different ones that are counted of an hour."""
    made_known: int
    """Known sources that were added since the span began; what came from them before is in the counts."""


class ReportFormat(StrEnum):
    """What a report is written as."""

    HTML = "html"
    MARKDOWN = "md"
    JSON = "json"


_TYPES = {
    ReportFormat.HTML: "text/html; charset=utf-8",
    ReportFormat.MARKDOWN: "text/markdown; charset=utf-8",
    ReportFormat.JSON: "application/json",
}
_EXPORTS = {
    Format.STIX: ("application/stix+json;version=2.1", "stix.json"),
    Format.MISP: ("application/json", "misp.json"),
    Format.NAVIGATOR: ("application/json", "navigator.json"),
    Format.CSV: ("text/csv; charset=utf-8", "csv"),
}
_PIECE = 1 << 16
_SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""A report has its style in it, and nothing that runs."""

Limit = Annotated[int, Query(ge=1, le=1000)]
_FILE = {"schema": {"type": "string", "format": "binary"}}


@router.get("/summary")
async def show_summary(fleet: InFleet, window: InWindow, _viewer: Viewer, limit: Limit = 10) -> SummaryAnswer:
    """Sum up what happened in a span of time, exactly; a long one takes a while."""
    return await fleet.report(lambda connection: _answer(connection, summary_of(connection, window, limit)))


def _answer(connection: Connection, found: Summary) -> SummaryAnswer:
    plain = ("events", "attackers", "new_attackers", "accepted_logins", "kinds", "deckies", "technique_count")
    lists = ("credentials", "commands", "requests", "sessions", "canary_tokens", "not_counted", "made_known")
    since, until = found.window.since, found.window.until
    return SummaryAnswer.model_validate(
        {
            **{name: getattr(found, name) for name in (*plain, *lists)},
            "since": None if since == ALWAYS_SINCE else since,
            "until": None if until == ALWAYS_UNTIL else until,
            "hours": [{"at": hour * HOUR_NS, "events": events} for hour, events in found.hours.items()],
            "highest_scores": with_origins(connection, found.highest_scores),
            "techniques": [named(one, {}) for one in found.techniques],
            "files": [file_item(one, None) for one in found.files],
        }
    )


@router.get("/reports", response_class=Response, responses={200: {"content": dict.fromkeys(_TYPES.values(), _FILE)}})
async def download_report(
    *,
    fleet: InFleet,
    window: InWindow,
    viewer: Viewer,
    form: Annotated[ReportFormat, Query(alias="format")] = ReportFormat.HTML,
    limit: Limit = 25,
) -> Response:
    """Write a report of a span of time: one page that needs nothing else, Markdown, or JSON."""

    def write(connection: Connection) -> str:
        found = summary_of(connection, window, limit)
        if form is ReportFormat.HTML:
            return html_report(found)
        return markdown_report(found) if form is ReportFormat.MARKDOWN else documents.document(found)

    text = await fleet.report(write)
    await audited(fleet, viewer, "report.download", form.value)
    return Response(f"{text}\n", headers=_attached(f"decnet-report.{form.value}"), media_type=_TYPES[form])


class ReportReceiver(Answer):
    """A webhook that a report goes to."""

    id: str
    format: str
    url: str
    """Where to; without what is secret in it."""


class ReportSent(Answer):
    """Who receives the report; /webhooks/deliveries shows what came of it."""

    receivers: list[ReportReceiver]


@router.post("/reports/sent", status_code=201)
async def send_report(fleet: InFleet, window: InWindow, analyst: Analyst, limit: Limit = 25) -> ReportSent:
    """Send a report of a span of time to the webhooks that receive `report.written`, e.g. by mail."""
    receivers = await fleet.thread(lambda: send(fleet.deployment, window, limit))
    await audited(fleet, analyst, "report.send", None, receivers=len(receivers))
    return ReportSent(receivers=[ReportReceiver.model_validate(one) for one in receivers])


@router.get(
    "/exports/{form}",
    response_class=Response,
    responses={200: {"content": {kind: _FILE for kind, _ in _EXPORTS.values()}}},
)
async def download_export(
    *,
    fleet: InFleet,
    window: InWindow,
    viewer: Viewer,
    form: Format,
    attacker: Annotated[str | None, Query(max_length=64)] = None,
    identity: UUID | None = None,
    campaign: UUID | None = None,
) -> Response:
    """Write what rules recognised, of an attacker, an identity, a campaign or everybody: STIX, MISP, Navigator, CSV."""
    if sum(one is not None for one in (attacker, identity, campaign)) > 1:
        raise WrongUsageError("name one of attacker, identity, campaign")
    address = None if attacker is None else canonical_address(attacker)

    def produce(connection: Connection) -> Iterator[bytes]:
        scope = scope_of(connection, window, attacker=address, identity=identity, campaign=campaign)
        return _joined(pieces_of(connection, scope, form))

    chunks = fleet.stream(produce)
    first = await anext(chunks)  # an error is still answered with a problem
    await audited(fleet, viewer, "export.download", form.value)
    kind, ending = _EXPORTS[form]
    headers = _attached(f"decnet-{form.value}.{ending}")
    return Streamed(prepended(first, chunks), kind, headers)


def _joined(pieces: Iterator[str]) -> Iterator[bytes]:
    """Yield pieces joined to larger ones: each costs a change of threads."""
    waiting, length = list[str](), 0
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length >= _PIECE:
            yield "".join(waiting).encode()
            waiting, length = [], 0
    yield "".join(waiting).encode()


def _attached(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": _SANDBOX,
        "Cache-Control": "no-store",
    }
