# SPDX-License-Identifier: MIT
"""Events for whoever asked: lines for a person, JSON or CSV for a program."""

from collections.abc import Sequence

import typer

from decnet.show import documents, eventline
from decnet_core.timing.timestamps import rfc3339
from decnet_models.events.queries import StoredEvent

HEADING = ("time", "source", "decky", "kind", "what happened", "session", "id")


def print_events(events: Sequence[StoredEvent], *, as_json: bool, as_csv: bool = False) -> None:
    """Print events: JSON is a document for each; a person is told when there are none."""
    if as_csv:
        typer.echo(documents.csv_table(HEADING, map(_row, events)))
        return
    if not events and not as_json:
        typer.echo("no such events")
    for stored in events:
        typer.echo(documents.event_line(stored) if as_json else eventline.line(stored.event))


def _row(stored: StoredEvent) -> tuple[object, ...]:
    event = stored.event
    what = event.payload.summary()
    return rfc3339(event.ts), event.src_ip, event.decky, event.kind, what, event.session, str(event.id)
