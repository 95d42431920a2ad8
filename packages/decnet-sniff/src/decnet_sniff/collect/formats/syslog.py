# SPDX-License-Identifier: MIT
"""Syslog lines as events; the parser is core's, because the listener of RFC 5425 reads the same messages."""

from datetime import UTC, tzinfo

from decnet_core.events.catalogue import SyslogMessage
from decnet_core.syslog import MESSAGE_BYTES, Message, NotSyslog, priority_of
from decnet_core.syslog import parse as parse_message
from decnet_core.text import from_wire
from decnet_sniff.collect.outcome import Ignored, Outcome, Parsed, Rejected


def parse(line: bytes, now: int, zone: tzinfo = UTC) -> Outcome:
    """Parse the message on `line`; never raises.

    `now` (ns since the Unix epoch) and `zone` complete the times of RFC 3164, which have neither year nor zone.
    """
    message = parse_message(line, now, zone)
    if isinstance(message, NotSyslog):
        return Rejected(message.reason)
    if message.ts is None:  # RFC 5424 lets it be a dash, but nothing else says when a line of a file was written
        return Rejected("no valid timestamp")
    return Parsed(message.ts, (_payload(message),))


def received(line: bytes, now: int, zone: tzinfo = UTC) -> Outcome:
    """Return the message received over the network at `now` (ns); never rejects.

    Without a valid header, or without a time in it, all is message and the time is `now` (RFC 3164 §4.3.3). A trailing
    line feed or NUL belongs to the transport.
    """
    line = line.rstrip(b"\r\n\0")
    if not line:
        return Ignored("an empty message")
    message = parse_message(line, now, zone)
    if isinstance(message, NotSyslog):
        priority, text = priority_of(line)
        return Parsed(now, (SyslogMessage(priority >> 3, priority & 7, from_wire(text, MESSAGE_BYTES)),))
    return Parsed(now if message.ts is None else message.ts, (_payload(message),))


def _payload(message: Message) -> SyslogMessage:
    return SyslogMessage(
        facility=message.facility,
        severity=message.severity,
        message=message.message,
        host=message.host,
        app=message.app,
        process=message.process,
        message_id=message.message_id,
        structured=message.structured,
    )
