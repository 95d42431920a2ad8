# SPDX-License-Identifier: MIT
"""Findings as lines: text for people, JSON for programs."""

from datetime import UTC, datetime

import msgspec

from decnet_core.events.catalogue import Payload, kind_of
from decnet_core.text import for_terminal
from decnet_core.timing.timestamps import json_with_times
from decnet_sniff.sniff.findings import Finding
from decnet_sniff.sniff.worker import end_of


class Line(msgspec.Struct, omit_defaults=True):
    """One finding as JSON: the fields of its event, except `id` and `sensor`."""

    ts: int
    payload: Payload
    src_ip: str | None = None
    src_port: int | None = None
    dst_ip: str | None = None
    dst_port: int | None = None


def line_of(finding: Finding) -> Line:
    """Return the finding with its addresses as text."""
    source, destination, source_port, destination_port = finding.ends
    src, dst = end_of(source, source_port) or (None, None), end_of(destination, destination_port) or (None, None)
    return Line(finding.ts, finding.payload, *src, *dst)


def as_json(finding: Finding) -> str:
    """Return the finding as one line of JSON."""
    return json_with_times(line_of(finding)).decode() + "\n"


def as_text(finding: Finding) -> str:
    """Return the finding as one line for a terminal."""
    what = msgspec.to_builtins(finding.payload)
    details = " ".join(f"{name}={value}" for name, value in what.items() if name != "kind")
    source, destination, source_port, destination_port = finding.ends
    text = f"{_end(source, source_port)} > {_end(destination, destination_port)} {details}"
    return f"{moment(finding.ts)} {kind_of(finding.payload)} {for_terminal(text, 4096)}\n"


def moment(ts: int) -> str:
    """Return a time in ns since the Unix epoch in ISO 8601, UTC, to the microsecond."""
    return datetime.fromtimestamp(ts / 1e9, UTC).isoformat(timespec="microseconds")


def _end(address: bytes, port: int | None) -> str:
    named = end_of(address, port)
    if named is None:
        return "*"
    return named[0] if port is None else f"{named[0]}.{port}"
