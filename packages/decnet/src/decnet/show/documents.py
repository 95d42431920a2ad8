# SPDX-License-Identifier: MIT
"""JSON for scripts: complete values, with times in ns as they are stored."""

from typing import Any

import msgspec

from decnet_core.text import json_for_terminal
from decnet_models.events.queries import StoredEvent


def document(value: Any) -> str:
    """Return `value` as indented JSON."""
    return json_for_terminal(msgspec.json.format(msgspec.json.encode(value), indent=2))


def line(value: Any) -> str:
    """Return `value` as JSON on one line."""
    return json_for_terminal(msgspec.json.encode(value))


def event_line(stored: StoredEvent) -> str:
    """Return an event with its place in the log as JSON on one line."""
    return line({"seq": stored.seq, "kind": stored.event.kind, **msgspec.structs.asdict(stored.event)})
