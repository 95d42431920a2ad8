# SPDX-License-Identifier: MIT
"""Which phases of the kill chain an event belongs to, by its kind alone.

The names are ATT&CK tactics (Enterprise) where one fits. What a command line means is the ttp worker's to say,
by rules.
"""

from __future__ import annotations

from decnet_core.events.catalogue import (
    CanaryHit,
    CertificateProbed,
    ClientIdentified,
    CommandRun,
    ConnectionOpened,
    FileCaptured,
    FlowClosed,
    HttpClient,
    HttpRequest,
    LoginAttempt,
    Payload,
    PortScan,
    ProbeChanged,
    ServiceRequest,
    SessionClosed,
    SessionOpened,
    SshKex,
    SshProbed,
    StackProbed,
    TcpStack,
    TlsClient,
    TlsProbed,
    TlsServer,
)

RECONNAISSANCE = "reconnaissance"
CREDENTIAL_ACCESS = "credential access"
INITIAL_ACCESS = "initial access"
EXECUTION = "execution"
TOOL_TRANSFER = "tool transfer"
COLLECTION = "collection"

PHASES = (RECONNAISSANCE, CREDENTIAL_ACCESS, INITIAL_ACCESS, EXECUTION, TOOL_TRANSFER, COLLECTION)
"""All phases, in the order of the kill chain."""

_BY_KIND: dict[type[Payload], tuple[str, ...]] = {
    ConnectionOpened: (RECONNAISSANCE,),
    PortScan: (RECONNAISSANCE,),
    ClientIdentified: (RECONNAISSANCE,),
    HttpRequest: (RECONNAISSANCE,),
    ServiceRequest: (RECONNAISSANCE,),
    LoginAttempt: (CREDENTIAL_ACCESS,),
    SessionOpened: (INITIAL_ACCESS,),
    CommandRun: (EXECUTION,),
    SessionClosed: (),
    FileCaptured: (TOOL_TRANSFER,),
    HttpClient: (RECONNAISSANCE,),
    FlowClosed: (RECONNAISSANCE,),
    SshKex: (RECONNAISSANCE,),
    TcpStack: (RECONNAISSANCE,),
    TlsClient: (RECONNAISSANCE,),
    TlsServer: (),  # a machine that answers has not come to us
    # what we asked of a host says nothing of what it did
    TlsProbed: (),
    CertificateProbed: (),
    SshProbed: (),
    StackProbed: (),
    ProbeChanged: (),
    CanaryHit: (COLLECTION,),  # somebody uses what was only to be found inside
}


def phases_of(payload: Payload) -> tuple[str, ...]:
    """Return the phases that `payload` shows to be reached."""
    if isinstance(payload, LoginAttempt) and payload.success:
        return (CREDENTIAL_ACCESS, INITIAL_ACCESS)
    if isinstance(payload, SshKex | TcpStack) and payload.role in ("server", "syn+ack"):
        return ()  # a machine that answers has not come to us
    return _BY_KIND.get(type(payload), ())
