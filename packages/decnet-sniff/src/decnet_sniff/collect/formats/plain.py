# SPDX-License-Identifier: MIT
"""Plain lines: each is a message whose time and host only its source knows."""

from decnet_core.events.catalogue import SyslogMessage
from decnet_core.text import bounded, from_wire
from decnet_sniff.collect.outcome import Ignored, Outcome, Parsed, Rejected
from decnet_sniff.collect.record import Record

_MESSAGE_BYTES = 8192


def parse(record: Record) -> Outcome:
    """Return the record as a syslog message; one whose source has no clock is rejected."""
    if record.ts is None:
        return Rejected("the source has no clock")
    if not record.text:
        return Ignored("an empty line")
    message = SyslogMessage(
        facility=record.facility,
        severity=record.severity,
        message=from_wire(record.text, _MESSAGE_BYTES),
        host=_name(record.host),
        app=_name(record.app),
        process=_name(record.process),
    )
    return Parsed(record.ts, (message,))


def _name(value: str | None) -> str | None:
    return bounded(value, 255) if value else None
