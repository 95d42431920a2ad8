# SPDX-License-Identifier: MIT
"""Tells which protocol a client speaks by its first bytes, so that one on the wrong port is recorded as what it is."""

from __future__ import annotations

import re

from decnet_core.events.catalogue import ServiceRequest
from decnet_decoys.evidence.connection_recorder import ConnectionRecorder, text

_SHOWN = 512
"""Bytes of what the client sent that its event keeps."""
_OPENINGS = (
    ("rtsp", rb"[A-Z_]{4,13} [^ \r\n]{1,256} RTSP/1\."),
    ("http", rb"(GET|HEAD|POST|PUT|OPTIONS|CONNECT|DELETE|PROPFIND|PATCH|TRACE) [/*hH]|PRI \* HTTP/2"),
    ("http", rb"CONNECT [^ /\r\n]{1,256}:[0-9]{1,5} HTTP/1\."),
    ("tls", rb"\x16\x03[\x00-\x04]"),
    ("ssh", rb"SSH-"),
    ("s7comm", rb"\x03\x00\x00[\x10-\x20].\xe0.{5}[\xc0-\xc2]"),
    ("rdp", rb"\x03\x00\x00.{1,2}\xe0"),
    ("smb", rb"\x00.{3}[\xff\xfe]SMB"),
    ("redis", rb"\*[0-9]{1,4}\r\n\$"),
    ("smtp", rb"(?i:EHLO|HELO) "),
    ("sip", rb"[A-Z]{3,10} sips?:"),
    ("mqtt", rb"\x10.{1,4}\x00[\x04\x06]MQ"),
    ("adb", rb"CNXN\x00\x00\x00\x01"),
    ("socks4", rb"\x04[\x01\x02].{6}[^\x00]{0,255}\x00"),
    ("socks5", rb"\x05[\x01-\x04][\x00-\x02]"),
    ("proxy", rb"PROXY (TCP[46]|UNKNOWN)|\r\n\r\n\x00\r\nQUIT\n"),
    ("ldap", rb"\x30([\x00-\x7f]|\x84.{4})\x02\x01[\x00-\x7f][\x60\x63\x77]"),
    ("mongodb", rb".{12}(\xd4\x07|\xdd\x07)\x00\x00"),
    ("postgresql", rb"\x00\x00\x00\x08\x04\xd2\x16[\x2e-\x30]|\x00\x00.{2}\x00\x03\x00\x00user\x00"),
    ("tds", rb"\x12\x01\x00.\x00\x00.\x00\x00\x00"),
    ("jdwp", rb"JDWP-Handshake"),
    ("rmi", rb"JRMI\x00\x02"),
    ("t3", rb"t3s? [0-9]"),
    ("ajp", rb"\x12\x34.{2}[\x02\x0a]"),
    ("vnc", rb"RFB 00[0-9]\.00[0-9]\n"),
    ("amqp", rb"AMQP[\x00-\x03]"),
    ("stratum", rb"\{[^{}\r\n]{0,256}\"method\": ?\"(login|mining\.)"),
    ("telnet", rb"\xff[\xfb-\xfe]"),
)
_PATTERNS = tuple((protocol, re.compile(opening, re.DOTALL)) for protocol, opening in _OPENINGS)
_OWN = {"https": "tls"}
"""What a service speaks first whose name is another."""
_OWN_CLIENTS = {"mysql": re.compile(rb"..\x00\x01.{32}", re.DOTALL)}
"""How a service's own clients begin, where chance could make that another's opening: of MySQL's the length is first."""


def protocol_of(data: bytes) -> str:
    """Return the protocol that a client's first bytes are of; empty: none of those known."""
    return next((protocol for protocol, pattern in _PATTERNS if pattern.match(data)), "")


def note_other_protocol(recorder: ConnectionRecorder, data: bytes) -> str:
    """Record a client that takes the service for another one, and return which; empty: it does not, or nobody knows."""
    own = _OWN_CLIENTS.get(recorder.service)
    protocol = "" if own is not None and own.match(data) else protocol_of(data)
    if not protocol or protocol == _OWN.get(recorder.service, recorder.service):
        return ""
    detail = {"protocol": protocol, "data": text(data[:_SHOWN])}
    recorder.emit(ServiceRequest(service=recorder.service, action="other protocol", detail=detail))
    return protocol
