# SPDX-License-Identifier: MIT
"""One visit to one host: what is asked in which order, and what the answers mean.

Each connection is asked for first: `spend` answers False when there shall be no more, and may wait before it answers.
A JARM is asked for whole or not at all.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, NamedTuple

from decnet_core.events.catalogue import CertificateProbed, SshProbed, StackProbed, TlsProbed
from decnet_core.text import bounded, from_wire
from decnet_sniff.probe import certificate, jarm
from decnet_sniff.probe.settings import ProbeSettings
from decnet_sniff.probe.tcp_requests import NoAnswer, ask_certificate, ask_jarm_hello, ask_ssh
from decnet_sniff.protocols import hassh

Spend = Callable[[int], Awaitable[bool]]
"""Ask for so many connections."""
Finding = TlsProbed | CertificateProbed | SshProbed | StackProbed

_SYNS: Final = 1


class Found(NamedTuple):
    """One answer: what it is of, on which port, and the fingerprint that a change is told by."""

    what: str
    port: int
    value: str
    payload: Finding

    @property
    def key(self) -> str:
        """Under which it is remembered."""
        return f"{self.what}:{self.port}"


class Host(NamedTuple):
    """Whom to ask."""

    address: str
    name: str | None = None
    """By which name, where the protocol has a place for it."""
    contact: int = 0
    """When it last came to us, ns since the Unix epoch."""


async def visit(host: Host, settings: ProbeSettings, spend: Spend) -> AsyncIterator[Found]:
    """Ask `host` for everything that the settings name; raises PermissionError when a SYN may not be sent."""
    open_port = None
    for port in settings.tls_ports:
        async for found in _tls(host, port, settings.answer_seconds, spend):
            open_port = open_port or port
            yield found
    for port in settings.ssh_ports:
        if not await spend(1):
            return
        ssh = await _ssh(host, port, settings)
        if ssh is not None:
            open_port = open_port or port
            yield ssh
    if settings.stack and open_port is not None and await spend(_SYNS):
        stack = await _stack(host, open_port, settings.answer_seconds)
        if stack is not None:
            yield stack


async def _tls(host: Host, port: int, seconds: float, spend: Spend) -> AsyncIterator[Found]:
    fingerprint = await _jarm(host, port, seconds, spend)
    if fingerprint == jarm.SILENCE:
        return
    yield Found("jarm", port, fingerprint, TlsProbed(host.contact, fingerprint))
    shown = await ask_certificate(host.address, port, host.name, seconds) if await spend(1) else None
    if shown:
        yield _certificate(host, port, certificate.describe(shown))


async def _jarm(host: Host, port: int, seconds: float, spend: Spend) -> str:
    """Return the JARM; as in the reference one hello that is not answered in time makes it that of silence."""
    answers: list[jarm.Answer] = []
    for hello in jarm.HELLOS:
        if not await spend(1 if answers else len(jarm.HELLOS)):
            return jarm.SILENCE
        said = jarm.client_hello(hello, host.name or host.address, os.urandom)
        answer = await ask_jarm_hello(host.address, port, said, seconds)
        if answer is NoAnswer.SILENT or (answer is NoAnswer.CLOSED and not answers):
            return jarm.SILENCE
        answers.append(jarm.NO_ANSWER if isinstance(answer, NoAnswer) else answer)
    return jarm.fingerprint(answers)


def _certificate(host: Host, port: int, found: certificate.Certificate) -> Found:
    payload = CertificateProbed(
        host.contact,
        found.sha256,
        subject=found.subject,
        issuer=found.issuer,
        serial=found.serial,
        not_before=found.not_before,
        not_after=found.not_after,
        names=found.names,
        problem=found.problem or None,
    )
    return Found("certificate", port, found.sha256, payload)


async def _ssh(host: Host, port: int, settings: ProbeSettings) -> Found | None:
    found = await ask_ssh(host.address, port, settings.ssh_identification, settings.answer_seconds)
    if found is None:
        return None
    algorithms = hassh.server_algorithms(found.kex)
    digest = hassh.digest(algorithms)
    payload = SshProbed(
        host.contact,
        software=from_wire(found.identification),
        hassh=digest,
        algorithms=from_wire(algorithms),
        host_keys=from_wire(found.kex.host_key),
    )
    return Found("hassh_server", port, digest, payload)


async def _stack(host: Host, port: int, seconds: float) -> Found | None:
    from decnet_sniff.probe.stack_socket import PEER_MSS, ask_stack
    from decnet_sniff.protocols.muonfp import muonfp
    from decnet_sniff.protocols.stack_match import identify
    from decnet_sniff.protocols.stack_signature import signature

    stack = await ask_stack(host.address, port, seconds)
    if stack is None:
        return None
    identity = identify(stack, server=True, peer_mss=PEER_MSS)
    payload = StackProbed(
        host.contact,
        signature=bounded(signature(stack, PEER_MSS)),
        muonfp=muonfp(stack),
        os=None if identity.tool else identity.name,
        os_match=identity.os_match,
        distance=identity.distance,
    )
    return Found("tcp_stack", port, payload.muonfp, payload)
