# SPDX-License-Identifier: MIT
"""Tells which protocol a client speaks by its first bytes, so that one on the wrong port is recorded as what it is."""

from __future__ import annotations

import re

from decnet_core.events.catalogue import ServiceRequest
from decnet_decoys.evidence.connection_recorder import ConnectionRecorder, text

_SHOWN = 512
"""Bytes of what the client sent that its event keeps."""
_OPENINGS = (
    ("http", rb"(GET|HEAD|POST|PUT|OPTIONS|CONNECT|DELETE|PROPFIND|PATCH|TRACE) [/*hH]|PRI \* HTTP/2"),
    ("tls", rb"\x16\x03[\x00-\x04]"),
    ("ssh", rb"SSH-"),
    ("rdp", rb"\x03\x00\x00.{1,2}\xe0"),
    ("smb", rb"\x00.{3}[\xff\xfe]SMB"),
    ("redis", rb"\*[0-9]{1,4}\r\n\$"),
    ("smtp", rb"(?i:EHLO|HELO) "),
    ("sip", rb"[A-Z]{3,10} sips?:"),
    ("mqtt", rb"\x10.{1,4}\x00[\x04\x06]MQ"),
    ("adb", rb"CNXN\x00\x00\x00\x01"),
    ("socks5", rb"\x05[\x01-\x04][\x00-\x02]"),
    ("telnet", rb"\xff[\xfb-\xfe]"),
)
_PATTERNS = tuple((protocol, re.compile(opening, re.DOTALL)) for protocol, opening in _OPENINGS)
_OWN = {"https": "tls"}
"""What a service speaks first whose name is another."""


def protocol_of(data: bytes) -> str:
    """Return the protocol that a client's first bytes are of; empty: none of those known."""
    return next((protocol for protocol, pattern in _PATTERNS if pattern.match(data)), "")


def note_other_protocol(recorder: ConnectionRecorder, data: bytes) -> str:
    """Record a client that takes the service for another one, and return which; empty: it does not, or nobody knows."""
    protocol = protocol_of(data)
    if not protocol or protocol == _OWN.get(recorder.service, recorder.service):
        return ""
    detail = {"protocol": protocol, "data": text(data[:_SHOWN])}
    recorder.emit(ServiceRequest(service=recorder.service, action="other protocol", detail=detail))
    return protocol
