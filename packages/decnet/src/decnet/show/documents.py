# SPDX-License-Identifier: MIT
"""JSON and CSV for scripts: complete values, times as `decnet_core.timing.timestamps` says."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from decnet_core.text import for_spreadsheet, for_terminal, json_for_terminal
from decnet_core.timing.timestamps import json_with_times
from decnet_models.events.queries import StoredEvent


def document(value: Any) -> str:
    """Return `value` as indented JSON."""
    return json_for_terminal(msgspec.json.format(json_with_times(value), indent=2))


def line(value: Any) -> str:
    """Return `value` as JSON on one line."""
    return json_for_terminal(json_with_times(value))


def event_line(stored: StoredEvent) -> str:
    """Return an event with its place in the log as JSON on one line."""
    return line({"seq": stored.seq, "kind": stored.event.kind, **msgspec.structs.asdict(stored.event)})


def csv_table(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a CSV document (RFC 4180) whose cells no spreadsheet takes for a formula."""
    return csv_rows([heading, *rows]).removesuffix("\r\n")


def csv_rows(rows: Iterable[Sequence[object]]) -> str:
    """Return rows of such a document, each with its end of line."""
    text = io.StringIO()
    csv.writer(text).writerows([_csv_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _csv_cell(value: object) -> object:
    """Return text behind an apostrophe if it begins like a formula, without what a terminal obeys."""
    if not isinstance(value, str):
        return value
    return for_spreadsheet(for_terminal(value, len(value)))
