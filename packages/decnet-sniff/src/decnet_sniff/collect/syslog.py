# SPDX-License-Identifier: MIT
"""Syslog lines as events; the parser is the core's, for the listener of RFC 5425 reads the same messages."""

from __future__ import annotations

from datetime import UTC, tzinfo

from decnet_core.events.catalogue import SyslogMessage
from decnet_core.syslog import NotSyslog
from decnet_core.syslog import parse as parse_message
from decnet_sniff.collect.outcome import Outcome, Parsed, Rejected


def parse(line: bytes, now: int, zone: tzinfo = UTC) -> Outcome:
    """Return the message on `line`; never raises.

    `now` (ns since the Unix epoch) and `zone` complete the times of RFC 3164, which have neither year nor zone.
    """
    found = parse_message(line, now, zone)
    if isinstance(found, NotSyslog):
        return Rejected(found.reason)
    if found.ts is None:  # RFC 5424 lets it be a dash, but in a file nobody knows when the line was written
        return Rejected("no valid timestamp")
    message = SyslogMessage(
        facility=found.facility,
        severity=found.severity,
        message=found.message,
        host=found.host,
        app=found.app,
        process=found.process,
        message_id=found.message_id,
        structured=found.structured,
    )
    return Parsed(found.ts, (message,))
