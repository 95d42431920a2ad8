# SPDX-License-Identifier: MIT
"""One probe of one host: what is requested in which order, and what the answers mean.

Each connection is requested first: `spend` returns False when no more are allowed, and may wait before it returns. A
JARM is requested whole or not at all.
"""

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
"""Requests that many connections."""
Finding = TlsProbed | CertificateProbed | SshProbed | StackProbed

_SYNS: Final = 1


class ProbeResult(NamedTuple):
    """One result: its type, the port, and the fingerprint that is compared to detect a change."""

    what: str
    port: int
    value: str
    payload: Finding

    @property
    def key(self) -> str:
        """Under which it is stored."""
        return f"{self.what}:{self.port}"


class Host(NamedTuple):
    address: str
    name: str | None = None
    """Server name to send, where the protocol has a field for it."""
    contact: int = 0
    """Time of its last contact, ns since the Unix epoch."""


async def run_probe(host: Host, settings: ProbeSettings, spend: Spend) -> AsyncIterator[ProbeResult]:
    """Send every request that the settings name; raises PermissionError when a raw SYN may not be sent."""
    open_port = None
    for port in settings.tls_ports:
        async for result in _tls(host, port, settings.answer_seconds, spend):
            open_port = open_port or port
            yield result
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


async def _tls(host: Host, port: int, seconds: float, spend: Spend) -> AsyncIterator[ProbeResult]:
    fingerprint = await _jarm(host, port, seconds, spend)
    if fingerprint == jarm.SILENCE:
        return
    yield ProbeResult("jarm", port, fingerprint, TlsProbed(host.contact, fingerprint))
    shown = await ask_certificate(host.address, port, host.name, seconds) if await spend(1) else None
    if shown:
        yield _certificate(host, port, certificate.describe(shown))


async def _jarm(host: Host, port: int, seconds: float, spend: Spend) -> str:
    """Return the JARM; as in the reference, one timed-out hello makes it that of silence."""
    answers: list[jarm.ServerChoice] = []
    for hello in jarm.HELLOS:
        if not await spend(1 if answers else len(jarm.HELLOS)):
            return jarm.SILENCE
        request = jarm.client_hello(hello, host.name or host.address, os.urandom)
        answer = await ask_jarm_hello(host.address, port, request, seconds)
        if answer is NoAnswer.SILENT or (answer is NoAnswer.CLOSED and not answers):
            return jarm.SILENCE
        answers.append(jarm.NO_ANSWER if isinstance(answer, NoAnswer) else answer)
    return jarm.fingerprint(answers)


def _certificate(host: Host, port: int, described: certificate.Certificate) -> ProbeResult:
    payload = CertificateProbed(
        host.contact,
        described.sha256,
        subject=described.subject,
        issuer=described.issuer,
        serial=described.serial,
        not_before=described.not_before,
        not_after=described.not_after,
        names=described.names,
        problem=described.problem or None,
    )
    return ProbeResult("certificate", port, described.sha256, payload)


async def _ssh(host: Host, port: int, settings: ProbeSettings) -> ProbeResult | None:
    greeting = await ask_ssh(host.address, port, settings.ssh_identification, settings.answer_seconds)
    if greeting is None:
        return None
    algorithms = hassh.server_algorithms(greeting.kex)
    digest = hassh.digest(algorithms)
    payload = SshProbed(
        host.contact,
        software=from_wire(greeting.identification),
        hassh=digest,
        algorithms=from_wire(algorithms),
        host_keys=from_wire(greeting.kex.host_key),
    )
    return ProbeResult("hassh_server", port, digest, payload)


async def _stack(host: Host, port: int, seconds: float) -> ProbeResult | None:
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
    return ProbeResult("tcp_stack", port, payload.muonfp, payload)
