# SPDX-License-Identifier: MIT
"""Recognises the protocol of the first bytes of one direction of a TCP connection.

The port is not considered: attackers choose it. The first byte selects the recognisers.
"""

from typing import NamedTuple

from decnet_core.events.catalogue import Payload
from decnet_sniff.protocols import ssh
from decnet_sniff.protocols.ssh import Ssh
from decnet_sniff.protocols.verdict import NEED_MORE, NOTHING, Verdict
from decnet_sniff.sniff.http import request_head
from decnet_sniff.sniff.http.request_head import Head
from decnet_sniff.sniff.payloads import http_client, ssh_identification, ssh_kex
from decnet_sniff.sniff.tls import records, sslv2
from decnet_sniff.sniff.tls.hello import Hello, ServerHello
from decnet_sniff.sniff.tls.known_hellos import KnownHellos
from decnet_sniff.sniff.tls.payloads import tls_payload


class Recognised(NamedTuple):
    payload: Payload
    again: int | None = None
    """The offset at which both sides start over, after a HelloRetryRequest."""
    opens: bool = False
    """Whether it only requests a tunnel in which another protocol follows: CONNECT."""


_known = KnownHellos[Recognised]()


def may_be_tls(data: bytes) -> bool:
    """Return whether `data`, which is not empty, begins like a TLS record."""
    return records.CHANGE_CIPHER_SPEC <= data[0] <= records.HANDSHAKE


def _tls(hello: Hello | Verdict) -> Recognised | Verdict:
    if isinstance(hello, Verdict):
        return hello
    again = hello.end if isinstance(hello, ServerHello) and hello.retry else None
    return Recognised(tls_payload(hello, "tcp"), again)


def _in_records(data: bytes) -> Recognised | Verdict:
    hello = records.recognise(data)
    found = _tls(hello)
    if not (isinstance(found, Verdict) or isinstance(hello, Verdict)):
        _known.put(data, hello, found)
    return found


def incomplete(data: bytes, *, server: bool) -> Payload | None:
    """Return the finding in an incomplete greeting: the identification of SSH."""
    line = ssh.identification(data, lines_before=server)
    return None if line is None else ssh_identification(line, server=server)


def recognise(data: bytes, *, server: bool) -> Recognised | Verdict:
    """Recognise `data`, the beginning of one side of a connection; `server` is the side that was called."""
    if may_be_tls(data):
        return _known.get(data) or _in_records(data)
    if not server and data[0] >= 0x80:
        return _tls(sslv2.recognise(data))
    answer = ssh.recognise(data, lines_before=server)
    if isinstance(answer, Ssh):
        return Recognised(ssh_kex(answer, server=server))
    if answer is NOTHING and (banner := incomplete(data, server=server)) is not None:
        return Recognised(banner)
    head = NOTHING if server else request_head.recognise(data)
    if isinstance(head, Head):
        return Recognised(http_client(head), opens=head.method == b"CONNECT")
    return NEED_MORE if NEED_MORE in {answer, head} else NOTHING
